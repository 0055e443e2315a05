/** Runs that are killed outright: what remains is known for the tool's own, and `cleanup` removes it and nothing else. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../cli/host.ts';
import { type Estate, startEstate } from '../support/estate.ts';
import { MOMENTS } from './moments.ts';
import { endAt } from './run.ts';
import { contents, makeRelations, putObjects, sendMessages } from './strangers.ts';

let estate: Estate;
let folder: string;
beforeAll(async () => {
  [estate, folder] = await Promise.all([startEstate(), mkdtemp(join(tmpdir(), 'preflight-killed-'))]);
  await Promise.all([putObjects(estate), makeRelations(estate)]);
});
afterAll(() => Promise.all([estate.stop(), rm(folder, { recursive: true })]));

const RUN_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** As `cleanup` tells them apart from what belongs to others. */
const OWN = [
  new RegExp(`^spacelift-[a-z-]+/spacelift-preflight/${RUN_ID}/`),
  new RegExp(`^spacelift-[a-z.-]+: spacelift-preflight ${RUN_ID} [A-Z_]+$`),
];

const isOwn = (line: string): boolean =>
  OWN.some((pattern) => pattern.test(line)) ||
  new RegExp(`"preflight":"${RUN_ID}"`).test(Buffer.from(line.split(': ')[1] ?? '', 'base64').toString());

/** What the killed process had asked for may still be under way in the servers. */
async function settled(): Promise<string[]> {
  const sessions = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'spacelift'`;
  await expect.poll(async () => (await estate.database.query(sessions))[0]?.count).toBe(0);
  for (let last = contents(estate); ; last = contents(estate)) {
    await sleep(250);
    if (contents(estate).join() === last.join()) return last;
  }
}

async function cleanUp(config: string, env: Record<string, string>): Promise<string[]> {
  const { code, stdout, stderr } = await command(['cleanup', '-f', config, '-o', 'json'], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const places: { removed: string[]; status: string; problem: unknown }[] = JSON.parse(stdout).places;
  expect(places.filter(({ problem }) => problem !== null)).toEqual([]);
  return places.flatMap(({ removed }) => removed);
}

/** Of several such requests; receiving and deleting are tried without a message first. */
const NTH = [
  [/Object$|objects|Blob$/, 6],
  [/SendMessage/, 3],
  [/DeleteMessage/, 11],
  [/Publish/, 2],
] as const;
/** Where a kill leaves something in any case, and how many of what there is. */
const LEAVES = /Put|insert|Publish|SendMessage/;
const KILLS = MOMENTS.filter(({ when }) => !/Get|xml|ReceiveMessage|SKIP|DeleteObject|Delete Blob/.test(when)).map(
  (moment) => ({
    moment,
    at: moment.at,
    when: moment.when,
    nth: NTH.find(([pattern]) => pattern.test(moment.when))?.[1] ?? 1,
  }),
);

test.each(KILLS)('$at at $when $nth', async ({ moment, nth, when }) => {
  const before = await estate.snapshot();
  const others = contents(estate);
  const { config, env, code, stdout, processes } = await endAt(estate, folder, {
    moment,
    nth,
    signal: 'SIGKILL',
    spawned: true,
  });
  expect({ code, stdout, processes }).toEqual({ code: null, stdout: '', processes: [] });
  const left = (await settled()).filter((line) => !others.includes(line));
  expect(left.filter((line) => !isOwn(line))).toEqual([]);
  if (LEAVES.test(when)) expect(left.length).toBeGreaterThan(0);
  expect((await estate.snapshot()).postgres).toEqual(before.postgres);

  if (moment.at === 'EKS') sendMessages(estate);
  const theirs = contents(estate).filter((line) => !left.includes(line));
  const removed = await cleanUp(config, env);
  expect(contents(estate)).toEqual(theirs);
  const count = removed.reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
  expect(count).toBe(new Set(left).size);
  expect(await cleanUp(config, env)).toEqual([]);
  expect(contents(estate)).toEqual(theirs);
  for (const queue of estate.eks.aws.queues.all()) queue.messages.length = 0;
  expect(await estate.snapshot()).toEqual(before);
});
