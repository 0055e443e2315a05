/** `--wait` on a complete deployment whose database, a real PostgreSQL, is started later. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type DemoDeployment, manifest, startDemo } from '../../demo/deployment.ts';
import { type PreflightOptions, preflight, type Report } from '../../src/app/preflight.ts';
import { command } from '../cli/host.ts';
import { FROM_SOURCES, start } from '../cli/spawned.ts';
import { expectValid } from '../support/valid.ts';

/** Longer than any machine takes to start a database. */
const WAIT_MS = 200_000;

let demo: DemoDeployment;
let folder: string;
let file: string;
beforeAll(async () => {
  [demo, folder] = await Promise.all([startDemo(), mkdtemp(join(tmpdir(), 'preflight-wait-'))]);
  file = join(folder, 'spacelift.yaml');
  await writeFile(file, manifest(demo.variables));
});
afterAll(() => Promise.all([demo.stop(), rm(folder, { recursive: true })]));

let started: string[];
beforeEach(() => {
  started = [];
});

/** Starts the database only when it is missing. */
async function startedLater(options: PreflightOptions): Promise<Report> {
  let report: Promise<Report> | undefined;
  await demo.database.restart(async () => {
    await new Promise<void>((resolve, reject) => {
      const observer = {
        started: ({ id }: { id: string }) => void started.push(id),
        missing: (ids: readonly string[]) => {
          options.observer?.missing?.(ids);
          resolve();
        },
      };
      report = preflight({ files: [file], environment: {} }, { waitMs: WAIT_MS, ...options, observer });
      report.then(() => reject(new Error('it did not wait')), reject);
    });
  });
  if (report === undefined) throw new Error('no report');
  return expectValid(await report);
}

const statusOf = ({ checks }: Report, id: string) =>
  checks.flatMap(({ findings }) => findings).find((finding) => finding.id === id)?.status;

it('is ready in the end, and what had passed was not tried again', async () => {
  const before = demo.store.snapshot();
  const missing: string[] = [];
  let requests = 0;
  const report = await startedLater({
    observer: {
      missing: (ids) => {
        missing.push(ids.join());
        requests = missing.length === 1 ? demo.store.requests.length : requests;
      },
    },
  });
  expect(report).toMatchObject({ verdict: 'ready', interrupted: false, phase: 'pre-install', leftovers: [] });
  expect(report.phaseReason).toBe('the database does not contain Spacelift’s tables');
  expect(new Set(missing)).toEqual(new Set(['database/connect']));
  expect(statusOf(report, 'message-queues/postgres')).toBe('pass');
  // Once per attempt, and the attempt that found it was the last one.
  expect(started.filter((id) => id === 'database')).toHaveLength(missing.length + 1);
  expect(started.filter((id) => id === 'object-storage')).toHaveLength(1);
  expect(demo.store.requests).toHaveLength(requests);
  expect(demo.store.snapshot()).toEqual(before);
});

it('an installation that shows only then is checked as one', async () => {
  const install = 'CREATE TABLE message_queue_messages (); CREATE TABLE accounts ()';
  await demo.database.query('ALTER SYSTEM SET log_connections = on');
  const logins = () => demo.database.logs().split('connection authorized: user=spacelift ').length - 1;
  await demo.database.query(`SET ROLE spacelift; ${install}`, [], 'spacelift');
  try {
    const end = new AbortController();
    const seen: number[] = [];
    const report = await startedLater({
      only: ['database/*', 'network/*'],
      signal: end.signal,
      // Nothing is at port 443 of localhost, which was skipped before.
      observer: {
        missing: (ids) => {
          if (ids.some((id) => id.startsWith('network/'))) seen.push(logins());
          if (seen.length === 3) end.abort();
        },
      },
    });
    expect(report).toMatchObject({ interrupted: true, verdict: 'not-ready', phase: 'post-install' });
    expect(report.phaseReason).toBe('the database contains Spacelift’s tables');
    expect(statusOf(report, 'database/connect')).toBe('pass');
    // The phase is known, so the database is not asked for it again.
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen).toEqual([seen[0], seen[0], seen[0]]);
    const findings = report.checks.flatMap(({ findings }) => findings);
    expect(findings.map(({ title }) => title)).not.toContain('Spacelift is not installed yet');
    expect(findings.filter(({ id, status }) => id.startsWith('network/') && status === 'fail')).not.toEqual([]);
  } finally {
    await demo.database.query('DROP TABLE message_queue_messages, accounts', [], 'spacelift');
  }
});

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['a license token that expired', { LICENSE_TOKEN: expiredLicense() }, 'license/token'],
  ['a key that is none', { ENCRYPTION_RSA_PRIVATE_KEY: 'bm8ga2V5' }, 'encryption/rsa/key'],
  ['an invalid value', { DATABASE_URL: 'mysql://spacelift@localhost/spacelift' }, 'configuration/value[DATABASE_URL]'],
  ['a missing variable', { OBJECT_STORAGE_BUCKET_STATES: '' }, 'configuration/required[OBJECT_STORAGE_BUCKET_STATES]'],
])('%s is not waited for', async (_, variables, id) => {
  const other = join(folder, 'other.yaml');
  await writeFile(other, manifest({ ...demo.variables, ...variables }));
  const missing: string[] = [];
  const observer = { missing: (ids: readonly string[]) => void missing.push(...ids) };
  const report = await preflight({ files: [other], environment: {} }, { waitMs: WAIT_MS, observer });
  expect(statusOf(report, id)).toBe('fail');
  expect(missing).toEqual([]);
});

it('a log has one line for what is missing, and the report is printed when the time is over', async () => {
  await demo.database.restart(async () => {
    const args = ['-f', file, '--only', 'database/*', '-o', 'json'];
    const { code, stdout, stderr } = await command([...args, '--wait', '5']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'spacelift-preflight: waiting for database/connect\n' });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'not-ready', interrupted: false });
    expect(await command([...args, '--wait', '0.5', '-q'])).toMatchObject({ code: 1, stderr: '' });
  });
});

it('SIGINT ends it at once, with what is known', async () => {
  await demo.database.restart(async () => {
    const { child, finished } = start(['-f', file, '--wait', '1h', '-o', 'json'], { executable: FROM_SOURCES });
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('waiting for database/connect')) child.kill('SIGINT');
    });
    const { code, stdout } = await finished;
    const report = JSON.parse(stdout) as Report;
    expect({ code, ...report }).toMatchObject({ code: 130, interrupted: true, verdict: 'not-ready' });
    expect(statusOf(report, 'database/connect')).toBe('fail');
    expect(statusOf(report, 'object-storage/states/access')).toBe('pass');
  });
});

function expiredLicense(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: 'demo', exp: 1_600_000_000 })}.c2lnbmF0dXJl`;
}
