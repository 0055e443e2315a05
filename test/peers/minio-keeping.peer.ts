/** MinIO that keeps what is written, has no room for it, or can't encrypt it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { role } from '../checks/object-storage/aws-storage.ts';
import { PROBE, real } from '../checks/object-storage/storage.ts';
import type { Options, Result, Variables } from '../support/preflight.ts';
import { contents, makeBuckets } from './buckets.ts';
import { type Minio, startMinio } from './minio.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

async function started(env = {}, data?: string): Promise<Minio> {
  const minio = await startMinio(env, data);
  onTestFinished(minio.stop);
  return minio;
}

const check = (minio: Minio, changed: Variables = {}, options: Options = {}): Promise<Result> =>
  world.check({ ...minio.variables, ...changed }, options);

test.each(['GOVERNANCE', 'COMPLIANCE'])('%s: one object in the locked bucket, however many runs', async (mode) => {
  const minio = await started();
  await makeBuckets(minio.client);
  await minio.shell(`mc rb --force minio/${real('states')} && mc mb --with-lock minio/${real('states')} &&
    mc retention set --default ${mode} 1d minio/${real('states')}`);
  const server = await minio.user('server', role('server'));
  const first = await check(minio);
  expect(judged(first)).toEqual(HEALTHY);
  const left = await contents(minio.client);
  expect(left.map((entry) => entry.split(' ')[0])).toEqual([`states/${PROBE}`]);
  expect(judged(await check(minio))).toEqual(HEALTHY);
  expect(await contents(minio.client)).toEqual(left);
  await check(minio, server, { service: 'server' });
  expect((await contents(minio.client)).filter((entry) => entry.startsWith('states/'))).toEqual(left);

  const [leftover] = first.run.leftovers;
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  expect(leftover?.command).toMatch(new RegExp(`^# retained until (${tomorrow}|\\d{4}-\\d\\d-\\d\\d) at the latest`));
  const removed = minio.shell(leftover?.command ?? '').then(
    () => true,
    () => false,
  );
  expect(await removed).toBe(mode === 'GOVERNANCE');
  const gone = (await contents(minio.client)).every((entry) => !entry.startsWith('states/'));
  expect(gone).toBe(mode === 'GOVERNANCE');
});

test('a quota that leaves room for small objects', async () => {
  const minio = await started();
  await makeBuckets(minio.client);
  await minio.shell(`mc quota set minio/${real('uploads')} --size 1MiB`);
  const id = 'object-storage/uploads/proxy';
  const result = await check(minio);
  expect(judged(result)).toEqual({ fail: [id], warn: [] });
  expect(result.finding(id).title).toBe('the quota of spacelift-uploads is exhausted');
  expect(result.finding(id).fix).toContain('mc quota clear minio/spacelift-uploads');
  expect(await contents(minio.client)).toEqual([]);
  await minio.shell(`mc quota clear minio/${real('uploads')}`);
  expect(judged(await check(minio))).toEqual(HEALTHY);
});

test('a bucket whose key is gone', async () => {
  const data = await mkdtemp(join(tmpdir(), 'preflight-minio-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const key = (name: string) => ({ MINIO_KMS_SECRET_KEY: `${name}:OSMM+vkKUTCvQs9YL/CVMIMt43HFhkUpqJxTmGl6rYw=` });
  const before = await startMinio(key('first-key'), data);
  await makeBuckets(before.client);
  await before.shell(`mc encrypt set sse-kms first-key minio/${real('states')}`);
  expect(judged(await check(before))).toEqual(HEALTHY);
  await before.stop();

  const minio = await started(key('second-key'), data);
  const id = 'object-storage/states/access';
  const result = await check(minio);
  expect(judged(result)).toEqual({ fail: [id], warn: [] });
  expect(result.finding(id).title).toBe('the key that encrypts spacelift-states can’t be used: kms:KeyNotFound');
  expect(result.finding(id).fix).toContain('mc encrypt info minio/spacelift-states');
  expect(await contents(minio.client)).toEqual([]);
  await minio.shell(`mc encrypt set sse-kms second-key minio/${real('states')}`);
  expect(judged(await check(minio))).toEqual(HEALTHY);
});
