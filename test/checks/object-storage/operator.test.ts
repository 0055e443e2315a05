import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { S3Faults } from '../../services/s3/index.ts';
import { expectAtOnce } from '../../support/at-once.ts';
import { contents, EXPECTED, expiry, judged, real, type Storage, startStorage } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startStorage();
  before = storage.store.snapshot();
});
beforeEach(() => {
  storage.store.faults = {};
});
afterAll(() => storage.store.close());

/** What the fault does, and that nothing of the run stays. */
async function under(faults: S3Faults, variables = {}) {
  storage.store.faults = faults;
  const result = await storage.check({ variables });
  storage.store.faults = {};
  expect(storage.store.snapshot()).toEqual(before);
  return result;
}

test('a healthy store passes every rule, and nothing stays behind', async () => {
  const result = await storage.check();
  expect(result.findings.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(result.findings.map(({ id }) => id)).toEqual(EXPECTED);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.store.snapshot()).toEqual(before);
  expect(result.run.checks[0]?.summary).toBe(`MinIO at ${storage.store.endpoint}, 10 buckets`);
  expect(result.finding('object-storage/states/access').title).toBe(
    'test object written, read, listed and deleted in spacelift-states',
  );
});

test('asks for nothing that Spacelift does not need', async () => {
  storage.store.requests.length = 0;
  await storage.check();
  const actions = new Set(storage.store.requests.map(({ action }) => action));
  for (const action of ['HeadBucket', 'ListBuckets', 'GetBucketLocation', 'Unknown']) {
    expect(actions).not.toContain(action);
  }
});

test('an expired key in the past and one rule alone work too', async () => {
  for (const only of ['object-storage/states/versioning', 'object-storage/uploads/proxy', 'object-storage/*/public']) {
    const result = await storage.check({ only: [only] });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.ids('pass').length).toBeGreaterThan(0);
    expect(storage.store.snapshot()).toEqual(before);
    expect(result.run.leftovers).toEqual([]);
  }
});

describe('one cause is one failure', () => {
  const first = 'object-storage/deliveries/access';

  test.each([
    ['wrong secret', { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' }, /rejected the secret key/],
    ['unknown key', { OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' }, /does not recognize the access key/],
  ])('%s', async (_, variables, title) => {
    const result = await under({}, variables);
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(first).title).toMatch(title);
    expect(result.finding(first).affected).toHaveLength(10);
    expect(result.finding(first).fix).toMatch(/OBJECT_STORAGE_MINIO_/);
    expect(JSON.stringify(result.findings)).not.toContain('not-the-secret');
    expect(result.finding('object-storage/states/retention').title).toBe(
      `not tested: it depends on ${first}, which failed`,
    );
    expect(result.run.leftovers).toEqual([]);
  });

  test.each([
    [3_600_000, /differ by 60 min/, 'ahead'],
    [-86_400_000 * 3, /differ by 3 days/, 'behind'],
  ])('a clock that is %i ms off', async (clockOffsetMs, title, detail) => {
    const result = await under({ clockOffsetMs });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(first).title).toMatch(title);
    expect(result.finding(first).detail).toContain(detail);
  });

  test.each([
    [503, 'SlowDown', /is throttling requests/, /mc admin info minio/],
    [503, 'SlowDownWrite', /is throttling requests/, /mc admin info minio/],
    [503, 'XMinioServerNotInitialized', /still starting/, /mc ready minio/],
    [507, 'XMinioStorageFull', /no space left/, /mc admin info minio/],
    [500, 'InternalError', /MinIO failed \(HTTP 500\)/, /mc admin logs minio/],
    [403, 'ExpiredToken', /have expired/, /does not expire/],
    [418, 'Teapot', /MinIO refused a request: Teapot/, /look up the code/],
  ])('%i %s', async (status, code, title, fix) => {
    const result = await under({ statusFor: ({ action }) => (action === 'PutObject' ? { status, code } : undefined) });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(first).title).toMatch(title);
    expect(result.finding(first).fix).toMatch(fix);
    expect(result.finding(first).evidence).toMatchObject({ code, status });
  });

  test('a quota is of one bucket', async () => {
    const full = { status: 400, code: 'XMinioAdminBucketQuotaExceeded' };
    const result = await under({
      statusFor: ({ method, bucket }) => (method === 'PUT' && bucket === 'spacelift-states' ? full : undefined),
    });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').fix).toContain('mc quota set minio/spacelift-states');
  });

  test('the object read differs from the one written', async () => {
    const result = await under({ corruptReads: true });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(first).title).toBe('the object read differs from the one written');
  });

  test('what was written can’t be found', async () => {
    const lost = { status: 200, code: '' };
    const result = await under({ statusFor: ({ method }) => (method === 'PUT' ? lost : undefined) });
    expect(result.finding(first)).toMatchObject({ status: 'fail', title: 'what was written can’t be found' });
  });
});

test('a missing bucket is one failure with the commands that create it as it should be', async () => {
  const result = await under({}, { OBJECT_STORAGE_BUCKET_STATES: 'not-there' });
  expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
  expect(result.finding('object-storage/states/access')).toMatchObject({
    title: 'bucket not-there does not exist',
    fix: 'mc mb minio/not-there\nmc version enable minio/not-there',
  });
  expect(result.ids('skip')).toEqual(
    ['presigned', 'versioning', 'retention', 'public'].map((rule) => `object-storage/states/${rule}`),
  );
});

test('the missing uploads bucket takes the rules of its own with it', async () => {
  const result = await under({}, { OBJECT_STORAGE_BUCKET_UPLOADS: 'not-there' });
  expect(judged(result)).toEqual({ fail: ['uploads/access'], warn: [] });
  expect(result.ids('skip')).toContain('object-storage/uploads/mixed-content');
});

test.each(['No_Bucket', 'no..bucket', '192.168.0.1'])('%s is a name that no bucket can have', async (name) => {
  const result = await under({}, { OBJECT_STORAGE_BUCKET_STATES: name });
  expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
  expect(result.finding('object-storage/states/access').title).toMatch(/is not a valid bucket name/);
});

test('a bucket from before the rules for names is used, as by Spacelift’s client', async () => {
  const name = 'Spacelift_states';
  storage.store.createBucket(name, { versioning: 'Enabled' });
  const result = await storage.check({ variables: { OBJECT_STORAGE_BUCKET_STATES: name } });
  storage.store.removeBucket(name);
  expect(judged(result)).toEqual({ fail: [], warn: [] });
});

test('two variables that name one bucket', async () => {
  const result = await under({}, { OBJECT_STORAGE_BUCKET_WORKSPACE: real('user-uploaded-workspaces') });
  expect(judged(result)).toEqual({ fail: [], warn: ['distinct'] });
  expect(result.finding('object-storage/distinct').title).toMatch(
    /OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES and OBJECT_STORAGE_BUCKET_WORKSPACE both name/,
  );
});

test('a run that takes too long says where it stood, and removes what it wrote', async () => {
  await storage.check();
  const since = performance.now();
  await storage.check();
  // Everything else finishes in time, however busy this machine is; an operation's own deadline is 10 s.
  const seconds = Math.min(8, Math.ceil((4 * (performance.now() - since)) / 1000));
  const hangs: S3Faults = { hangFor: ({ action, bucket }) => action === 'GetObject' && bucket === real('states') };
  storage.store.faults = hangs;
  const result = await storage.check({ timeoutMs: 1000 * seconds });
  expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
  expect(result.finding('object-storage/states/access').title).toBe(`did not finish within ${seconds} s`);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.store.snapshot()).toEqual(before);
});

test('a run that is interrupted removes what it wrote', async () => {
  const interrupt = new AbortController();
  storage.store.faults = {
    hangFor: ({ action }) => {
      if (action !== 'GetObject') return false;
      setTimeout(() => interrupt.abort(), 20);
      // What was being written meanwhile is looked for afterward.
      return !interrupt.signal.aborted;
    },
  };
  const result = await storage.check({ interrupt: interrupt.signal });
  expect(result.run.interrupted).toBe(true);
  expect(contents(storage.store)).toEqual([]);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.store.snapshot()).toEqual(before);
});

test('what could not be removed is listed with the command that does', async () => {
  storage.store.faults = {
    statusFor: ({ method, bucket, query }) =>
      method === 'GET' && bucket === real('states') && query.includes('versions') && contents(storage.store).length > 0
        ? { status: 503, code: 'SlowDown' }
        : undefined,
  };
  const { run } = await storage.check({ only: ['object-storage/states/versioning'] });
  storage.store.faults = {};
  expect(run.leftovers).toEqual([
    {
      what: `objects under spacelift-preflight/${run.run.id}/ in spacelift-states`,
      command: `mc rm --recursive --versions --force minio/spacelift-states/spacelift-preflight/${run.run.id}/`,
    },
  ]);
  for (const { key, versionId } of storage.store.bucket(real('states')).versions()) {
    storage.store.bucket(real('states')).remove(key, versionId);
  }
});

test('a bucket policy that opens a bucket, in whole or in part', async () => {
  const states = storage.store.bucket(real('states'));
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' } as const;
  states.policy = { Statement: [{ ...open, Resource: `arn:aws:s3:::${real('states')}/*` }] };
  let result = await storage.check();
  expect(judged(result)).toEqual({ fail: [], warn: ['states/public'] });
  expect(result.finding('object-storage/states/public')).toMatchObject({
    title: 'anyone can read spacelift-states',
    fix: 'mc anonymous set none minio/spacelift-states',
  });
  states.policy = {
    Statement: [{ ...open, Principal: { AWS: ['*'] }, Resource: `arn:aws:s3:::${real('states')}/docs/*` }],
  };
  result = await storage.check();
  expect(result.finding('object-storage/states/public')).toMatchObject({
    title: 'the policy of spacelift-states allows public access',
    fix: 'mc anonymous set none minio/spacelift-states/docs/',
  });
  states.policy = { Statement: [{ ...open, Action: 's3:*', Resource: `arn:aws:s3:::${real('states')}/*` }] };
  expect((await storage.check()).finding('object-storage/states/public').fix).toContain(
    'mc anonymous set-json FILE minio/spacelift-states',
  );
  const Condition = { Bool: { 'aws:SecureTransport': 'true' } };
  states.policy = { Statement: [{ ...open, Resource: `arn:aws:s3:::${real('states')}/*`, Condition }] };
  expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
  states.policy = undefined;
});

test('ten buckets are checked at once', async () => {
  const asked: string[] = [];
  storage.store.faults = {
    delayMs: 50,
    hangFor: ({ bucket }) => {
      if (bucket !== undefined) asked.push(bucket);
      return false;
    },
  };
  expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
  storage.store.faults = {};
  expectAtOnce(asked, 10);
});

test('versioning and expiry are judged bucket by bucket', async () => {
  const { store } = storage;
  store.bucket(real('modules')).versioning = undefined;
  store.bucket(real('states')).versioning = 'Suspended';
  store.bucket(real('modules')).lifecycle = [expiry(30)];
  store.bucket(real('uploads')).lifecycle = undefined;
  const result = await storage.check();
  expect(judged(result)).toEqual({
    fail: ['modules/retention', 'states/versioning'],
    warn: ['modules/versioning', 'uploads/retention'],
  });
  expect(result.finding('object-storage/states/versioning')).toMatchObject({
    title: 'versioning is not enabled on spacelift-states',
    fix: 'mc version enable minio/spacelift-states',
  });
  expect(result.finding('object-storage/modules/retention')).toMatchObject({ detail: 'expire: after 30 days' });
  expect(result.finding('object-storage/uploads/retention').fix).toBe(
    'mc ilm rule add --expire-days 1 minio/spacelift-uploads',
  );
  store.bucket(real('modules')).versioning = 'Enabled';
  store.bucket(real('states')).versioning = 'Enabled';
  store.bucket(real('modules')).lifecycle = undefined;
  store.bucket(real('uploads')).lifecycle = [expiry(2)];
  expect(store.snapshot()).toEqual(before);
});

test.each([
  ['disabled', { ...expiry(1), Status: 'Disabled' as const }],
  ['for older versions', { ID: 'a', Status: 'Enabled' as const, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
  ['for lone delete markers', { ID: 'a', Status: 'Enabled' as const, Expiration: { ExpiredObjectDeleteMarker: true } }],
  [
    'for broken uploads',
    { ID: 'a', Status: 'Enabled' as const, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
  ],
])('a rule that is %s deletes no current object', async (_, rule) => {
  const { store } = storage;
  store.bucket(real('states')).lifecycle = [rule];
  store.bucket(real('uploads')).lifecycle = [rule];
  expect(judged(await storage.check())).toEqual({ fail: [], warn: ['uploads/retention'] });
  store.bucket(real('states')).lifecycle = undefined;
  store.bucket(real('uploads')).lifecycle = [expiry(2)];
});

test.each([
  ['under a prefix', { ...expiry(1), Filter: { Prefix: 'old/' } }],
  ['with a tag', { ...expiry(1), Filter: { Tag: { Key: 'a', Value: 'b' } } }],
  ['on a date', { ID: 'd', Status: 'Enabled' as const, Expiration: { Date: '2030-01-01T00:00:00Z' } }],
])('a rule %s counts', async (_, rule) => {
  const { store } = storage;
  store.bucket(real('states')).lifecycle = [rule, { ...rule, ID: 'second', Status: 'Disabled' }];
  store.bucket(real('uploads')).lifecycle = [rule];
  expect(judged(await storage.check())).toEqual({ fail: ['states/retention'], warn: [] });
  store.bucket(real('states')).lifecycle = undefined;
  store.bucket(real('uploads')).lifecycle = [expiry(2)];
});
