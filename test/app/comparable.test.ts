/** What makes the reports of two services comparable: what they tried, where, and whether they got there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preflight } from '../../src/app/preflight.ts';
import { dotenv } from '../cli/spawned.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { expectValid } from '../support/valid.ts';

let folder: string;
let refused: Fault;
let file: string;
beforeAll(async () => {
  [folder, refused] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-comparable-')), refusedPort()]);
  file = join(folder, 'spacelift.env');
  await writeFile(file, dotenv({ database: refused.port, store: refused.port, broker: refused.port }));
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), refused.close()]));

const reportOf = async (service: 'server' | 'drain', options = {}) =>
  expectValid(await preflight({ files: [file], environment: {}, service }, { phase: 'pre-install', ...options }));

it('a report has the operations of its service, for the findings that were selected', async () => {
  const [server, drain, some] = await Promise.all([
    reportOf('server'),
    reportOf('drain'),
    reportOf('drain', { only: ['object-storage/states/access'] }),
  ]);
  const doneIn = ({ checks }: typeof server, rule: string) =>
    checks.flatMap(({ operations = [] }) =>
      operations.filter(({ rules }) => rules.includes(rule)).map(({ does }) => does),
    );
  expect(doneIn(server, 'object-storage/states/access')).not.toEqual(doneIn(drain, 'object-storage/states/access'));
  expect(doneIn(server, 'database/connect')).toEqual(doneIn(drain, 'database/connect'));
  expect(doneIn(drain, 'database/connect').length).toBeGreaterThan(0);
  expect(some.checks.flatMap(({ operations = [] }) => operations.flatMap(({ rules }) => rules))).toEqual([
    'object-storage/states/access',
  ]);
});

it('a report has the name of its machine, and says which failures are about the way there', async () => {
  const report = await reportOf('drain');
  expect(report.host).toBe(hostname());
  const findings = report.checks.flatMap((check) => check.findings);
  const [connect] = findings.filter(({ id }) => id === 'database/connect');
  expect(connect).toMatchObject({ status: 'fail', unreachable: true });
  expect(findings.filter(({ status, unreachable }) => status !== 'fail' && unreachable)).toEqual([]);
});
