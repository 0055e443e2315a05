import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startAws } from '../checks/object-storage/aws-storage.ts';
import {
  contents,
  NAMES,
  OPERATOR,
  real,
  rolePolicy,
  type Storage,
  startStorage,
} from '../checks/object-storage/storage.ts';
import { refusedPort } from '../services/tcp.ts';
import { ONPREM } from '../support/onprem.ts';
import type { Variables } from '../support/preflight.ts';
import { command } from './host.ts';
import { start } from './spawned.ts';

const RUN = 'spacelift-preflight/0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21';
const OTHER_RUN = 'spacelift-preflight/1b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b22';
const id = (prefix: string) => prefix.split('/')[1];
const KEPT = 'spacelift-preflight/probe';
/** Beside what a run leaves, and none of it. */
const FOREIGN = ['spacelift-preflight/notes', 'spacelift-preflight/not-a-run/x', `backup/${RUN}/x`, 'state.json'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-cleanup-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(variables: Variables): Promise<string> {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, JSON.stringify(variables));
  return path;
}

interface Place {
  readonly place: string;
  readonly status: string;
  readonly removed: string[];
  readonly kept: string | null;
  readonly problem: { title: string; fix: string } | null;
}

async function cleaned(variables: Variables, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(['cleanup', '-f', await fileOf(variables), '-o', 'json', ...args], {
    env,
  });
  expect(stderr).toBe('');
  const places: Place[] = JSON.parse(stdout).places;
  return { code, places, of: (bucket: string) => places.find(({ place }) => place === real(bucket)) };
}

describe.each([
  ['minio', startStorage, {}],
  ['aws', startAws, { AWS_ENDPOINT_URL_S3: '' }],
] as const)('object storage on %s', (_, begin, wants) => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await begin();
  });
  afterEach(() => storage.store.close());
  const env = () => Object.fromEntries(Object.keys(wants).map((name) => [name, storage.store.url]));
  const config = (): Variables => ({ ...storage.variables, MESSAGE_QUEUE_TYPE: 'postgres' });

  test('removes what is under a run’s id, with all versions, and nothing else', async () => {
    const { store } = storage;
    for (const name of ['states', 'deliveries']) {
      for (const key of FOREIGN) store.bucket(real(name)).put(key, 'somebody’s');
      store.bucket(real(name)).put(KEPT, 'constant');
    }
    const before = store.snapshot();
    for (const name of ['states', 'deliveries']) {
      const bucket = store.bucket(real(name));
      for (const key of [`${RUN}/a`, `${RUN}/a`, `${RUN}/b`, `${OTHER_RUN}/c`]) bucket.put(key, 'left');
    }
    const { code, of, places } = await cleaned(config(), [], env());
    expect(code).toBe(0);
    expect(of('states')).toMatchObject({
      status: 'pass',
      removed: [`2 objects from run ${id(RUN)}`, `1 object from run ${id(OTHER_RUN)}`],
      kept: expect.stringContaining(KEPT),
      problem: null,
    });
    expect(of('modules')).toMatchObject({ status: 'pass', removed: [], kept: null });
    expect(places).toHaveLength(10);
    expect(store.snapshot()).toEqual(before);
  });

  test('also what only older versions and delete markers are left of', async () => {
    const { store } = storage;
    const before = store.snapshot();
    const states = store.bucket(real('states'));
    states.put(`${RUN}/hidden`, 'left');
    states.remove(`${RUN}/hidden`);
    const { of } = await cleaned(config(), [], env());
    expect(of('states')?.removed).toEqual([`1 object from run ${id(RUN)}`]);
    expect(store.snapshot()).toEqual(before);
  });

  test('a second time there is nothing to do', async () => {
    storage.store.bucket(real('workspace')).put(`${RUN}/a`, 'left');
    await cleaned(config(), [], env());
    const { code, places } = await cleaned(config(), [], env());
    expect(code).toBe(0);
    expect(places.flatMap(({ removed }) => removed)).toEqual([]);
  });

  test('a bucket that may not be listed is a skip', async () => {
    const { store } = storage;
    const secretAccessKey = store.users[0]?.secretAccessKey ?? '';
    store.users = [{ ...OPERATOR, accessKeyId: 'role', secretAccessKey, policy: rolePolicy('server') }];
    const as = { AWS_ACCESS_KEY_ID: 'role', OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'role' };
    const { code, of } = await cleaned({ ...config(), ...as }, ['--service', 'server'], env());
    expect(code).toBe(0);
    expect(of('uploads')).toMatchObject({
      status: 'skip',
      problem: { title: expect.stringContaining('s3:ListBucket') },
    });
    expect(of('deliveries')?.status).toBe('pass');
  });
});

// MinIO lets whoever may delete an object delete its versions too.
test('a service’s role removes what has no versions, and says what it can’t remove', async () => {
  const storage = await startAws();
  const { store } = storage;
  const listing = { Effect: 'Allow' as const, Action: 's3:ListBucket', Resource: '*' };
  onTestFinished(() => store.close());
  for (const name of ['metadata', 'workspace', 'states', 'uploads']) store.bucket(real(name)).put(`${RUN}/a`, 'left');
  const secretAccessKey = store.users[0]?.secretAccessKey ?? '';
  store.users = [
    {
      ...OPERATOR,
      accessKeyId: 'role',
      secretAccessKey,
      policy: { Version: '2012-10-17', Statement: [rolePolicy('server').Statement, listing].flat() },
    },
  ];
  const as = { AWS_ACCESS_KEY_ID: 'role' };
  const { code, of } = await cleaned(
    { ...{ ...storage.variables, MESSAGE_QUEUE_TYPE: 'postgres' }, ...as },
    ['--service', 'server'],
    { AWS_ENDPOINT_URL_S3: store.url },
  );
  expect(code).toBe(1);
  expect(of('metadata')).toMatchObject({ status: 'pass', removed: [`1 object from run ${id(RUN)}`] });
  expect(of('states')).toMatchObject({
    status: 'fail',
    removed: [],
    problem: { title: expect.stringContaining('can’t be removed'), fix: expect.stringContaining(RUN) },
  });
  // Not even a delete marker.
  expect(contents(store)).toEqual(['states', 'uploads', 'workspace'].map((name) => `${name}/${RUN}/a 1`));
});

describe('as a user has it', () => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await startStorage();
  });
  afterAll(() => storage.store.close());

  test('a run that was killed leaves something, and cleanup takes it away', async () => {
    const { store } = storage;
    const before = store.snapshot();
    const file = await fileOf({ ...ONPREM, OBJECT_STORAGE_MINIO_USE_SSL: '', ...storage.variables });
    store.faults = { hangFor: ({ action, key }) => action === 'GetObject' && key !== undefined };
    const { child, finished } = start(['-f', file, '--only', 'object-storage/*']);
    const written = () => new Set(contents(store).map((object) => object.split('/')[0]));
    while (written().size < NAMES.length) await sleep(20);
    child.kill('SIGKILL');
    await finished;
    store.faults = {};
    expect(store.snapshot()).not.toEqual(before);
    const { code, stdout } = await command(['cleanup', '-f', file]);
    expect(code).toBe(0);
    expect(stdout.match(/removed +\d objects? from run /g)?.length).toBe(NAMES.length);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(store.snapshot()).toEqual(before);
  });

  test('a store that can’t be reached fails once for each bucket, with the way out', async () => {
    const { host, port } = await refusedPort();
    const at = { OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}`, MESSAGE_QUEUE_TYPE: 'postgres' };
    const { code, places } = await cleaned({ ...storage.variables, ...at });
    expect(code).toBe(1);
    expect(places.every(({ problem }) => problem?.title === `${host}:${port} refused the connection`)).toBe(true);
    const outside = await cleaned({ ...storage.variables, ...at }, ['--from', 'outside']);
    expect({ code: outside.code, statuses: new Set(outside.places.map(({ status }) => status)) }).toEqual({
      code: 0,
      statuses: new Set(['skip']),
    });
  });

  test('a store that hangs ends with --timeout', async () => {
    storage.store.faults = { hangFor: () => true };
    const { code, places } = await cleaned({ ...storage.variables, MESSAGE_QUEUE_TYPE: 'postgres' }, [
      '--timeout',
      '0.5',
    ]);
    storage.store.faults = {};
    expect(code).toBe(1);
    expect(places).toMatchObject([{ place: 'object-storage', problem: { title: 'did not finish within 0.5 s' } }]);
  });

  test('a worker has nothing to clean up', async () => {
    const { code, places } = await cleaned(storage.variables, ['--service', 'worker']);
    expect({ code, places }).toEqual({ code: 0, places: [] });
  });

  test('no secret', async () => {
    const wrong = { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret-of-this', MESSAGE_QUEUE_TYPE: 'postgres' };
    const { places } = await cleaned({ ...storage.variables, ...wrong });
    expect(JSON.stringify(places)).not.toContain('not-the-secret');
  });

  test.each([
    [['cleanup', '--read-only'], 'cleanup deletes data, so it cannot be used with --read-only; see plan'],
    [['--read-only', 'cleanup'], 'put --read-only after cleanup'],
    [['-q', 'cleanup'], 'cleanup does not support --quiet'],
    [['cleanup'], 'the environment contains no Spacelift variable; pass a config with -f'],
  ])('%j', async (args, says) => {
    const { code, stdout, stderr } = await command(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`spacelift-preflight: ${says}\n`);
  });
});
