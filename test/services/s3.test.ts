import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { isUnderWayAfter } from '../support/under-way.ts';
import { client, everyone, list, raw, read, refused, start, started } from './s3/testing.ts';
import { makeCa } from './tls.ts';

test('writes, reads, lists and deletes', async () => {
  const { server, minio } = await started();
  const before = server.snapshot();
  const keys = ["a b+c/ü~(x)!*'.txt", 'p%20q', 'plain'];
  for (const key of keys) {
    const stored = await minio.putObject('states', key, `of ${key}`, undefined, { 'X-Amz-Meta-Run_Id': '7' });
    expect(stored.versionId).toBeNull();
    expect(await read(minio, key)).toBe(`of ${key}`);
  }
  expect(await minio.statObject('states', 'plain')).toMatchObject({ size: 8, metaData: { run_id: '7' } });
  expect((await list(minio)).map(({ name }) => name)).toEqual(keys);
  expect((await list(minio, 'p')).length).toBe(2);
  expect(await text(await minio.getPartialObject('states', 'plain', 3, 2))).toBe('pl');
  await minio.removeObjects('states', keys.slice(1));
  await minio.removeObject('states', keys[0] ?? '');
  expect(server.snapshot()).toEqual(before);
  await expect(read(minio, 'plain')).rejects.toEqual(refused('NoSuchKey'));
  await expect(minio.statObject('states', 'plain')).rejects.toEqual(refused('NotFound'));
});

test('makes and removes buckets', async () => {
  const server = await start();
  const minio = client(server);
  await minio.makeBucket('modules', 'us-east-1');
  expect(await minio.bucketExists('modules')).toBe(true);
  expect((await minio.listBuckets()).map(({ name }) => name)).toEqual(['modules']);
  await minio.putObject('modules', 'k', 'v');
  await expect(minio.removeBucket('modules')).rejects.toEqual(refused('BucketNotEmpty'));
  await minio.removeObject('modules', 'k');
  await minio.removeBucket('modules');
  expect(await minio.bucketExists('modules')).toBe(false);
  await expect(minio.putObject('modules', 'k', 'v')).rejects.toMatchObject({
    code: 'NoSuchBucket',
    bucketname: 'modules',
  });
});

test('takes multipart uploads', async () => {
  const server = await start();
  server.createBucket('states');
  const minio = client(server);
  const bytes = Buffer.alloc(5 * 1024 * 1024 + 7, 'ab');
  const id = await minio.initiateNewMultipartUpload('states', 'big', { 'x-amz-meta-a': '1' });
  const parts = [bytes.subarray(0, 5 * 1024 * 1024), bytes.subarray(5 * 1024 * 1024)];
  const etags = [];
  for (const [index, part] of parts.entries()) {
    const config = { bucketName: 'states', objectName: 'big', uploadID: id, partNumber: index + 1, headers: {} };
    etags.push({ part: index + 1, etag: (await minio.uploadPart(config, part)).etag });
  }
  expect(await minio.findUploadId('states', 'big')).toBe(id);
  expect((await minio.completeMultipartUpload('states', 'big', id, etags)).etag).toMatch(/-2$/);
  expect((await buffer(await minio.getObject('states', 'big'))).equals(bytes)).toBe(true);

  await minio.initiateNewMultipartUpload('states', 'left', {});
  expect(server.bucket('states').uploads.size).toBe(1);
  await minio.removeIncompleteUpload('states', 'left');
  expect(server.bucket('states').uploads.size).toBe(0);
  await minio.putObject('states', 'streamed', Readable.from([Buffer.from('in '), Buffer.from('pieces')]));
  expect(await read(minio, 'streamed')).toBe('in pieces');
});

test('keeps versions and delete markers', async () => {
  const { bucket, minio } = await started({}, 'Enabled');
  const first = await minio.putObject('states', 'k', 'one');
  const second = await minio.putObject('states', 'k', 'two');
  expect(first.versionId).not.toBe(second.versionId);
  await minio.removeObject('states', 'k');
  await expect(read(minio, 'k')).rejects.toEqual(refused('NoSuchKey'));
  expect(bucket.versions().map(({ deleteMarker }) => deleteMarker)).toEqual([true, false, false]);
  expect(await read(minio, 'k', { versionId: first.versionId ?? '' })).toBe('one');
  const marker = bucket.versions()[0]?.versionId ?? '';
  await expect(read(minio, 'k', { versionId: marker })).rejects.toEqual(refused('MethodNotAllowed'));
  const listed = await list(minio, '', { IncludeVersion: true });
  expect(listed.map((item) => (item as { versionId?: string }).versionId)).toContain(marker);
  await minio.removeObject('states', 'k', { versionId: marker });
  expect(await read(minio, 'k')).toBe('two');
  for (const { versionId } of bucket.versions()) await minio.removeObject('states', 'k', { versionId });
  expect(bucket.versions()).toEqual([]);
});

test.each([
  ['minio', undefined],
  ['aws', 'null'],
] as const)('suspended versioning on %s names the version %s', async (flavor, versionId) => {
  const { server, bucket, minio } = await started({ flavor }, 'Suspended');
  const url = await minio.presignedPutObject('states', 'k', 60);
  for (const body of ['one', 'two']) {
    const answer = await fetch(url, { method: 'PUT', body });
    expect(answer.headers.get('x-amz-version-id') ?? undefined).toBe(versionId);
  }
  expect(bucket.versions().length).toBe(1);
  await minio.setBucketVersioning('states', { Status: 'Enabled' });
  expect(await minio.getBucketVersioning('states')).toMatchObject({ Status: 'Enabled' });
  expect((await fetch(url, { method: 'PUT', body: 'three' })).headers.get('x-amz-version-id')).not.toBe('null');
  expect(server.bucket('states').versions().length).toBe(2);
});

test.each([
  ['minio', 0],
  ['aws', 1],
] as const)('deleting what is not there leaves on %s %i delete markers', async (flavor, markers) => {
  const { bucket, minio } = await started({ flavor }, 'Enabled');
  await minio.removeObject('states', 'absent');
  expect(bucket.versions().length).toBe(markers);
  await minio.removeObjects('states', ['gone']);
  expect(bucket.versions().length).toBe(2 * markers);
});

test('pages through versions', async () => {
  const { server, bucket } = await started({ flavor: 'aws' }, 'Enabled');
  for (const key of ['a', 'b', 'b', 'b', 'c']) bucket.put(key, key);
  bucket.policy = everyone('s3:ListBucketVersions');
  const seen: string[] = [];
  let marker = '';
  for (let more = true; more; ) {
    const { body } = await raw(server, 'GET', `/states?versions&max-keys=2${marker}`);
    const value = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1] ?? '';
    seen.push(...[...body.matchAll(/<VersionId>(.*?)</g)].map(([, id]) => id ?? ''));
    more = value('IsTruncated') === 'true';
    marker = `&key-marker=${value('NextKeyMarker')}&version-id-marker=${value('NextVersionIdMarker')}`;
  }
  expect(seen).toEqual(bucket.versions().map(({ versionId }) => versionId));
});

test('keeps lifecycle rules', async () => {
  const { bucket, minio } = await started();
  await expect(minio.getBucketLifecycle('states')).rejects.toEqual(refused('NoSuchLifecycleConfiguration'));
  const rule = { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 3 } };
  await minio.setBucketLifecycle('states', { Rule: [rule] });
  expect(bucket.lifecycle).toMatchObject([{ ID: 'old', Status: 'Enabled', Expiration: { Days: 3 } }]);
  expect(await minio.getBucketLifecycle('states')).toMatchObject({ Rule: { ID: 'old', Expiration: { Days: 3 } } });
});

test('fails as asked', async () => {
  const { server, minio } = await started();
  const put = await minio.presignedPutObject('states', 'k', 600);
  const send = (size = 1) => fetch(put, { method: 'PUT', body: Buffer.alloc(size, 'x') });

  server.faults = { statusFor: () => ({ status: 503, code: 'SlowDown', headers: { 'retry-after': '1' } }) };
  const slow = await send();
  expect([slow.status, slow.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await slow.text()).toContain('<Code>SlowDown</Code>');

  server.faults = { maxBodyBytes: 1024 * 1024 };
  expect((await send(1024)).status).toBe(200);
  const large = await send(2 * 1024 * 1024);
  expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('<center>nginx</center>')]);

  server.faults = { dropUnderscoreHeaders: true };
  await expect(minio.putObject('states', 'k', 'v', undefined, { 'X-Amz-Meta-a_b': '1' })).rejects.toMatchObject({
    code: 'AccessDenied',
    message: 'There were headers present in the request which were not signed',
  });
  expect(server.requests.at(-1)?.status).toBe(400);

  server.faults = { corruptReads: true };
  server.bucket('states').put('k', 'right');
  const corrupt = await read(minio, 'k');
  expect([corrupt.length > 0, corrupt]).toEqual([true, expect.not.stringMatching('^right$')]);

  server.faults = { delayMs: 200 };
  expect(await isUnderWayAfter(150, send())).toBe(true);

  server.faults = { hangFor: ({ action, bucket }) => action === 'PutObject' && bucket === 'states' };
  await expect(fetch(put, { method: 'PUT', body: 'x', signal: AbortSignal.timeout(300) })).rejects.toThrow('timeout');
  const hanging = send();
  const ended = expect(hanging).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.close();
  await ended;
});

test('verifies what a body claims to be', async () => {
  const { server, bucket } = await started();
  bucket.policy = everyone('s3:PutObject', 's3:GetObject');
  const put = (headers: Record<string, string>) => raw(server, 'PUT', '/states/k', headers, Buffer.from('hello'));
  expect((await put({ 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' })).status).toBe(200);
  expect((await put({ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' })).body).toContain('BadDigest');
  expect((await put({ 'x-amz-checksum-crc32': 'NhCmhg==' })).headers['x-amz-checksum-crc32']).toBe('NhCmhg==');
  expect((await put({ 'x-amz-checksum-crc32': 'AAAAAA==' })).body).toContain('XAmzContentChecksumMismatch');
  expect((await put({ 'x-amz-content-sha256': '0'.repeat(64) })).body).toContain('XAmzContentSHA256Mismatch');
  expect((await put({ 'if-none-match': '*' })).status).toBe(412);
  const { status, body } = await raw(server, 'GET', '/states/k', { range: 'bytes=1-2' });
  expect([status, body]).toEqual([206, 'el']);
});

test('speaks TLS, and tells a client that does not', async () => {
  const authority = await makeCa({});
  const { chainPem, keyPem } = await authority.issue({ names: ['127.0.0.1'] });
  const server = await start({ tls: { key: keyPem, cert: chainPem } });
  server.createBucket('states');
  const minio = client(server);
  minio.setRequestOptions({ ca: authority.certPem });
  await minio.putObject('states', 'k', 'v');
  expect(await read(minio, 'k')).toBe('v');
  const plain = await fetch(server.url.replace('https', 'http'));
  expect([plain.status, await plain.text()]).toEqual([400, 'Client sent an HTTP request to an HTTPS server.\n']);
  await expect(client(server).listBuckets()).rejects.toThrow(/certificate/);
});
