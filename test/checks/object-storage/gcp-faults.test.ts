import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BucketSettings, GcsFaults } from '../../services/gcs/index.ts';
import { expiry, grantTo, isPut, ORIGIN, refuse, type Storage, settingsOf, startGcp } from './gcp-storage.ts';
import { judged, NAMES, PROBE, real } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startGcp();
});
beforeEach(() => {
  storage.reset();
  storage.gcs.faults = {};
  before = storage.gcs.snapshot();
  storage.gcs.requests.length = 0;
});
afterAll(() => storage.gcs.close());

const FIRST = 'object-storage/deliveries/access';

/** What comes of a fault; nothing of the run stays. */
async function under(faults: GcsFaults, options: Parameters<Storage['check']>[0] = {}) {
  storage.gcs.faults = faults;
  const result = await storage.check(options);
  storage.gcs.faults = {};
  expect(storage.gcs.snapshot()).toEqual(before);
  expect(result.run.leftovers).toEqual([]);
  return result;
}

describe('denials', () => {
  const ALL = ['create', 'get', 'list', 'delete'];
  test.each([
    ['create', 'write to', 'deliveries', true],
    ['get', 'read from', 'states', true],
    ['list', 'list', 'modules', false],
    ['delete', 'delete from', 'metadata', false],
  ])('storage.objects.%s alone is one failure that names it', async (verb, words, bucket, clean) => {
    storage.gcs.roles['roles/custom'] = ALL.filter((one) => one !== verb).map((one) => `storage.objects.${one}`);
    storage.gcs.bucket(real(bucket)).bindings = [grantTo(storage.spacelift.email, 'roles/custom')];
    const was = storage.gcs.bucket(real(bucket)).snapshot();
    const result = await storage.check({ as: storage.keyFiles.spacelift, service: 'server' });
    expect(judged(result)).toEqual({ fail: [`${bucket}/access`], warn: [] });
    const found = result.finding(`object-storage/${bucket}/access`);
    expect(found).toMatchObject({
      fix: `gcloud storage buckets add-iam-policy-binding gs://${real(bucket)} --member=serviceAccount:${storage.spacelift.email} --role=roles/storage.objectAdmin`,
    });
    expect(JSON.stringify(found)).toContain(`storage.objects.${verb}`);
    expect(found.title).toMatch(new RegExp(`which is needed to ${words} |is missing for`));
    if (clean) expect(storage.gcs.bucket(real(bucket)).snapshot()).toEqual(was);
    else
      expect(
        storage.gcs
          .bucket(real(bucket))
          .list(true)
          .map(({ name }) => name),
      ).toEqual([PROBE]);
  });

  test('everywhere is one failure, and a skip where only one service writes', async () => {
    for (const bucket of NAMES) storage.gcs.bucket(real(bucket)).bindings = [];
    before = storage.gcs.snapshot();
    const result = await under({}, { as: storage.keyFiles.spacelift });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe(`storage.objects.create is missing for ${storage.spacelift.email}`);
    expect(result.finding(FIRST).affected).toHaveLength(7);
    expect(result.finding('object-storage/states/access').title).toContain('only the server needs');
  });

  test.each([
    [
      403,
      'forbidden',
      'Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key.',
      /the key that encrypts the buckets can’t be used/,
      /gcloud storage service-agent --authorize-cmek=/,
    ],
    [
      403,
      'accountDisabled',
      'The billing account for the owning project is disabled in state absent',
      /no active billing account/,
      /gcloud billing projects link/,
    ],
    [
      403,
      'forbidden',
      "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abcdef",
      /VPC Service Controls perimeter/,
      /gcloud access-context-manager perimeters update/,
    ],
    [
      403,
      'forbidden',
      'ann@example.test does not have serviceusage.services.use access to the Google Cloud project.',
      /lack serviceusage\.services\.use on/,
      /roles\/serviceusage\.serviceUsageConsumer/,
    ],
  ])('%i %s: %s', async (status, reason, message, title, fix) => {
    const result = await under(refuse({ status, reason, message }, isPut));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    const found = result.finding(FIRST);
    expect(found).toMatchObject({ title: expect.stringMatching(title), fix: expect.stringMatching(fix) });
    expect(found.affected).toHaveLength(10);
    expect(JSON.stringify(result.findings)).not.toMatch(/ann@example|abcdef/);
  });

  test('a retention policy keeps what was written, and it is listed', async () => {
    const message =
      "Object 'x' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until 2031-01-01";
    storage.gcs.faults = refuse(
      { status: 403, reason: 'retentionPolicyNotMet', message },
      ({ action, bucket, query }) =>
        action === 'storage.objects.delete' && bucket === real('metadata') && query !== 'generation=1',
    );
    const result = await storage.check();
    storage.gcs.faults = {};
    expect(judged(result)).toEqual({ fail: ['metadata/access'], warn: [] });
    expect(result.finding('object-storage/metadata/access')).toMatchObject({
      title: 'a retention policy or hold prevents the deletion of objects in spacelift-metadata',
      fix: expect.stringContaining('gcloud storage buckets update gs://spacelift-metadata --clear-retention-period'),
    });
    expect(result.run.leftovers.map(({ command }) => command)).toEqual([
      expect.stringMatching(/^gcloud storage rm --recursive gs:\/\/spacelift-metadata\/spacelift-preflight\/[\w-]+\/$/),
    ]);
  });
});

describe('a bucket', () => {
  test('that is missing', async () => {
    const result = await under({}, { variables: { OBJECT_STORAGE_BUCKET_STATES: 'not-there' } });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access')).toMatchObject({
      title: 'bucket not-there does not exist',
      fix: 'create it: gcloud storage buckets create gs://not-there --location=LOCATION --uniform-bucket-level-access',
    });
  });

  test('with a name that no bucket can have', async () => {
    const result = await under(
      refuse(
        { status: 400, reason: 'invalid', message: "Invalid bucket name: 'No_Bucket'" },
        ({ bucket }) => bucket === 'No_Bucket',
      ),
      { variables: { OBJECT_STORAGE_BUCKET_STATES: 'No_Bucket' } },
    );
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').title).toBe('No_Bucket is not a valid bucket name');
  });
});

describe('settings of a bucket', () => {
  async function changed(bucket: string, settings: BucketSettings) {
    Object.assign(storage.gcs.bucket(real(bucket)), settings);
    before = storage.gcs.snapshot();
    return under({});
  }

  test.each([undefined, { enabled: false }])('versioning %j', async (versioning) => {
    const off = { ...settingsOf('states') };
    delete off.versioning;
    storage.gcs.createBucket(real('states'), { ...off, ...(versioning && { versioning }) });
    const result = await changed('states', {});
    expect(judged(result)).toEqual({ fail: ['states/versioning'], warn: [] });
    expect(result.finding('object-storage/states/versioning').fix).toBe(
      'gcloud storage buckets update gs://spacelift-states --versioning',
    );
    expect(judged(await changed('modules', { versioning: { enabled: false } })).warn).toEqual(['modules/versioning']);
  });

  test('versioning off is seen under a service’s role too', async () => {
    storage.gcs.bucket(real('states')).versioning = { enabled: false };
    const result = await storage.check({ as: storage.keyFiles.spacelift, service: 'server' });
    expect(judged(result)).toEqual({ fail: ['states/versioning'], warn: [] });
  });

  test('expiry where it destroys data, and none where it saves money', async () => {
    let result = await changed('states', {
      lifecycle: {
        rule: [expiry(30), { action: { type: 'Delete' }, condition: { age: 1, matchesPrefix: ['a/', 'b/'] } }],
      },
    });
    expect(judged(result)).toEqual({ fail: ['states/retention'], warn: [] });
    expect(result.finding('object-storage/states/retention')).toMatchObject({
      detail: 'rule 1: after 30 days; rule 2: after 1 day, under a/, b/',
      fix: expect.stringContaining('gcloud storage buckets update gs://spacelift-states --clear-lifecycle'),
    });
    storage.reset();
    result = await changed('uploads', { lifecycle: { rule: [] } });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/retention'] });
    expect(result.finding('object-storage/uploads/retention').fix).toContain(
      `printf %s '{"rule":[{"action":{"type":"Delete"},"condition":{"age":1}}]}' | tee lifecycle.json\ngcloud storage buckets update gs://spacelift-uploads --lifecycle-file=lifecycle.json`,
    );
  });

  test.each([
    { createdBefore: '2031-01-01' },
    { customTimeBefore: '2031-01-01' },
    { daysSinceCustomTime: 3 },
    { isLive: true, age: 3 },
    { matchesSuffix: ['.tmp'] },
    { matchesStorageClass: ['NEARLINE'] },
  ])('a rule on %j hits current objects', async (condition) => {
    const result = await changed('modules', { lifecycle: { rule: [{ action: { type: 'Delete' }, condition }] } });
    expect(judged(result)).toEqual({ fail: ['modules/retention'], warn: [] });
    expect(result.finding('object-storage/modules/retention').detail).toMatch(
      /^rule 1: (after|when|3 days|ending|in storage class)/,
    );
  });

  test.each([
    [{ isLive: false, age: 1 }],
    [{ daysSinceNoncurrentTime: 1 }],
    [{ numNewerVersions: 3 }],
    [{ noncurrentTimeBefore: '2031-01-01' }],
  ])('a rule on %j destroys nothing', async (condition) => {
    const rule = [
      { action: { type: 'Delete' as const }, condition },
      { action: { type: 'SetStorageClass' as const, storageClass: 'NEARLINE' }, condition: { age: 1 } },
      { action: { type: 'AbortIncompleteMultipartUpload' as const }, condition: { age: 1 } },
    ];
    expect(judged(await changed('states', { lifecycle: { rule } }))).toEqual({ fail: [], warn: [] });
  });

  test.each([
    ['everyone', 'allUsers', 'roles/storage.objectViewer', 'anyone can read spacelift-states'],
    [
      'every Google account',
      'allAuthenticatedUsers',
      'roles/storage.objectViewer',
      'the policy of spacelift-states allows public access',
    ],
    [
      'everyone who writes',
      'allUsers',
      'roles/storage.objectCreator',
      'the policy of spacelift-states allows public access',
    ],
  ])('a policy that opens it to %s', async (_, member, role, title) => {
    const bindings = [...storage.gcs.bucket(real('states')).bindings, { role, members: [member] }];
    const result = await changed('states', { bindings });
    expect(judged(result)).toEqual({ fail: [], warn: ['states/public'] });
    expect(result.finding('object-storage/states/public')).toMatchObject({
      title,
      fix: 'gcloud storage buckets update gs://spacelift-states --public-access-prevention',
    });
    const prevented = { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' } as const;
    expect(judged(await changed('states', { bindings, iamConfiguration: prevented }))).toEqual({ fail: [], warn: [] });
  });

  test.each([
    ['none', undefined, ['PUT', 'POST']],
    ['of another origin', [{ origin: ['https://example.org'], method: ['PUT', 'POST'] }], ['PUT', 'POST']],
    ['without POST', [{ origin: [ORIGIN], method: ['PUT'] }], ['POST']],
  ])('CORS: %s', async (_, cors, refused) => {
    storage.gcs.bucket(real('uploads')).cors = cors;
    const result = await changed('uploads', {});
    expect(judged(result)).toEqual({ fail: ['uploads/cors'], warn: [] });
    expect(result.finding('object-storage/uploads/cors')).toMatchObject({
      fix: `printf %s '[{"origin":["${ORIGIN}"],"method":["PUT","POST"],"responseHeader":["*"],"maxAgeSeconds":3600}]' | tee cors.json\ngcloud storage buckets update gs://spacelift-uploads --cors-file=cors.json`,
      evidence: { refused },
    });
  });
});

test('pages of a listing without end are a failure, and not for ever', async () => {
  storage.gcs.faults = { endlessPages: true };
  const result = await storage.check({ only: ['object-storage/states/*'] });
  storage.gcs.faults = {};
  expect(JSON.stringify(result.findings)).toContain('sends an endless response');
  const lists = storage.gcs.requests.filter(({ action }) => action === 'storage.objects.list');
  expect(lists.length).toBeGreaterThan(100);
  expect(lists.length).toBeLessThanOrEqual(500);
});
