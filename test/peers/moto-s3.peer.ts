import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BUCKETS } from '../../src/config/contract.ts';
import { role } from '../checks/object-storage/aws-storage.ts';
import { NAMES, PROBE, real } from '../checks/object-storage/storage.ts';
import type { Options, Variables } from '../support/preflight.ts';
import { allowUploads, contents, empty, makeBuckets, setExpiry, setVersioning } from './buckets.ts';
import { type Moto, startMoto } from './moto.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const FIRST = 'object-storage/deliveries/access';

async function startS3(): Promise<Moto> {
  const moto = await startMoto();
  await makeBuckets(moto.s3);
  await allowUploads(moto.s3, 'https://localhost');
  return moto;
}

const check = (moto: Moto, changed: Variables = {}, options: Options = {}) =>
  world.check(
    {
      ...moto.variables,
      OBJECT_STORAGE_TYPE: 'aws',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: moto.url,
      ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
      ...changed,
    },
    { environment: moto.environment, ...options },
  );

describe('moto’s S3, where everything is allowed', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startS3();
  });
  afterAll(() => moto?.stop());

  test('healthy, and nothing stays behind', async () => {
    const result = await check(moto);
    expect(judged(result)).toEqual(HEALTHY);
    const others = result.findings.filter(({ id, status }) => id.startsWith('object-storage/') && status !== 'pass');
    expect(others).toEqual([]);
    expect(result.finding('identity/account').status).toBe('pass');
    expect(await contents(moto.s3)).toEqual([]);
  });

  test.each<
    [name: string, breaks: () => Promise<unknown>, fail: string[], warn: string[], mends: () => Promise<unknown>]
  >([
    [
      'versioning off on states',
      () => setVersioning(moto.s3, 'states', false),
      ['states/versioning'],
      [],
      () => setVersioning(moto.s3, 'states', true),
    ],
    [
      'versioning off on uploads',
      () => setVersioning(moto.s3, 'uploads', false),
      [],
      ['uploads/versioning'],
      () => setVersioning(moto.s3, 'uploads', true),
    ],
    [
      'another origin may upload',
      () => allowUploads(moto.s3, 'https://other.corp.internal'),
      ['uploads/cors'],
      [],
      () => allowUploads(moto.s3, 'https://localhost'),
    ],
    ['states that expire', () => setExpiry(moto.s3, 'states', 30), ['states/retention'], [], async () => {}],
  ])('%s', async (_, breaks, fail, warn, mends) => {
    await breaks();
    const result = await check(moto);
    expect(judged(result)).toEqual({
      fail: fail.map((id) => `object-storage/${id}`),
      warn: warn.map((id) => `object-storage/${id}`),
    });
    await mends();
    expect(await contents(moto.s3)).toEqual([]);
  });
});

describe('moto’s S3, where IAM policies hold', () => {
  let moto: Moto;
  const users: Record<string, Variables> = {};
  beforeAll(async () => {
    moto = await startS3();
    for (const service of ['server', 'drain'] as const) users[service] = await moto.user(service, role(service));
    users.unwriting = await moto.user('unwriting', role('server', { grant: 'Put' }));
    users.unreading = await moto.user('unreading', role('server', { bucket: 'states', grant: 'Get' }));
    await moto.enforce();
  });
  beforeEach(() => empty(moto.s3));
  afterAll(() => moto?.stop());

  // moto then answers pre-signed URLs with HTTP 500, and a browser's OPTIONS with 403.
  const skip = ['object-storage/*/presigned', 'object-storage/uploads/cors', 'object-storage/uploads/proxy'];
  const enforced = (changed: Variables = {}, options: Options = {}) => check(moto, changed, { skip, ...options });

  test('healthy, as an administrator', async () => {
    expect(judged(await enforced())).toEqual(HEALTHY);
    expect(await contents(moto.s3)).toEqual([]);
  });

  test.each(['server', 'drain'] as const)(
    'under the vendor’s policy for the %s, ten runs leave what one run leaves',
    async (service) => {
      const first = await enforced(users[service], { service });
      expect(judged(first)).toEqual(HEALTHY);
      expect(first.finding('object-storage/states/retention').title).toContain('s3:GetLifecycleConfiguration');
      const left = await contents(moto.s3);
      expect(left.length).toBeGreaterThan(5);
      for (const entry of left) expect(entry).toContain(`/${PROBE} `);
      for (let run = 1; run < 10; run++) expect(judged(await enforced(users[service], { service }))).toEqual(HEALTHY);
      expect(await contents(moto.s3)).toEqual(left);
    },
  );

  test('without --service too', async () => {
    expect(judged(await enforced(users.server))).toEqual(HEALTHY);
  });

  test.each([
    ['s3:PutObject everywhere', 'unwriting', FIRST, /lack s3:PutObject/],
    ['s3:GetObject on states', 'unreading', 'object-storage/states/access', /lack s3:GetObject/],
  ])('without %s', async (_, user, id, title) => {
    const result = await enforced(users[user], { service: 'server' });
    expect(judged(result)).toEqual({ fail: [id], warn: [] });
    expect(result.finding(id).title).toMatch(title);
  });

  test.each([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'not-the-secret' }],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO' }],
  ])('%s is one failure for all of AWS', async (_, variables) => {
    const result = await enforced(variables);
    expect(judged(result)).toEqual({ fail: ['identity/credentials'], warn: [] });
  });

  test('a missing bucket', async () => {
    const result = await enforced({ [BUCKETS.states]: 'spacelift-not-there' });
    expect(judged(result)).toEqual({ fail: ['object-storage/states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').title).toBe('bucket spacelift-not-there does not exist');
  });
});
