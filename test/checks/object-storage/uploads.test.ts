import { once } from 'node:events';
import { createServer, request as open } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startProxy } from '../../services/tcp.ts';
import { contents, judged, real, type Storage, startStorage } from './storage.ts';

let storage: Storage;
beforeAll(async () => {
  storage = await startStorage();
});
afterEach(() => {
  storage.store.faults = {};
  storage.store.corsAllowOrigin = '*';
});
afterAll(() => storage.store.close());

const only = ['object-storage/uploads/*'];
const asServer = { as: 'server', service: 'server' } as const;

describe('cors', () => {
  test.each([
    ['https://other.corp.internal', ['uploads/cors']],
    ['https://spacelift.corp.internal', []],
    ['https://a.io,https://*.corp.internal', []],
  ])('%s', async (origins, fail) => {
    storage.store.corsAllowOrigin = origins;
    expect(judged(await storage.check({ only }))).toEqual({ fail, warn: [] });
  });

  test('says which origin, and how to allow it', async () => {
    storage.store.corsAllowOrigin = 'https://other.corp.internal';
    const { title, fix } = (await storage.check({ only })).finding('object-storage/uploads/cors');
    expect(title).toBe('CORS does not allow PUT or POST from https://spacelift.corp.internal to spacelift-uploads');
    expect(fix).toContain('https://spacelift.corp.internal');
    expect(fix).toContain('cors_allow_origin');
  });

  test('a proxy that answers OPTIONS itself', async () => {
    storage.store.faults = {
      statusFor: ({ method }) => (method === 'OPTIONS' ? { status: 405, code: 'No' } : undefined),
    };
    expect(judged(await storage.check({ only }))).toEqual({ fail: ['uploads/cors'], warn: [] });
  });

  test('is the server’s alone', async () => {
    const { findings } = await storage.check({ only, as: 'drain', service: 'drain' });
    expect(findings.filter(({ id }) => id.includes('/uploads/'))).toEqual([]);
  });
});

describe.each([
  ['an operator', {}],
  ['the server’s role', asServer],
])('proxy, under %s', (_, role) => {
  test('a header that is dropped', async () => {
    storage.store.faults = { dropUnderscoreHeaders: true };
    const result = await storage.check({ only, ...role });
    expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
    expect(result.finding('object-storage/uploads/proxy')).toMatchObject({
      title: 'a proxy in front of MinIO drops headers with underscores',
      fix: expect.stringContaining('underscores_in_headers on'),
    });
  });

  test('a body that is capped', async () => {
    storage.store.faults = { maxBodyBytes: 1024 * 1024 };
    const result = await storage.check({ only, ...role });
    expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
    expect(result.finding('object-storage/uploads/proxy')).toMatchObject({
      title: 'a proxy in front of MinIO rejects request bodies of 2 MiB',
      fix: expect.stringContaining('client_max_body_size'),
      evidence: { status: 413 },
    });
  });
});

test('what the proxy was tried with is removed, and under a role nothing is written for it', async () => {
  await storage.check(asServer);
  const before = contents(storage.store);
  storage.store.faults = { maxBodyBytes: 1024 * 1024 };
  await storage.check({ only });
  await storage.check({ only, ...asServer });
  storage.store.faults = { dropUnderscoreHeaders: true };
  await storage.check({ only });
  await storage.check({ only, ...asServer });
  expect(contents(storage.store)).toEqual(before);
});

test('a proxy that breaks large uploads off without a word', async () => {
  const [host = '', port] = storage.store.endpoint.split(':');
  const proxy = await startProxy({ target: { host, port: Number(port) }, resetAfterBytes: 512 * 1024 });
  const address = `${proxy.host}:${proxy.port}`;
  const variables = {
    OBJECT_STORAGE_MINIO_ENDPOINT: address,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${address}`,
  };
  const result = await storage.check({ only, variables });
  await proxy.close();
  expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
  expect(result.finding('object-storage/uploads/proxy').detail).toContain('the connection breaks');
});

test('a proxy that rewrites the host breaks pre-signed URLs, once', async () => {
  storage.store.faults = {
    statusFor: ({ query }) =>
      query.includes('X-Amz-Signature') ? { status: 403, code: 'SignatureDoesNotMatch' } : undefined,
  };
  const result = await storage.check();
  expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
  expect(result.finding('object-storage/deliveries/presigned')).toMatchObject({
    title: 'pre-signed URLs are rejected',
    fix: expect.stringContaining('proxy_set_header Host'),
  });
});

describe('url and mixed-content', () => {
  test('another origin', async () => {
    const variables = { OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://uploads.corp.io/path' };
    const result = await storage.check({ only, variables });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/url'] });
    expect(result.finding('object-storage/uploads/url')).toMatchObject({
      title: `the uploads URL points to https://uploads.corp.io, but uploads go to ${storage.store.url}`,
      fix: `set OBJECT_STORAGE_BUCKET_UPLOADS_URL=${storage.store.url}`,
    });
  });

  test('the same origin with a path', async () => {
    const variables = { OBJECT_STORAGE_BUCKET_UPLOADS_URL: `${storage.store.url}/${real('uploads')}` };
    expect(judged(await storage.check({ only, variables }))).toEqual({ fail: [], warn: [] });
  });

  test('a name inside the cluster, in the clear', async () => {
    // The proxy of the environment is what resolves the name here.
    const forwarding = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? '');
      const { method = '', headers } = request;
      const onward = open(`${storage.store.url}${pathname}${search}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    forwarding.listen(0, '127.0.0.1');
    await once(forwarding, 'listening');
    const variables = { OBJECT_STORAGE_MINIO_ENDPOINT: 'minio.minio.svc.cluster.local:9000' };
    const environment = { HTTP_PROXY: `http://127.0.0.1:${(forwarding.address() as AddressInfo).port}` };
    const result = await storage.check({ only, variables, environment });
    forwarding.closeAllConnections();
    forwarding.close();
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/mixed-content'] });
    expect(result.finding('object-storage/uploads/url')).toMatchObject({
      status: 'skip',
      title: 'browsers and workers must be able to reach minio.minio.svc.cluster.local',
    });
    expect(result.finding('object-storage/uploads/mixed-content').fix).toContain('OBJECT_STORAGE_MINIO_USE_SSL=true');
  });
});
