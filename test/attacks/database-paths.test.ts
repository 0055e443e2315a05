/** Paths in DATABASE_URL are those of Spacelift's container: none is looked at here, and the caller's own settings of PostgreSQL are not used. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { preflight, type Report } from '../../src/app/preflight.ts';
import { startPostgres } from '../services/postgres.ts';
import { makeCa } from '../services/tls.ts';
import { EKS, type Environment, type Estate, ONPREM, startEstate } from '../support/estate.ts';
import { BAITED, layBait, type Machine } from './bait.ts';
import { expectUnseen } from './stranger.ts';
import type { Bait } from './variables.ts';
import { type Watched, watchedIn } from './watched.ts';

let folder: string;
let estate: Estate;
let machine: Machine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-database-'));
  [estate, machine] = await Promise.all([startEstate(), layBait(await mkdtemp(join(folder, 'machine-')))]);
});
afterAll(async () => {
  await Promise.all([estate?.stop(), machine?.close()]);
  await rm(folder, { recursive: true });
});

type Variables = Readonly<Record<string, string>>;
const DATABASE = ['--only', 'database/*', '--only', 'message-queues/*'];

async function attacked(
  attack: Variables,
  environment: Environment = {},
  command?: 'plan' | 'cleanup',
): Promise<Watched> {
  const path = join(await mkdtemp(join(folder, 'config-')), 'config.yaml');
  await writeFile(path, manifest({ ...estate.variables(ONPREM), ...attack }));
  const args = [...(command === undefined ? [] : [command]), '-f', path, '-o', 'json'];
  const more = command === undefined ? ['--timeout', '30', ...DATABASE] : [];
  const env = { PATH: machine.path, CI_JOB_TOKEN: BAITED.environment, ...environment };
  return watchedIn(folder, [...args, ...more], { env, home: machine.home });
}

async function expectNoEffects({ code, stdout, stderr, effects }: Watched): Promise<void> {
  expect(stderr).not.toContain('unexpected error');
  expect([0, 1]).toContain(code);
  const baited = (path: string) =>
    path.startsWith(machine.container) || /\.pgpass|pg_service|\.postgresql|^\/proc\/|^\/dev\//.test(path);
  expect([...effects.read, ...effects.write].filter(baited)).toEqual([]);
  expect(effects.connect.filter((to) => to.startsWith('/'))).toEqual([]);
  expect(machine.heard()).toEqual([]);
  expect(await machine.started()).toEqual([]);
  expect(effects.program).toEqual([]);
  expectUnseen(stdout + stderr, BAITED);
}

/** What the URL of the real database becomes. */
const URLS: Readonly<Record<string, (url: URL, bait: Bait) => string>> = {
  'sslrootcert, verify-full': (url, { certificate }) => `${url}?sslmode=verify-full&sslrootcert=${certificate}`,
  'sslrootcert, require': (url, { certificate }) => `${url}?sslmode=require&sslrootcert=${certificate}`,
  'sslrootcert that nobody writes': (url, { fifo }) => `${url}?sslmode=verify-ca&sslrootcert=${fifo}`,
  'sslrootcert in /proc': (url) => `${url}?sslmode=verify-ca&sslrootcert=/proc/self/environ`,
  'sslcert and sslkey': (url, { certificate }) => `${url}?sslmode=require&sslcert=${certificate}&sslkey=${certificate}`,
  'sslcert and sslkey, prefer': (url, { certificate, fifo }) => `${url}?sslcert=${certificate}&sslkey=${fifo}`,
  'sslpassword too': (url, { certificate }) =>
    `${url}?sslmode=require&sslcert=${certificate}&sslkey=${certificate}&sslpassword=bait`,
  'sslcrl and sslcrldir': (url, { file, folder: at }) => `${url}?sslcrl=${file}&sslcrldir=${at}`,
  passfile: (url, { file }) => `${without(url)}?passfile=${file}`,
  'passfile of this machine’s home': (url) => `${without(url)}?passfile=${machine.home}/.pgpass`,
  service: (url) => `${url}?service=bait`,
  'service and servicefile': (url, { file }) => `${url}?service=bait&servicefile=${file}`,
  'servicefile alone': (url, { file }) => `${url}?servicefile=${file}`,
  'host, a directory of sockets': (url, { folder: at }) => `postgres://${url.username}@/spacelift?host=${at}`,
  'host, percent-encoded': (url, { folder: at }) => `postgres://${url.username}@${encodeURIComponent(at)}/spacelift`,
  'one host of several': (url, { folder: at }) => `${url}?host=${url.hostname},${at}&port=${url.port},5432`,
  'host, an abstract socket': (url) => `postgres://${url.username}@/spacelift?host=@bait`,
  'the default directory of sockets': () => 'postgres:///spacelift',
  'hostaddr, a directory': (url, { folder: at }) => `${url}?hostaddr=${at}`,
  'krbsrvname, gsslib and options': (url, { file }) =>
    `${url}?krbsrvname=${file}&gsslib=${file}&options=-c%20data_directory%3D${file}`,
};

/** Without its password. */
function without(url: URL): string {
  const bare = new URL(url);
  bare.password = '';
  return bare.href;
}

describe.each(['DATABASE_URL', 'DATABASE_READ_ONLY_URL'])('%s', (variable) => {
  const names =
    variable === 'DATABASE_URL'
      ? Object.keys(URLS)
      : ['sslcert and sslkey', 'passfile', 'host, a directory of sockets'];
  test.each(names)('%s', async (name) => {
    const real = new URL(estate.variables(ONPREM).DATABASE_URL ?? '');
    const url = URLS[name]?.(real, machine.bait) ?? '';
    await expectNoEffects(await attacked({ [variable]: url }));
  });

  test.each(['plan', 'cleanup'] as const)('%s', async (command) => {
    const real = new URL(estate.variables(ONPREM).DATABASE_URL ?? '');
    const { certificate, folder: at } = machine.bait;
    const url = `${real}?sslcert=${certificate}&sslkey=${certificate}&passfile=${certificate}&host=${at}`;
    await expectNoEffects(await attacked({ [variable]: url }, {}, command));
  });
});

describe('the process’s own settings of PostgreSQL', () => {
  it('are not used for a config', async () => {
    const { file, certificate, folder: at } = machine.bait;
    const environment = {
      PGPASSFILE: file,
      PGSERVICE: 'bait',
      PGSERVICEFILE: file,
      PGSYSCONFDIR: at,
      PGSSLCERT: certificate,
      PGSSLKEY: certificate,
      PGSSLROOTCERT: certificate,
      PGHOST: at,
      PGHOSTADDR: '127.0.0.9',
      PGPORT: '9',
      PGUSER: 'bait',
      PGPASSWORD: BAITED.pgpass,
      PGDATABASE: 'bait',
      PGSSLMODE: 'verify-full',
      PGOPTIONS: '-c search_path=bait',
      PGAPPNAME: 'bait',
      PGCONNECT_TIMEOUT: '1',
      PGTARGETSESSIONATTRS: 'standby',
    };
    const done = await attacked({}, environment);
    await expectNoEffects(done);
    expect(JSON.parse(done.stdout).summary.fail).toBe(0);
    const real = new URL(estate.variables(ONPREM).DATABASE_URL ?? '');
    await expectNoEffects(await attacked({ DATABASE_URL: without(real) }, environment));
  });
});

describe('a password that was read with --resolve-secrets', () => {
  const real = () => estate.variables(ONPREM).DATABASE_URL ?? '';
  const resolved = async (url: string, authorities: string | undefined, theirs: string): Promise<Report> => {
    const { eks } = estate;
    const variables = estate.variables(ONPREM);
    const { arn } = eks.aws.secrets.put(`database/${randomUUID()}`, url);
    const environment = Object.entries({
      ...variables,
      AWS_REGION: eks.aws.region,
      AWS_ACCOUNT_ID: eks.aws.account,
      ADDITIONAL_ROOT_CAS: Buffer.from(
        JSON.stringify({ caCertificates: [Buffer.from(theirs).toString('base64')] }),
      ).toString('base64'),
    }).filter(([name]) => name !== 'DATABASE_URL');
    const container = {
      name: 'spacelift-server',
      environment: environment.map(([name, value]) => ({ name, value })),
      secrets: [{ name: 'DATABASE_URL', valueFrom: arn }],
    };
    const path = join(await mkdtemp(join(folder, 'task-')), 'task.json');
    await writeFile(path, JSON.stringify({ containerDefinitions: [container] }));
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = estate.variables(EKS);
    return preflight(
      {
        files: [path],
        environment: { ...eks.environment, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
        resolveSecrets: true,
      },
      { only: ['database/*'], timeoutMs: 30_000, ...(authorities !== undefined && { authorities }) },
    );
  };

  it('goes where that value says', async () => {
    const { certPem } = await makeCa();
    const report = await resolved(real(), undefined, certPem);
    expect(report.summary.fail).toBe(0);
  });

  it('it is shown to a server that the caller’s authorities vouch for, not the config’s', async () => {
    const [ca, other] = await Promise.all([makeCa(), makeCa()]);
    const { chainPem: cert, keyPem: key } = await ca.issue({ names: ['localhost', '127.0.0.1'] });
    const server = await startPostgres({ version: 16, tls: { cert, key } });
    try {
      const login = { name: 'spacelift', owner: 'spacelift', password: 'spacelift', roleOptions: 'CREATEROLE' };
      const url = `${await server.createDatabase(login)}?sslmode=verify-full`;
      const refused = await resolved(url, undefined, ca.certPem);
      const failed = refused.checks.flatMap(({ findings }) => findings).filter(({ status }) => status === 'fail');
      expect(failed.map(({ fix }) => fix)).toEqual([expect.stringContaining('--ca-file')]);
      expect((await resolved(url, ca.certPem, other.certPem)).summary.fail).toBe(0);
    } finally {
      await server.stop();
    }
  });

  it('its paths are opened no more than a config’s', async () => {
    const { certPem } = await makeCa();
    const report = await resolved(`${real()}?host=${machine.container}`, undefined, certPem);
    expect(machine.heard()).toEqual([]);
    expect(JSON.stringify(report)).toContain('a socket in Spacelift’s container');
  });
});
