import { afterEach, expect, onTestFinished, test } from 'vitest';
import { refusedPort, startHttp, startProxy } from '../../services/tcp.ts';
import type { Options, Variables } from '../../support/preflight.ts';
import { contents, real, type Storage, startStorage } from './storage.ts';

const WORKER = 'object-storage/worker';
const running: Storage[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ store }) => store.close()));
});

async function started(): Promise<Storage> {
  const storage = await startStorage();
  running.push(storage);
  return storage;
}

/** What a worker's own config holds. */
const bare: Variables = {
  OBJECT_STORAGE_TYPE: '',
  OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: '',
  OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: '',
};
const judged = async ({ check }: Storage, variables: Variables = {}, more: Options = {}) => {
  const result = await check({ service: 'worker', variables, ...more });
  expect(result.findings.map(({ id }) => id)).toEqual([WORKER]);
  return result.finding(WORKER);
};

test('with credentials: a pre-signed GET, which changes nothing', async () => {
  const storage = await started();
  const before = storage.store.snapshot();
  expect(await judged(storage)).toMatchObject({
    status: 'pass',
    title: `MinIO at ${storage.store.endpoint} accepts pre-signed URLs`,
    evidence: { bucket: real('workspace') },
  });
  const [asked, ...more] = storage.store.requests;
  expect(more).toEqual([]);
  expect(asked).toMatchObject({ method: 'GET', user: 'spacelift', query: expect.stringContaining('X-Amz-Expires') });
  expect(storage.store.snapshot()).toEqual(before);
  expect(contents(storage.store)).toEqual([]);
});

test('credentials that may not read have found the way all the same', async () => {
  const storage = await started();
  storage.store.users = [
    { accessKeyId: 'spacelift', secretAccessKey: 'a-long-minio-secret', policy: { Statement: [] } },
  ];
  expect((await judged(storage)).status).toBe('pass');
});

test('what only the server can fix is no failure of a worker’s', async () => {
  const storage = await started();
  for (const [variables, kind] of [
    [{ OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' }, 'credentials'],
    [{ OBJECT_STORAGE_BUCKET_WORKSPACE: 'not-there' }, 'no-bucket'],
  ] as const) {
    const found = await judged(storage, variables);
    if (kind === 'credentials') expect(found).toMatchObject({ status: 'pass', evidence: { refused: kind } });
    else expect(found.status).toBe('pass');
  }
});

test('without credentials: the uploads URL’s host', async () => {
  const storage = await started();
  expect(await judged(storage, bare)).toMatchObject({
    status: 'pass',
    title: `${storage.store.url} responds`,
    detail: expect.stringContaining('no credentials'),
  });
  expect(storage.store.requests.map(({ method, user }) => ({ method, user }))).toEqual([
    { method: 'GET', user: 'anonymous' },
  ]);
});

test('a wrong secret is told from a proxy that changes requests', async () => {
  const storage = await started();
  const wrong = await judged(storage, { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' });
  expect(wrong).toMatchObject({ status: 'fail', title: 'MinIO rejected the secret key' });
});

test.each([
  ['refuses', refusedPort, /refused the connection/],
  ['has no store behind it', () => startHttp(502), /HTTP 502|failed to read/],
])('a host that %s fails, with credentials and without', async (_, start, says) => {
  const storage = await started();
  const { host, port, close } = await start();
  onTestFinished(close);
  const signed = await judged(storage, { OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}` });
  expect(signed).toMatchObject({ status: 'fail', title: expect.stringMatching(says), fix: expect.any(String) });
  const url = { ...bare, OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${host}:${port}` };
  const plain = await judged(storage, url);
  expect(plain).toMatchObject({ status: 'fail', title: expect.stringMatching(says), fix: expect.any(String) });
});

test('a proxy that changes requests with pre-signed URLs fails', async () => {
  const storage = await started();
  const [host = '', port] = storage.store.endpoint.split(':');
  const corrupt = (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    return Buffer.from(text.includes('X-Amz-Signature') ? text.replace(/^host: .*$/im, 'host: other.internal') : text);
  };
  const proxy = await startProxy({ target: { host, port: Number(port) }, corrupt });
  onTestFinished(proxy.close);
  const found = await judged(storage, { OBJECT_STORAGE_MINIO_ENDPOINT: `127.0.0.1:${proxy.port}` });
  expect(found).toMatchObject({
    status: 'fail',
    title: expect.stringMatching(/^pre-signed URLs for .* are rejected$/),
  });
});

test('from outside, a private host that can’t be reached is a skip', async () => {
  const storage = await started();
  const { port } = await refusedPort();
  const url = { ...bare, OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://127.0.0.1:${port}` };
  expect((await judged(storage, url, { from: 'outside' })).status).toBe('skip');
});

test('an uploads URL that is missing is the configuration’s failure', async () => {
  const storage = await started();
  expect(await judged(storage, { ...bare, OBJECT_STORAGE_BUCKET_UPLOADS_URL: '' })).toMatchObject({
    status: 'fail',
    title: 'OBJECT_STORAGE_BUCKET_UPLOADS_URL is not set',
  });
});
