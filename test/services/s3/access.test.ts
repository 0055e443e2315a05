import { expect, test } from 'vitest';
import { defaultUser, type S3Server, type S3User } from './index.ts';
import { client, everyone, list, raw, read, refused, start, started } from './testing.ts';

test('pre-signed URLs work, expire, and hold for what was signed only', async () => {
  const { server, minio } = await started();
  const put = await minio.presignedPutObject('states', 'k', 60);
  expect((await fetch(put, { method: 'PUT', body: 'hello' })).status).toBe(200);
  const get = await minio.presignedGetObject('states', 'k', 60);
  expect(await (await fetch(get)).text()).toBe('hello');
  expect((await fetch(get.replace('/states/k', '/states/l'))).status).toBe(403);
  expect((await fetch(put)).status).toBe(403);
  const loose = await fetch(put, { method: 'PUT', body: 'x', headers: { 'x-amz-meta-a': '1' } });
  expect([loose.status, await loose.text()]).toEqual([400, expect.stringContaining('which were not signed')]);
  server.faults.clockOffsetMs = 61_000;
  expect(await (await fetch(get)).text()).toContain('Request has expired');
  expect(JSON.stringify(server.requests)).not.toContain(new URL(get).searchParams.get('X-Amz-Signature'));
});

const temporary = { accessKeyId: 'ASIATEMP', secretAccessKey: 'temporary', sessionToken: 'token' };

test.each<[string, Partial<S3User>, string, number]>([
  ['SignatureDoesNotMatch', { secretAccessKey: 'wrong' }, 'us-east-1', 0],
  ['InvalidAccessKeyId', { accessKeyId: 'nobody' }, 'us-east-1', 0],
  ['AuthorizationHeaderMalformed', {}, 'eu-west-1', 0],
  ['RequestTimeTooSkewed', {}, 'us-east-1', 16 * 60_000],
  ['RequestTimeTooSkewed', {}, 'us-east-1', -16 * 60_000],
  ['ExpiredToken', { accessKeyId: 'OLD' }, 'us-east-1', 0],
  ['InvalidToken', { ...temporary, sessionToken: 'other' }, 'us-east-1', 0],
])('answers %s', async (code, user, region, clockOffsetMs) => {
  const users = [defaultUser, temporary, { ...defaultUser, accessKeyId: 'OLD', expired: true }];
  const server = await start({ flavor: 'aws', users, faults: { clockOffsetMs } });
  server.createBucket('states');
  const asked = client(server, user, region).putObject('states', 'k', 'v');
  await expect(asked).rejects.toEqual(refused(code));
  expect(server.requests[0]).toMatchObject({ action: 'PutObject', user: undefined });
  expect(server.bucket('states').versions()).toEqual([]);
});

test('takes temporary credentials, and any region when it has none', async () => {
  const server = await start({ users: [temporary], region: '' });
  server.createBucket('states');
  await client(server, temporary, 'eu-west-1').putObject('states', 'k', 'v');
  expect(server.requests.at(-1)).toMatchObject({ user: 'ASIATEMP', status: 200 });
});

test('names the region of a bucket that is elsewhere', async () => {
  const server = await start({ flavor: 'aws' });
  server.createBucket('states', { region: 'eu-west-1' });
  await expect(client(server).putObject('states', 'k', 'v')).rejects.toMatchObject({ amzBucketRegion: 'eu-west-1' });
});

test.each(['minio', 'aws'] as const)('policies on %s', async (flavor) => {
  const policy = {
    Statement: [
      { Effect: 'Allow' as const, Action: ['s3:GetObject', 's3:PutObj?ct'], Resource: 'arn:aws:s3:::sta*/*' },
      { Effect: 'Deny' as const, Action: 's3:*', Resource: 'arn:aws:s3:::states/secret/*' },
    ],
  };
  const limited = { accessKeyId: 'limited', secretAccessKey: 'limited', policy };
  const server = await start({ flavor, users: [limited] });
  server.createBucket('states');
  const minio = client(server, limited);
  await minio.putObject('states', 'k', 'v');
  expect(await read(minio, 'k')).toBe('v');
  const told = (words: string) => (flavor === 'aws' ? expect.stringContaining(words) : 'Access Denied.');
  const arn = 'User: arn:aws:iam::123456789012:user/limited is not authorized to perform';
  await expect(minio.removeObject('states', 'k')).rejects.toMatchObject({
    code: 'AccessDenied',
    message: told(
      `${arn}: s3:DeleteObject on resource: "arn:aws:s3:::states/k" because no identity-based policy allows the s3:DeleteObject action`,
    ),
  });
  await expect(minio.putObject('states', 'secret/k', 'v')).rejects.toMatchObject({ message: told('explicit deny') });
  await expect(list(minio)).rejects.toEqual(refused('AccessDenied'));
  await expect(read(minio, 'absent')).rejects.toEqual(refused(flavor === 'aws' ? 'AccessDenied' : 'NoSuchKey'));
});

test.each(['minio', 'aws'] as const)(
  'whoever may delete on %s may delete versions only as it allows',
  async (flavor) => {
    const policy = { Statement: [{ Effect: 'Allow' as const, Action: 's3:DeleteObject', Resource: '*' }] };
    const limited = { accessKeyId: 'limited', secretAccessKey: 'limited', policy };
    const server = await start({ flavor, users: [limited] });
    const { versionId } = server.createBucket('states', { versioning: 'Enabled' }).put('k', 'v');
    const asked = client(server, limited).removeObject('states', 'k', { versionId });
    await (flavor === 'aws' ? expect(asked).rejects.toEqual(refused('AccessDenied')) : asked);
  },
);

test('lets anonymous users in where the bucket policy does', async () => {
  const { server, bucket, minio } = await started({ flavor: 'aws' });
  bucket.put('k', 'v');
  expect((await fetch(`${server.url}/states/k`)).status).toBe(403);
  await minio.setBucketPolicy('states', JSON.stringify(everyone('s3:GetObject')));
  expect(await (await fetch(`${server.url}/states/k`)).text()).toBe('v');
  expect((await fetch(`${server.url}/states`)).status).toBe(403);
  bucket.publicAccessBlock = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  expect((await fetch(`${server.url}/states/k`)).status).toBe(403);
});

const preflight = (server: S3Server, origin: string, method = 'PUT') =>
  raw(server, 'OPTIONS', '/states/k', {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'content-type',
  });

test('judges preflights by the bucket on AWS', async () => {
  const { server, bucket } = await started({ flavor: 'aws' });
  expect(await preflight(server, 'https://a.example.com')).toMatchObject({ status: 403 });
  bucket.cors = [
    { AllowedOrigins: ['https://*.example.com'], AllowedMethods: ['PUT', 'POST'], AllowedHeaders: ['Content-*'] },
  ];
  const { status, headers } = await preflight(server, 'https://a.example.com');
  expect([status, headers['access-control-allow-origin']]).toEqual([200, 'https://a.example.com']);
  expect(await preflight(server, 'https://example.org')).toMatchObject({ status: 403 });
  expect(await preflight(server, 'https://a.example.com', 'DELETE')).toMatchObject({ status: 403 });
  bucket.cors[0] = { AllowedOrigins: ['*'], AllowedMethods: ['PUT'] };
  expect((await preflight(server, 'https://a.example.com')).body).toContain('AccessForbidden');
});

test('judges preflights by one setting on MinIO', async () => {
  const { server } = await started();
  const allowed = async (origin: string) => {
    const { status, headers } = await preflight(server, origin);
    expect(status).toBe(204);
    return headers['access-control-allow-origin'];
  };
  expect(await allowed('https://a.example.com')).toBe('https://a.example.com');
  server.corsAllowOrigin = 'https://b.example.com,https://*.example.org';
  expect(await allowed('https://a.example.com')).toBeUndefined();
  expect(await allowed('https://c.example.org')).toBe('https://c.example.org');
});
