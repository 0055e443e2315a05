import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { role } from '../checks/object-storage/aws-storage.ts';
import type { Options } from '../support/preflight.ts';
import { contents, empty, makeBuckets } from './buckets.ts';
import { type Minio, startMinio } from './minio.ts';
import { startNginx } from './nginx.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
let minio: Minio;
beforeAll(async () => {
  [world, minio] = await Promise.all([startWorld(), startMinio()]);
  await makeBuckets(minio.client);
});
beforeEach(() => empty(minio.client));
afterAll(() => Promise.all([world?.stop(), minio?.stop()]));

const FIRST = 'object-storage/deliveries/access';
const CORS = 'object-storage/uploads/cors';
const HOST_HEADER = 'proxy_set_header Host $http_host;';
const ANY_SIZE = 'client_max_body_size 0;';
const UNDERSCORES = 'underscores_in_headers on;';

async function behind(settings: readonly string[], changed = {}, options: Options = {}) {
  const { endpoint, stop } = await startNginx(minio.endpoint, settings);
  onTestFinished(stop);
  const variables = {
    ...minio.variables,
    OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${endpoint}`,
    ...changed,
  };
  return world.check(variables, options);
}

test('nginx as it must be configured', async () => {
  expect(judged(await behind([HOST_HEADER, ANY_SIZE, UNDERSCORES]))).toEqual(HEALTHY);
  expect(await contents(minio.client)).toEqual([]);
});

test.each([
  ['that drops headers with underscores', [HOST_HEADER, ANY_SIZE], 'drops headers with underscores', UNDERSCORES],
  ['that caps bodies at 1 MiB', [HOST_HEADER, UNDERSCORES], 'rejects request bodies of 2 MiB', 'client_max_body_size'],
])('nginx %s', async (_, settings, title, fix) => {
  const id = 'object-storage/uploads/proxy';
  const result = await behind(settings);
  expect(judged(result)).toEqual({ fail: [id], warn: [] });
  expect(result.finding(id).title).toBe(`a proxy in front of MinIO ${title}`);
  expect(result.finding(id).fix).toContain(fix.replace(';', ''));
  expect(await contents(minio.client)).toEqual([]);

  const server = await minio.user('server', role('server'));
  expect(judged(await behind(settings, server, { service: 'server' }))).toEqual({ fail: [id], warn: [] });
});

test('nginx that puts its target’s name in place of the host', async () => {
  const result = await behind([ANY_SIZE, UNDERSCORES]);
  expect(result.ids('fail')).toHaveLength(1);
  expect(result.findings.find(({ status }) => status === 'fail')?.fix).toContain('proxy_set_header Host');
});

/** Each state of nginx, the finding that must name it, and the words. */
const STATES: readonly (readonly [name: string, settings: readonly string[], id: string, title: RegExp])[] = [
  [
    'redirects to another host',
    ['return 301 https://minio.corp.io$request_uri;'],
    FIRST,
    /^127\.0\.0\.1:\d+ redirects to https:\/\/minio\.corp\.io$/,
  ],
  [
    'redirects to TLS at another port',
    ['return 308 https://$host:9443$request_uri;'],
    FIRST,
    /^127\.0\.0\.1:\d+ redirects to https:\/\/127\.0\.0\.1:9443$/,
  ],
  [
    'adds Access-Control-Allow-Origin, too',
    ['add_header Access-Control-Allow-Origin * always;'],
    CORS,
    /contain Access-Control-Allow-Origin more than once$/,
  ],
  [
    'answers OPTIONS itself',
    ['if ($request_method = OPTIONS) { return 204; }'],
    CORS,
    /answers preflight requests .* itself/,
  ],
  ['forbids OPTIONS', ['if ($request_method = OPTIONS) { return 405; }'], CORS, /answers preflight requests .* itself/],
  [
    'forbids PUT',
    ['if ($request_method = PUT) { return 403; }'],
    FIRST,
    /^a proxy in front of MinIO rejects PUT requests \(HTTP 403\)$/,
  ],
  [
    'drops Authorization',
    ['proxy_set_header Authorization "";'],
    FIRST,
    /^a proxy in front of MinIO drops the Authorization header$/,
  ],
];

test.each(STATES)('nginx %s', async (_, settings, id, title) => {
  const result = await behind([HOST_HEADER, ANY_SIZE, UNDERSCORES, ...settings]);
  expect(judged(result)).toEqual({ fail: [id], warn: [] });
  expect(result.finding(id).title).toMatch(title);
  expect(await contents(minio.client)).toEqual([]);
});

test('nginx with nothing behind it', async () => {
  const { endpoint, stop } = await startNginx('127.0.0.1:1', [HOST_HEADER, ANY_SIZE, UNDERSCORES]);
  onTestFinished(stop);
  const variables = {
    ...minio.variables,
    OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${endpoint}`,
  };
  expect((await world.check(variables)).ids('fail')).toEqual(['object-storage/deliveries/access']);
});
