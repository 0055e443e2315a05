import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { DEFAULTS } from '../../src/config/options.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { role } from '../checks/object-storage/aws-storage.ts';
import { NAMES, PROBE, real } from '../checks/object-storage/storage.ts';
import type { Statement } from '../services/s3/index.ts';
import { type Options, source, type Variables } from '../support/preflight.ts';
import { contents, empty, makeBuckets, setExpiry, setVersioning } from './buckets.ts';
import { type Minio, startMinio } from './minio.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
let minio: Minio;
const users: Record<string, Variables> = {};
beforeAll(async () => {
  [world, minio] = await Promise.all([startWorld(), startMinio()]);
  await makeBuckets(minio.client);
  for (const service of ['server', 'drain'] as const) {
    users[service] = await minio.user(service, role(service));
  }
});
beforeEach(() => empty(minio.client));
afterAll(() => Promise.all([world?.stop(), minio?.stop()]));

const check = (as: string, options: Options = {}) => world.check({ ...minio.variables, ...users[as] }, options);

/** Where a role can't remove what it writes: the bucket is versioned, or the role may not delete there. */
const KEPT = {
  server: NAMES.filter((bucket) => bucket !== 'metadata'),
  drain: NAMES.filter((bucket) => !['metadata', 'states', 'uploads', 'large-queue-messages'].includes(bucket)),
};
const keys = async () => (await contents(minio.client)).map((entry) => entry.split(' ')[0]);

describe.each(['server', 'drain'] as const)('the vendor’s policy for the %s', (service) => {
  test('passes under --service, and ten runs leave what one run leaves', async () => {
    const first = await check(service, { service });
    expect(judged(first)).toEqual(HEALTHY);
    expect(first.finding('object-storage/modules/access').status).toBe('pass');
    const left = await contents(minio.client);
    expect(await keys()).toEqual(KEPT[service].map((bucket) => `${bucket}/${PROBE}`));
    for (let run = 1; run < 10; run++) expect(judged(await check(service, { service }))).toEqual(HEALTHY);
    expect(await contents(minio.client)).toEqual(left);
  });

  test('passes without --service: what only the other service does is a skip that names it', async () => {
    const other = service === 'server' ? 'drain' : 'server';
    const first = await check(service);
    expect(judged(first)).toEqual(HEALTHY);
    expect(first.finding('object-storage/large-queue-messages/access')).toMatchObject({
      status: 'skip',
      title: expect.stringContaining(`only the ${other} needs`),
    });
    const left = await contents(minio.client);
    for (let run = 1; run < 10; run++) expect(judged(await check(service))).toEqual(HEALTHY);
    expect(await contents(minio.client)).toEqual(left);
  });
});

test('the drain reads what the server wrote', async () => {
  const id = 'object-storage/large-queue-messages/access';
  expect((await check('drain', { service: 'drain' })).finding(id).status).toBe('skip');
  await check('server', { service: 'server' });
  expect((await check('drain', { service: 'drain' })).finding(id).status).toBe('pass');
});

test.each([
  ['Put', 'states', 's3:PutObject'],
  ['Get', 'states', 's3:GetObject'],
  ['List', 'modules', 's3:ListBucket'],
  ['Delete', 'metadata', 's3:DeleteObject'],
])('without %s on %s', async (grant, bucket, permission) => {
  const name = `server-without-${grant.toLowerCase()}`;
  users[name] = await minio.user(name, role('server', { bucket, grant }));
  const result = await check(name, { service: 'server' });
  expect(judged(result)).toEqual({ fail: [`object-storage/${bucket}/access`], warn: [] });
  expect(result.finding(`object-storage/${bucket}/access`).title).toBe(
    `the credentials lack ${permission} on ${real(bucket)}`,
  );
});

test('an operation that is denied everywhere is one failure', async () => {
  users.reader = await minio.user('reader', role('server', { grant: 'Put' }));
  const result = await check('reader', { service: 'server' });
  expect(judged(result)).toEqual({ fail: ['object-storage/deliveries/access'], warn: [] });
  expect(result.finding('object-storage/deliveries/access').affected).toHaveLength(10);
});

test('versioning is learned from a write', async () => {
  const never = ['states', 'run-logs'];
  for (const bucket of never) await minio.shell(`mc rb --force minio/${real(bucket)} && mc mb minio/${real(bucket)}`);
  const result = await check('server', { service: 'server' });
  expect(judged(result)).toEqual({
    fail: ['object-storage/states/versioning'],
    warn: ['object-storage/run-logs/versioning'],
  });
  expect((await keys()).filter((key) => key?.startsWith('states/'))).toEqual([]);
  for (const bucket of never) await setVersioning(minio.client, bucket, true);
  await setExpiry(minio.client, 'run-logs', 2);
});

test('a scheduler uses no bucket', async () => {
  const result = await check('nobody', { service: 'scheduler' });
  expect(judged(result)).toEqual(HEALTHY);
  expect(await contents(minio.client)).toEqual([]);
});

describe('the policy that a plan prints', () => {
  const planned = async (service?: 'server' | 'drain') => {
    const deployment = makeDeployment([source({ ...world.variables, ...minio.variables })], {
      service,
      environment: {},
    });
    const { permissions } = await makePlan(CHECKS, deployment, DEFAULTS);
    const { least, further } = permissions.minio ?? {};
    return [least, further].map((policy) => [...(policy?.Statement ?? [])]) as [Statement[], Statement[]];
  };
  const apply = async (name: string, Statement: Statement[]) => {
    users[name] = await minio.user(name, { Version: '2012-10-17', Statement });
  };

  test('all of it: everything passes, and nothing stays behind', async () => {
    await apply('planned', (await planned()).flat());
    const result = await check('planned');
    expect(judged(result)).toEqual(HEALTHY);
    const others = result.findings.filter(({ id, status }) => id.startsWith('object-storage/') && status !== 'pass');
    expect(others).toEqual([]);
    expect(await contents(minio.client)).toEqual([]);
  });

  test('the least of it: nothing fails or warns', async () => {
    const [least] = await planned();
    await apply('planned-least', least);
    expect(judged(await check('planned-least'))).toEqual(HEALTHY);
  });

  test.each(['server', 'drain'] as const)('as the %s', async (service) => {
    const [least] = await planned(service);
    await apply(`planned-${service}`, least);
    expect(judged(await check(`planned-${service}`, { service }))).toEqual(HEALTHY);
  });
});
