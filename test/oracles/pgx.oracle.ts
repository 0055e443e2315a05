/** What pgx makes of a database URL, against the verdict of `database/connect`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { database } from '../../checks/database/index.ts';
import { processSource } from '../../src/config/sources/process.ts';
import { preflight } from '../support/preflight.ts';
import { generated } from './generated.ts';
import { type Answer, type Pgx, type Question, startPgx } from './pgx-program.ts';
import { type Servers, startServers } from './pgx-servers.ts';
import { questions } from './pgx-urls.ts';

let servers: Servers;
let home: string;
let older: Pgx;
let newer: Pgx;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'preflight-home-'));
  servers = await startServers();
  older = startPgx('pgx-5.7', home);
  newer = startPgx('pgx-5.13', home);
});
afterAll(async () => {
  older?.stop();
  newer?.stop();
  await servers?.stop();
  await rm(home, { recursive: true });
});

/** The status that `database/connect` must have: a warning where the versions of pgx differ. */
function expected(first: Answer, second: Answer): string {
  const [one, two] = [first, second].map(({ result }) => result === 'connected');
  if (one !== two) return 'warn';
  if (!one) return 'fail';
  return first.session === second.session ? 'pass' : 'warn';
}

async function verdict({ url, environment }: Question) {
  const variables = { ...environment, DATABASE_URL: url, HOME: home };
  const result = await preflight([database], [processSource(variables)], { only: ['database/connect'] });
  return result.finding('database/connect');
}

async function compare(question: Question) {
  const [first, second, { status, title, detail, fix }] = await Promise.all([
    older.ask(question),
    newer.ask(question),
    verdict(question),
  ]);
  return {
    question,
    wanted: expected(first, second),
    status,
    title,
    detail,
    fix,
    'pgx 5.7': first,
    'pgx 5.13': second,
  };
}

test('a URL connects here if and only if it connects with pgx', async () => {
  const property = fc.asyncProperty(questions(servers), async (question) => {
    const { status, wanted, ...rest } = await compare(question);
    expect({ ...rest, status }).toEqual({ ...rest, status: wanted });
  });
  await fc.assert(property, generated(2_000));
});
