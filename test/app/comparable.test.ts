/** What makes the reports of two services comparable: what they tried, where, and whether they got there. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PreflightOptions, preflight } from '../../src/app/preflight.ts';
import { dotenv, SECRETS } from '../cli/spawned.ts';
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

it('a report says of which config it is, and how it ran', async () => {
  const here = await reportOf('drain', { from: 'outside', readOnly: true });
  expect(here).toMatchObject({ configFiles: [file], domain: 'spacelift.example.org', from: 'outside', readOnly: true });
  const environment = Object.fromEntries(
    (await readFile(file, 'utf8')).split('\n').flatMap((line) => (line.includes('=') ? [line.split(/=(.*)/s)] : [])),
  );
  const other = await preflight({ environment }, { only: ['configuration/*'] });
  expect(other).toMatchObject({ configFiles: [], from: 'inside', readOnly: false });
});

it('a secret in the name of a file, or for the domain, is not in a report', async () => {
  const copy = join(folder, `${SECRETS.database}.env`);
  const text = await readFile(file, 'utf8');
  await writeFile(copy, text.replace(/^SERVER_DOMAIN=.*$/m, `SERVER_DOMAIN=${SECRETS.database}.example.org`));
  const report = await preflight({ files: [copy], environment: {} }, { only: ['configuration/*'] });
  expect(report.configFiles).toEqual([join(folder, '‹redacted›.env')]);
  expect(report.domain).toBe('‹redacted›.example.org');
  expect(JSON.stringify(report)).not.toContain(SECRETS.database);
});

it('a report says how its phase is known', async () => {
  const source = { files: [file], environment: {} };
  const reasonOf = async (options: PreflightOptions, service?: 'worker') =>
    (await preflight({ ...source, service }, { only: ['configuration/*'], ...options })).phaseReason;
  expect(await reasonOf({ phase: 'post-install' })).toBe('from --phase');
  expect(await reasonOf({})).toBe('the database could not be read');
  expect(await reasonOf({}, 'worker')).toBe('a worker does not use the database');
});

it('a finding names its variable, whose line in the config is known', async () => {
  const report = await reportOf('drain');
  const findings = report.checks.flatMap((check) => check.findings);
  expect(findings.find(({ id }) => id === 'database/connect')?.variable).toBe('DATABASE_URL');
  expect(report.variables.find(({ name }) => name === 'DATABASE_URL')?.location?.line).toBeGreaterThan(0);
});
