import { File, type FileOptions, Storage } from '@google-cloud/storage';
import { expect, test } from 'vitest';
import { isUnderWayAfter } from '../support/under-way.ts';
import { crc32c } from './gcs/crc32c.ts';
import { account, gcs, grant, noRetry, small, viaProxy } from './gcs/testing.ts';

test('crc32c is that of RFC 3720', () => {
  expect(Buffer.from(crc32c(Buffer.from('123456789')), 'base64').toString('hex')).toBe('e3069283');
});

test('writes, reads, lists and deletes with a key file, by the real names', async () => {
  const bucket = (await viaProxy()).bucket('states');
  const empty = gcs.snapshot();
  const names = ["a b+c/ü~(x)!*'.txt", 'p%20q', 'plain'];
  for (const name of names) await bucket.file(name).save(`of ${name}`, small);
  for (const name of names) expect(String((await bucket.file(name).download())[0])).toBe(`of ${name}`);
  expect((await bucket.getFiles())[0].map(({ name }) => name)).toEqual(names);
  const [page, next] = await bucket.getFiles({ prefix: 'p', maxResults: 1, autoPaginate: false });
  expect(page.map(({ name }) => name)).toEqual(['p%20q']);
  expect((await bucket.getFiles({ ...next }))[0].map(({ name }) => name)).toEqual(['plain']);
  expect(String((await bucket.file('plain').download({ start: 3, end: 4 }))[0])).toBe('pl');
  const [metadata] = await bucket.file('plain').getMetadata();
  expect(metadata).toMatchObject({ size: '8', md5Hash: expect.any(String), crc32c: crc32c(Buffer.from('of plain')) });
  const [versions] = await bucket.getFiles({ versions: true });
  for (const { name, generation } of versions) await bucket.file(name, { generation } as FileOptions).delete();
  expect(gcs.snapshot()).toEqual(empty);
  expect(new Set(gcs.requests.map(({ host }) => host))).toEqual(
    new Set(['oauth2.googleapis.com', 'storage.googleapis.com']),
  );
});

test('uploads in one piece, in chunks and as the library does by default', async () => {
  const bucket = (await viaProxy()).bucket('states');
  const bytes = Buffer.alloc(600 * 1024 + 7, 'ab');
  await bucket.file('default').save(bytes);
  await bucket.file('chunks').save(bytes, { chunkSize: 256 * 1024, metadata: { metadata: { run: '7' } } });
  for (const name of ['default', 'chunks']) expect(gcs.bucket('states').find(name)?.body.equals(bytes)).toBe(true);
  expect(gcs.bucket('states').find('chunks')?.metadata).toEqual({ run: '7' });
  const wrong = { ...small, metadata: { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' } };
  await expect(bucket.file('wrong').save('x', wrong)).rejects.toMatchObject({ code: 400 });
});

test('keeps noncurrent generations under versioning, and none without', async () => {
  const bucket = (await viaProxy()).bucket('states');
  const probe = bucket.file('probe');
  await probe.save('1', small);
  await probe.save('2', small);
  expect((await bucket.getFiles({ versions: true }))[0].length).toBe(2);
  await probe.delete();
  expect((await bucket.getFiles({ versions: true }))[0].length).toBe(2);
  expect((await bucket.getFiles())[0]).toEqual([]);
  await expect(probe.download()).rejects.toMatchObject({ code: 404 });
  gcs.bucket('states').versioning = { enabled: false };
  const other = bucket.file('other');
  await other.save('1', small);
  await other.save('2', small);
  expect(
    gcs
      .bucket('states')
      .list(true)
      .filter(({ name }) => name === 'other').length,
  ).toBe(1);
});

test('judges preconditions', async () => {
  const file = (await viaProxy()).bucket('states').file('once');
  const onlyNew = { ...small, preconditionOpts: { ifGenerationMatch: 0 } };
  await file.save('1', onlyNew);
  await expect(file.save('2', onlyNew)).rejects.toMatchObject({ code: 412, errors: [{ reason: 'conditionNotMet' }] });
  await expect(file.delete({ ifGenerationMatch: 5 })).rejects.toMatchObject({ code: 412 });
});

test('a missing bucket and a missing object are 404, in the words of the service', async () => {
  const client = await viaProxy();
  await expect(client.bucket('gone').file('x').save('x', small)).rejects.toMatchObject({
    code: 404,
    message: 'The specified bucket does not exist.',
  });
  await expect(client.bucket('states').file('x').getMetadata()).rejects.toMatchObject({
    code: 404,
    message: 'No such object: states/x',
  });
  await expect(client.bucket('states').file('x').delete()).rejects.toMatchObject({ code: 404 });
});

test('enforces roles per bucket', async () => {
  const client = await viaProxy();
  const bucket = client.bucket('states');
  const asked = ['storage.objects.create', 'storage.buckets.get'];
  await expect(bucket.getMetadata()).rejects.toMatchObject({
    code: 403,
    message: `${account.email} does not have storage.buckets.get access to the Google Cloud Storage bucket. Permission 'storage.buckets.get' denied on resource (or it may not exist).`,
    errors: [{ reason: 'forbidden' }],
  });
  expect((await bucket.iam.testPermissions(asked))[0]).toEqual({
    'storage.objects.create': true,
    'storage.buckets.get': false,
  });
  gcs.bucket('states').bindings = [grant('roles/storage.objectCreator')];
  const file = bucket.file('new');
  await file.save('1', small);
  const refusal = (permission: string) => ({
    code: 403,
    message: expect.stringContaining(`does not have ${permission} access to the Google Cloud Storage object.`),
  });
  await expect(file.save('2', small)).rejects.toMatchObject(refusal('storage.objects.delete'));
  await expect(file.getMetadata()).rejects.toMatchObject(refusal('storage.objects.get'));
  await expect(file.delete()).rejects.toMatchObject(refusal('storage.objects.delete'));
  await expect(bucket.getFiles()).rejects.toMatchObject(refusal('storage.objects.list'));
  gcs.bucket('states').bindings = [grant('roles/storage.legacyObjectReader')];
  await expect(bucket.file('other').getMetadata()).rejects.toMatchObject(refusal('storage.objects.list'));
  await expect(file.save('2', small)).rejects.toMatchObject(refusal('storage.objects.create'));
});

test('gives the settings of a bucket to its administrator', async () => {
  gcs.bindings.push(grant('roles/storage.admin'));
  Object.assign(gcs.bucket('states'), {
    cors: [{ origin: ['https://s.test'], method: ['PUT'] }],
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 2 } }] },
  });
  const bucket = (await viaProxy()).bucket('states');
  const [metadata] = await bucket.getMetadata();
  expect(metadata).toMatchObject({
    versioning: { enabled: true },
    lifecycle: { rule: [{ condition: { age: 2 } }] },
    cors: [{ method: ['PUT'] }],
    iamConfiguration: { publicAccessPrevention: 'inherited', uniformBucketLevelAccess: { enabled: true } },
  });
  const [policy] = await bucket.iam.getPolicy();
  expect(policy.bindings).toEqual([grant('roles/storage.objectAdmin')]);
});

test('a bucket is as public as it says', async () => {
  const bucket = gcs.bucket('states');
  bucket.put('x', 'open');
  const get = () => fetch(`${gcs.url}/states/x`);
  const refused = await get();
  expect([refused.status, await refused.text()]).toEqual([
    403,
    expect.stringContaining('Anonymous caller does not have storage.objects.get access'),
  ]);
  expect((await fetch(`${gcs.url}/storage/v1/b/states/o/x`)).status).toBe(401);
  bucket.bindings.push(grant('roles/storage.objectViewer', 'allUsers'));
  expect(await (await get()).text()).toBe('open');
  expect(await (await fetch(`${gcs.url}/states?prefix=x`)).text()).toContain('<Key>x</Key>');
  bucket.iamConfiguration.publicAccessPrevention = 'enforced';
  expect((await get()).status).toBe(403);
  gcs
    .createBucket('acl', {
      iamConfiguration: { uniformBucketLevelAccess: { enabled: false } },
      defaultObjectAcl: [{ entity: 'allUsers', role: 'READER' }],
    })
    .put('x', 'by acl');
  expect(await (await fetch(`${gcs.url}/acl/x`)).text()).toBe('by acl');
  expect((await fetch(`${gcs.url}/no-such-bucket/x`)).status).toBe(404);
});

test('answers OPTIONS by the CORS entries: 200 either way', async () => {
  gcs.bucket('states').cors = [
    { origin: ['https://s.test'], method: ['PUT', 'POST'], responseHeader: ['Content-Type', 'x-goog-*'] },
  ];
  const ask = (origin: string, method: string, headers = 'content-type') =>
    fetch(`${gcs.url}/states/x`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    });
  const allowed = await ask('https://s.test', 'PUT', 'content-type,x-goog-meta-a');
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://s.test']);
  expect(allowed.headers.get('access-control-allow-methods')).toBe('PUT,POST');
  for (const refused of [
    await ask('https://t.test', 'PUT'),
    await ask('https://s.test', 'DELETE'),
    await ask('https://s.test', 'PUT', 'authorization'),
  ]) {
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  }
  gcs.bucket('states').cors = undefined;
  expect((await ask('https://s.test', 'PUT')).headers.get('access-control-allow-origin')).toBeNull();
});

test('breaks as told', async () => {
  const client = await viaProxy();
  const file = client.bucket('states').file('x');
  gcs.faults = {
    statusFor: ({ action }) =>
      action === 'storage.objects.insert' ? { status: 503, reason: 'backendError' } : undefined,
  };
  await expect(file.save('x', small)).rejects.toMatchObject({ code: 503, errors: [{ reason: 'backendError' }] });
  gcs.faults = {};
  await file.save('xyz', small);
  gcs.faults = { corruptReads: true };
  await expect(file.download()).rejects.toMatchObject({ code: 'CONTENT_DOWNLOAD_MISMATCH' });
  gcs.faults = { delayMs: 200 };
  expect(await isUnderWayAfter(150, file.getMetadata())).toBe(true);
  gcs.faults = { hangFor: ({ action }) => action === 'storage.objects.list' };
  const hung = fetch(`${gcs.url}/storage/v1/b/states/o`, { signal: AbortSignal.timeout(150) });
  await expect(hung).rejects.toMatchObject({ name: 'TimeoutError' });
  await file.getMetadata();
});

test('the proxy goes nowhere else', async () => {
  Object.assign(process.env, await gcs.proxyEnvironment(await gcs.keyFile(account.email)));
  const elsewhere = new Storage({ retryOptions: noRetry, apiEndpoint: 'https://storage.example.test' });
  await expect(elsewhere.bucket('states').getFiles()).rejects.toThrow();
  expect(gcs.proxy.asked).toContain('storage.example.test:443');
  expect(new File(elsewhere.bucket('states'), 'x').cloudStorageURI.href).toBe('gs://states/x');
});
