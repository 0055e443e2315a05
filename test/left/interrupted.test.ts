/** Runs that end before their time, at many moments of theirs: they leave nothing behind, and their reports are whole. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { command } from '../cli/host.ts';
import { type Estate, startEstate } from '../support/estate.ts';
import { MOMENTS, PLACES } from './moments.ts';
import { type Ending, endAt, place } from './run.ts';

const AT = Object.keys(PLACES) as (keyof typeof PLACES)[];
const CODES = { SIGINT: 130, SIGTERM: 143, SIGKILL: null } as const;

let estate: Estate;
let folder: string;
/** The findings of an undisturbed run. */
const whole = new Map<string, readonly string[]>();
beforeAll(async () => {
  [estate, folder] = await Promise.all([startEstate(), mkdtemp(join(tmpdir(), 'preflight-interrupted-'))]);
  for (const at of AT) {
    const { config, env } = await place(estate, at, folder);
    const { stdout, code } = await command(['-f', config, '-o', 'json'], { env });
    expect(code).toBe(0);
    whole.set(at, idsIn(stdout));
  }
});
afterAll(() => Promise.all([estate.stop(), rm(folder, { recursive: true })]));

const findingsIn = (stdout: string) => (JSON.parse(stdout) as Report).checks.flatMap(({ findings }) => findings);
const idsIn = (stdout: string) => findingsIn(stdout).map(({ id }) => id);

/** Where it happens more than once, also in the middle. */
const often = (when: string) => /Object$|objects|PUT$|Blob$|DeleteMessage|ReceiveMessage/.test(when);
const within = MOMENTS.flatMap((moment, index): Ending[] =>
  [1, ...(often(moment.when) ? [6] : [])].map((nth) => ({
    moment,
    nth,
    signal: (index + nth) % 2 === 0 ? 'SIGINT' : 'SIGTERM',
    spawned: false,
  })),
);
const outside = AT.flatMap((at, index): Ending[] => {
  const [moment] = MOMENTS.filter((candidate) => candidate.at === at && often(candidate.when));
  if (moment === undefined) return [];
  return [{ moment, nth: 1 + index, signal: index % 2 === 0 ? 'SIGINT' : 'SIGTERM', spawned: true }];
});

const named = (endings: readonly Ending[]) =>
  endings.map((ending) => ({ ...ending, at: ending.moment.at, when: ending.moment.when }));

describe.each([
  ['the command line', named(within)],
  ['a process', named(outside)],
])('%s', (_, endings) => {
  test.each(endings)('$at, $signal at $when $nth', async (ending) => {
    const before = await estate.snapshot();
    const { code, stdout, stderr, files, processes } = await endAt(estate, folder, ending);
    expect(stderr).toBe(
      `spacelift-preflight: ${ending.signal} received: cleaning up and writing the report; repeat to exit immediately\n`,
    );
    expect(code).toBe(CODES[ending.signal]);
    const report: Report = JSON.parse(stdout);
    expect(report).toMatchObject({ interrupted: true, leftovers: [], summary: { fail: 0, warn: 0 } });
    expect(idsIn(stdout)).toEqual(whole.get(ending.at));
    expect(findingsIn(stdout).some(({ title }) => /^(interrupted|depends on .*interrupted)/.test(title))).toBe(true);
    expect({ files, processes }).toEqual({ files: [], processes: [] });
    expect(await estate.snapshot()).toEqual(before);
  });
});

describe('--timeout', () => {
  const slow = (delayMs: number) => {
    for (const server of [estate.store, estate.eks.s3, estate.eks.aws, estate.gcp.gcs, estate.azure.azure])
      server.faults = delayMs === 0 ? {} : { delayMs };
  };
  const SECONDS = [0.1, 0.3, 0.5];
  test.each(AT.flatMap((at) => SECONDS.map((seconds) => ({ at, seconds }))))(
    '$at, $seconds s',
    async ({ at, seconds }) => {
      const before = await estate.snapshot();
      const { config, env } = await place(estate, at, folder);
      slow(120);
      const { code, stdout, stderr } = await command(['-f', config, '-o', 'json', '--timeout', String(seconds)], {
        env,
      });
      slow(0);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ interrupted: false, leftovers: [] });
      expect(idsIn(stdout)).toEqual(whole.get(at));
      const failed = findingsIn(stdout).filter(({ status }) => status === 'fail');
      expect(failed.length).toBeGreaterThan(0);
      for (const { title } of failed) expect(title).toMatch(/^(did not finish|was not reached) within [\d.]+ s$/);
      expect(await estate.snapshot()).toEqual(before);
    },
  );
});
