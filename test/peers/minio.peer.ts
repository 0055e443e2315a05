import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUCKETS } from '../../src/config/contract.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { real } from '../checks/object-storage/storage.ts';
import type { Options } from '../support/preflight.ts';
import { contents, makeBuckets, setExpiry, setVersioning } from './buckets.ts';
import { type Minio, startMinio } from './minio.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
let minio: Minio;
beforeAll(async () => {
  [world, minio] = await Promise.all([startWorld(), startMinio()]);
  await makeBuckets(minio.client);
});
afterAll(() => Promise.all([world?.stop(), minio?.stop()]));

/** Runs the command that a fix ends with, its blanks (words in capitals) filled in. */
const mend = ({ fix = '' }: Finding, blanks: Record<string, string> = {}) =>
  minio.shell(
    fix
      .slice(fix.includes('\n') ? 0 : fix.lastIndexOf('mc '))
      .replace(/\b[A-Z]+\b/g, (blank) => blanks[blank] ?? blank),
  );

const check = (changed = {}, options: Options = {}) => world.check({ ...minio.variables, ...changed }, options);

test('healthy, as the root user, and nothing stays behind', async () => {
  for (let run = 0; run < 3; run++) {
    const result = await check();
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.findings.filter(({ id, status }) => id.startsWith('object-storage/') && status !== 'pass')).toEqual(
      [],
    );
    expect(result.run.leftovers).toEqual([]);
    expect(await contents(minio.client)).toEqual([]);
  }
});

test('objects that are there already stay as they are', async () => {
  await minio.shell(`echo a > object; for bucket in states uploads deliveries; do
    for key in runs/1 runs/2 spacelift-preflight/of-another; do mc cp object minio/spacelift-$bucket/$key; done
    mc rm minio/spacelift-$bucket/runs/2
  done`);
  const before = await contents(minio.client);
  expect(judged(await check())).toEqual(HEALTHY);
  expect(await contents(minio.client)).toEqual(before);
  await minio.shell(
    'for bucket in states uploads deliveries; do mc rm -r --versions --force minio/spacelift-$bucket; done',
  );
});

describe('one cause is one failure', () => {
  const first = 'object-storage/deliveries/access';
  test.each([
    ['a wrong secret', { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' }, /rejected the secret key/],
    ['an unknown key', { OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' }, /does not recognize the access key/],
  ])('%s', async (_, variables, title) => {
    const result = await check(variables);
    expect(judged(result)).toEqual({ fail: [first], warn: [] });
    expect(result.finding(first).title).toMatch(title);
    expect(result.finding(first).affected).toHaveLength(10);
  });

  test('TLS asked of a server without', async () => {
    const result = await check({ OBJECT_STORAGE_MINIO_USE_SSL: 'true' });
    expect(result.ids('fail')).toEqual([first]);
  });
});

test('a missing bucket: the fix creates it as it should be', async () => {
  const there = { [BUCKETS.states]: 'spacelift-others' };
  const result = await check(there);
  expect(judged(result)).toEqual({ fail: ['object-storage/states/access'], warn: [] });
  await mend(result.finding('object-storage/states/access'));
  expect(judged(await check(there))).toEqual(HEALTHY);
});

describe('each fault, and the command of its fix', () => {
  const open = (bucket: string, prefix = '') => minio.shell(`mc anonymous set download minio/${real(bucket)}${prefix}`);
  test.each<[name: string, breaks: () => Promise<unknown>, fail: string[], warn: string[]]>([
    ['versioning off on states', () => setVersioning(minio.client, 'states', false), ['states/versioning'], []],
    ['versioning off on uploads', () => setVersioning(minio.client, 'uploads', false), [], ['uploads/versioning']],
    ['states that expire', () => setExpiry(minio.client, 'states', 30), ['states/retention'], []],
    ['modules that expire', () => setExpiry(minio.client, 'modules', 30), ['modules/retention'], []],
    [
      'metadata for ever',
      () => minio.shell('mc ilm rule rm --all --force minio/spacelift-metadata'),
      [],
      ['metadata/retention'],
    ],
    ['a bucket for all to read', () => open('deliveries'), [], ['deliveries/public']],
    ['a folder for all to read', () => open('deliveries', '/docs/'), [], ['deliveries/public']],
  ])('%s', async (_, breaks, fail, warn) => {
    const ids = { fail: fail.map((id) => `object-storage/${id}`), warn: warn.map((id) => `object-storage/${id}`) };
    await breaks();
    const result = await check();
    expect(judged(result)).toEqual(ids);
    for (const id of [...ids.fail, ...ids.warn]) await mend(result.finding(id), { ID: 'expire' });
    expect(judged(await check())).toEqual(HEALTHY);
    expect(await contents(minio.client)).toEqual([]);
  });
});

test('an origin that may not upload', async () => {
  await minio.shell('mc admin config set minio api cors_allow_origin=https://other.corp.internal');
  const result = await check();
  expect(judged(result)).toEqual({ fail: ['object-storage/uploads/cors'], warn: [] });
  await mend(result.finding('object-storage/uploads/cors'), { ORIGINS: 'https://other.corp.internal' });
  expect(judged(await check())).toEqual(HEALTHY);
});
