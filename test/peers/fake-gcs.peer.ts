import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Options, Variables } from '../support/preflight.ts';
import { type FakeGcs, startFakeGcs } from './fake-gcs.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
let gcs: FakeGcs;
beforeAll(async () => {
  [world, gcs] = await Promise.all([startWorld(), startFakeGcs()]);
});
afterAll(() => Promise.all([world?.stop(), gcs?.stop()]));
beforeEach(async () => expect(await gcs.contents()).toEqual([]));

/** fake-gcs-server has neither lifecycle rules nor policies. */
const skip = ['object-storage/*/retention', 'object-storage/*/public'];
const check = (changed: Variables = {}, options: Options = {}) =>
  world.check({ ...gcs.variables, ...changed }, { environment: gcs.environment, skip, ...options });

test.each([
  ['an operator', {}],
  ['the server', { service: 'server' }],
] as const)('healthy, as %s, and nothing stays behind', async (_, options) => {
  const result = await check({}, options);
  expect(judged(result)).toEqual(HEALTHY);
  expect(result.finding('object-storage/modules/access').title).toContain('written, read, listed and deleted');
  expect(result.finding('object-storage/modules/presigned').status).toBe('pass');
  expect(result.finding('object-storage/modules/versioning').status).toBe('pass');
  expect(result.run.leftovers).toEqual([]);
  expect(await gcs.contents()).toEqual([]);
});

test.each([
  ['states', ['object-storage/states/versioning'], []],
  ['uploads', [], ['object-storage/uploads/versioning']],
])('versioning off on %s', async (bucket, fail, warn) => {
  await gcs.set(bucket, { versioning: { enabled: false } });
  expect(judged(await check())).toEqual({ fail, warn });
  await gcs.set(bucket, { versioning: { enabled: true } });
});
