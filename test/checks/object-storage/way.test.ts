import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { S3Options } from '../../services/s3/index.ts';
import { refusedPort, startBanner, startCloser, startHttp, startProxy } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa, selfSigned } from '../../services/tls.ts';
import { judged, type Storage, startStorage } from './storage.ts';

const ACCESS = 'object-storage/deliveries/access';
const oneFailure = { fail: ['deliveries/access'], warn: [] };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function started(options: S3Options = {}): Promise<Storage> {
  const storage = await startStorage(options);
  ends.push(() => storage.store.close());
  return storage;
}

const at = ({ host, port }: { host: string; port: number }) => ({ OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}` });

describe('TLS', () => {
  let ca: CertificateAuthority;
  beforeAll(async () => {
    ca = await makeCa();
  });
  const over = ({ certPem, keyPem }: { certPem: string; keyPem: string }) =>
    started({ tls: { cert: certPem, key: keyPem } });

  test('a private authority: refused, trusted, or any certificate accepted', async () => {
    const storage = await over(await ca.issue({ names: ['127.0.0.1'] }));
    const untrusted = await storage.check();
    expect(judged(untrusted)).toEqual(oneFailure);
    expect(untrusted.finding(ACCESS).title).toMatch(/a certificate authority \(CA\) that is not trusted here/);
    expect(untrusted.finding(ACCESS).fix).toContain('--ca-file');
    expect(judged(await storage.check({ authorities: ca.certPem }))).toEqual({ fail: [], warn: [] });
    const variables = { OBJECT_STORAGE_MINIO_ALLOW_INSECURE: 'true' };
    expect(judged(await storage.check({ variables }))).toEqual({ fail: [], warn: [] });
  });

  test.each([
    ['another name', () => ca.issue({ names: ['other.internal'] }), /is for other\.internal, not for 127\.0\.0\.1/],
    [
      'an expired certificate',
      () => ca.issue({ names: ['127.0.0.1'], notAfter: new Date(Date.now() - 1000) }),
      /expired/,
    ],
    ['one that nobody vouches for', () => selfSigned({ names: ['127.0.0.1'] }), /not trusted/],
  ])('%s', async (_, certificate, title) => {
    const storage = await over(await certificate());
    const result = await storage.check({ authorities: ca.certPem });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS).title).toMatch(title);
  });

  test('plain HTTP to a server that speaks TLS', async () => {
    const storage = await over(await ca.issue({ names: ['127.0.0.1'] }));
    const result = await storage.check({ variables: { OBJECT_STORAGE_MINIO_USE_SSL: 'false' } });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS)).toMatchObject({
      title: `${storage.store.endpoint} requires TLS`,
      expected: 'plain HTTP, as set in OBJECT_STORAGE_MINIO_USE_SSL',
      fix: 'set OBJECT_STORAGE_MINIO_USE_SSL=true',
    });
  });

  test('plain HTTP to a TLS server that says nothing about it', async () => {
    const { certPem, keyPem } = await ca.issue({ names: ['127.0.0.1'] });
    const server = createServer({ cert: certPem, key: keyPem }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const storage = await started();
    const result = await storage.check({ variables: at({ host: '127.0.0.1', port }) });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS).title).toBe(`127.0.0.1:${port} requires TLS`);
  });

  test('TLS to a server that speaks plain HTTP', async () => {
    const storage = await started();
    const result = await storage.check({ variables: { OBJECT_STORAGE_MINIO_USE_SSL: 'true' } });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS)).toMatchObject({
      title: `${storage.store.endpoint} does not speak TLS`,
      expected: 'TLS, as set in OBJECT_STORAGE_MINIO_USE_SSL',
      fix: expect.stringContaining('OBJECT_STORAGE_MINIO_USE_SSL=false'),
    });
  });
});

test('another region is found and followed, without a permission to ask for it', async () => {
  const storage = await started({ region: 'eu-central-1' });
  expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
  expect(judged(await storage.check({ as: 'server', service: 'server' }))).toEqual({ fail: [], warn: [] });
  const only = ['object-storage/uploads/proxy'];
  expect((await storage.check({ only })).ids('pass')).toEqual(only);
  expect(storage.store.requests.some(({ action }) => action === 'GetBucketLocation')).toBe(false);
});

test('an IPv6 address', async () => {
  const storage = await started({ host: '::1' });
  expect(storage.variables.OBJECT_STORAGE_MINIO_ENDPOINT).toMatch(/^\[::1\]:/);
  expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
});

describe('what is wrong on the way is one failure', () => {
  test.each([
    ['refused', refusedPort, /refused the connection/],
    ['closed', startCloser, /closed the connection/],
    ['an SSH server', () => startBanner('SSH-2.0-OpenSSH_9.6\r\n'), /does not speak HTTP/],
    ['a web page', () => startHttp(200, '<html>', { 'content-type': 'text/html' }), /does not look like MinIO/],
    [
      'a page that is missing',
      () => startHttp(404, 'no', { 'content-type': 'text/plain' }),
      /does not look like MinIO/,
    ],
    [
      'MinIO’s console',
      () => startHttp(400, CONSOLE, { 'content-type': 'application/xml' }),
      /does not look like MinIO/,
    ],
    ['a balancer without a backend', () => startHttp(503, '<html>', { 'content-type': 'text/html' }), /HTTP 503/],
    [
      'a redirect to HTTPS',
      () => startHttp(308, '', { location: 'https://127.0.0.1/' }),
      /redirects to https:\/\/127\.0\.0\.1$/,
    ],
    [
      'a redirect elsewhere',
      () => startHttp(301, '', { location: 'https://minio.corp.io/spacelift?token=secret' }),
      /redirects to https:\/\/minio\.corp\.io$/,
    ],
  ])('%s', async (_, start, title) => {
    const storage = await started();
    const server = await start();
    ends.push(server.close);
    const result = await storage.check({ variables: at(server) });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS).title).toMatch(title);
    expect(result.finding(ACCESS).fix).toMatch(/OBJECT_STORAGE_MINIO_|mc admin/);
    expect(result.finding(ACCESS).affected).toHaveLength(10);
    expect(result.run.leftovers).toEqual([]);
  });

  test('a name that does not resolve', async () => {
    const storage = await started();
    const variables = { OBJECT_STORAGE_MINIO_ENDPOINT: 'minio.does-not-exist.invalid' };
    const result = await storage.check({ variables });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS).title).toBe('minio.does-not-exist.invalid does not resolve');
    expect(result.finding(ACCESS).evidence).toMatchObject({ port: 80 });
  });

  test('a connection that breaks in the middle', async () => {
    const storage = await started();
    const [host = '', port] = storage.store.endpoint.split(':');
    const proxy = await startProxy({ target: { host, port: Number(port) }, resetAfterBytes: 300 });
    ends.push(proxy.close);
    const result = await storage.check({ variables: at(proxy) });
    expect(judged(result)).toEqual(oneFailure);
    expect(result.finding(ACCESS).title).toMatch(/closed the connection/);
  });
});

const CONSOLE =
  '<?xml version="1.0"?><Error><Code>InvalidArgument</Code><Message>S3 API Requests must be made to API port.</Message></Error>';

test('from outside, a private address that can’t be reached is a skip', async () => {
  const storage = await started();
  const server = await refusedPort();
  const result = await storage.check({ variables: at(server), from: 'outside' });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(result.finding(ACCESS)).toMatchObject({
    status: 'skip',
    title: '127.0.0.1 can’t be reached from here',
    fix: expect.stringContaining('--from inside'),
  });
});

test('a value that is not known here stops what needs it, and says so', async () => {
  const storage = await started();
  const result = await storage.check({ variables: { OBJECT_STORAGE_MINIO_ENDPOINT: '' } });
  expect(result.ids('pass')).toEqual([]);
  expect(storage.store.requests).toEqual([]);
});
