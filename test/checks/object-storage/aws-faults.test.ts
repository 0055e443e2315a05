import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FaultReply, FaultRequest, S3Faults } from '../../services/s3/index.ts';
import { refusedPort } from '../../services/tcp.ts';
import type { Options } from '../../support/preflight.ts';
import { KMS_KEY, OPERATOR, ORIGIN, REGION, role, SERVER, startAws } from './aws-storage.ts';
import { contents, expiry, judged, real, type Storage } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startAws();
  before = storage.store.snapshot();
});
beforeEach(() => {
  storage.store.faults = {};
});
afterAll(() => storage.store.close());

const FIRST = 'object-storage/deliveries/access';

/** What comes of a fault; nothing of the run stays. */
async function under(faults: S3Faults, options: Parameters<Storage['check']>[0] = {}) {
  storage.store.faults = faults;
  const result = await storage.check(options);
  storage.store.faults = {};
  expect(storage.store.snapshot()).toEqual(before);
  expect(result.run.leftovers).toEqual([]);
  return result;
}

const refuse = (reply: FaultReply, when: (request: FaultRequest) => boolean = () => true): S3Faults => ({
  statusFor: (request) => (when(request) ? reply : undefined),
});
const isPut = ({ action }: FaultRequest) => action === 'PutObject';

test('FIPS where AWS has none is one failure with its way out', async () => {
  const variables = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_REGION: 'cn-north-1', AWS_DEFAULT_REGION: 'cn-north-1' };
  const result = await under({}, { variables, environment: { AWS_ENDPOINT_URL_S3: undefined } });
  expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
  expect(result.finding(FIRST)).toMatchObject({
    title: 'AWS_USE_FIPS_ENDPOINT requires an endpoint that AWS does not have in cn-north-1',
    fix: 'unset AWS_USE_FIPS_ENDPOINT, or correct AWS_REGION',
  });
});

describe('credentials', () => {
  test.each([
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO' }, 'invalid', /does not recognize the access key/],
    ['another secret', { AWS_SECRET_ACCESS_KEY: 'quite-another-secret' }, 'signature', /rejected the secret key/],
    ['a token that is no longer good', { AWS_SESSION_TOKEN: 'stale-session-token' }, 'invalid', /does not recognize/],
  ])('%s is one failure for the ten', async (_, variables, kind, title) => {
    const users = storage.store.users;
    storage.store.users = users.map((user) => ({
      ...user,
      ...('AWS_SESSION_TOKEN' in variables && { sessionToken: 'fresh' }),
    }));
    const result = await under({}, { variables });
    storage.store.users = users;
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({ title: expect.stringMatching(title) });
    expect(result.finding(FIRST).affected).toHaveLength(10);
    expect(JSON.stringify(result.findings)).not.toMatch(/another-secret|stale-session|AKIANOBODY/);
    const causes = result.run.checks.flatMap(({ findings }) => findings.map(({ cause }) => cause?.key));
    expect(new Set(causes.filter((key) => key !== undefined))).toEqual(new Set([`aws:credentials:${kind}`]));
  });

  test('an expired token', async () => {
    const { users } = storage.store;
    storage.store.users = [{ ...OPERATOR, expired: true }];
    const result = await under({});
    storage.store.users = users;
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('the AWS credentials have expired');
  });

  test.each([
    [3_600_000, 'by 60 min', 'behind'],
    [-3_600_000, 'by 60 min', 'ahead'],
  ])('a clock that is %i ms off is not corrected away', async (clockOffsetMs, title, detail) => {
    const result = await under({ clockOffsetMs });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toContain(title);
    expect(result.finding(FIRST).detail).toBe(`This machine’s clock is ${detail}.`);
  });
});

describe('regions', () => {
  test('a bucket in another region is told with the region that it is in', async () => {
    const { store } = storage;
    store.removeBucket(real('states'));
    store.createBucket(real('states'), { region: 'eu-central-1', versioning: 'Enabled' });
    const result = await storage.check();
    store.removeBucket(real('states'));
    store.createBucket(real('states'), { versioning: 'Enabled' });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access')).toMatchObject({
      title: 'spacelift-states is in eu-central-1, not in eu-west-1',
      fix: expect.stringMatching(
        /^set AWS_REGION and AWS_DEFAULT_REGION to eu-central-1, or create a bucket in eu-west-1: aws s3api create-bucket/,
      ),
      evidence: { bucket: 'spacelift-states', configured: REGION, region: 'eu-central-1' },
    });
  });

  test('all of them in another region is one failure', async () => {
    const result = await under({}, { variables: { AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-east-2' } });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('AWS_REGION is us-east-2, but the config names resources in eu-west-1');
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });
});

describe('a missing bucket', () => {
  test.each([
    [REGION, ' --create-bucket-configuration LocationConstraint=eu-west-1'],
    ['us-east-1', ''],
  ])('in %s is one failure with the commands that create it as it should be', async (region, more) => {
    const there = region === REGION ? storage : await startAws({ region });
    const result = await there.check({
      variables: { OBJECT_STORAGE_BUCKET_STATES: 'not-there', AWS_REGION: region, AWS_DEFAULT_REGION: region },
    });
    if (there !== storage) await there.store.close();
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access')).toMatchObject({
      title: 'bucket not-there does not exist',
      fix: [
        `aws s3api create-bucket --bucket not-there --region ${region}${more}`,
        'aws s3api put-bucket-versioning --bucket not-there --versioning-configuration Status=Enabled',
      ].join('\n'),
    });
  });

  test('a name that no bucket can have', async () => {
    const result = await under({}, { variables: { OBJECT_STORAGE_BUCKET_STATES: 'No_Bucket' } });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').title).toMatch(
      /^(bucket No_Bucket does not exist|No_Bucket is not a valid)/,
    );
  });
});

describe('denials', () => {
  test.each([
    ['Put', 's3:PutObject', 'run-logs'],
    ['Get', 's3:GetObject', 'states'],
    ['List', 's3:ListBucket', 'modules'],
    ['Delete', 's3:DeleteObject', 'metadata'],
  ])('%s alone is one failure that names the operation', async (grant, permission, bucket) => {
    const { users } = storage.store;
    storage.store.users = [{ ...SERVER, policy: role('server', { bucket, grant }) }];
    const result = await storage.check({ as: SERVER.accessKeyId, service: 'server' });
    storage.store.users = users;
    forget();
    expect(judged(result)).toEqual({ fail: [`${bucket}/access`], warn: [] });
    const found = result.finding(`object-storage/${bucket}/access`);
    expect(found.title).toBe(`the credentials lack ${permission} on spacelift-${bucket}`);
    expect(found.fix).toContain(`allow ${permission} on arn:aws:s3:::spacelift-${bucket}`);
  });

  const denied = (message: string): FaultReply => ({ status: 403, code: 'AccessDenied', message });
  const user =
    'User: arn:aws:sts::123456789012:assumed-role/spacelift/x is not authorized to perform: s3:PutObject on resource';
  test.each([
    [`${user} with an explicit deny in a resource-based policy`, /bucket policy denies/, /get-bucket-policy --bucket/],
    [`${user} with an explicit deny in a service control policy`, /organization/, /aws organizations/],
    [`${user} because no VPC endpoint policy allows the s3:PutObject action`, /VPC endpoint/, /vpc-endpoints/],
    [`${user} because no permissions boundary allows the s3:PutObject action`, /boundary/, /aws iam get-role/],
    [`${user} because no session policy allows the s3:PutObject action`, /session/, /role is assumed/],
    [`${user} with an explicit deny in an identity-based policy`, /policy of the role/, /list-attached/],
    ['Access Denied', /an account other than 123456789012/, /allow s3:PutObject/],
  ])('%s', async (message, detail, fix) => {
    const result = await under(refuse(denied(message), isPut));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: 'the credentials lack s3:PutObject',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
    expect(JSON.stringify(result.findings)).not.toContain('assumed-role');
  });

  test('the key that encrypts the buckets is told apart from S3', async () => {
    const message = `User: arn:aws:iam::123456789012:user/x is not authorized to perform: kms:GenerateDataKey on resource: ${KMS_KEY} because no identity-based policy allows the kms:GenerateDataKey action`;
    const result = await under(refuse(denied(message), isPut));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: 'the credentials lack kms:GenerateDataKey on the key that encrypts the buckets',
      fix: expect.stringContaining(`allow kms:GenerateDataKey on the key ${KMS_KEY}`),
    });
    expect(result.finding(FIRST).evidence).toMatchObject({ key: KMS_KEY });
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });

  test('reading may be denied by the key too, under a role', async () => {
    const message =
      'User: x is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
    storage.store.faults = refuse(denied(message), ({ action }) => action === 'GetObject');
    const result = await storage.check({ as: SERVER.accessKeyId, service: 'server' });
    storage.store.faults = {};
    forget();
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('the credentials lack kms:Decrypt on the key that encrypts the buckets');
  });

  test('a key that is disabled', async () => {
    const result = await under(refuse({ status: 400, code: 'KMS.DisabledException' }, isPut));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('the key that encrypts the buckets can’t be used: KMS.DisabledException');
  });
});

test.each([
  [503, 'SlowDown', /is throttling requests/, /run again later/],
  [500, 'InternalError', /S3 failed \(HTTP 500\)/, /health.aws.amazon.com/],
  [418, 'Teapot', /S3 refused a request: Teapot/, /look up Teapot/],
])('%i %s', async (status, code, title, fix) => {
  const result = await under(refuse({ status, code }, isPut));
  expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
  expect(result.finding(FIRST)).toMatchObject({
    title: expect.stringMatching(title),
    fix: expect.stringMatching(fix),
    evidence: { code, status },
  });
});

test('the object read differs from the one written', async () => {
  const result = await under({ corruptReads: true });
  expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
  expect(result.finding(FIRST).title).toBe('the object read differs from the one written');
});

describe('settings of a bucket', () => {
  /** Changes one bucket, and puts it back. */
  async function changed(bucket: string, settings: object, options: Options = {}) {
    const there = storage.store.bucket(real(bucket));
    const was = { ...there };
    Object.assign(there, settings);
    const result = await storage.check(options);
    Object.assign(there, was);
    expect(storage.store.snapshot()).toEqual(before);
    return result;
  }

  test('versioning off', async () => {
    const result = await changed('states', { versioning: undefined });
    expect(judged(result)).toEqual({ fail: ['states/versioning'], warn: [] });
    expect(result.finding('object-storage/states/versioning').fix).toBe(
      'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled',
    );
    expect(judged(await changed('modules', { versioning: 'Suspended' }))).toEqual({
      fail: [],
      warn: ['modules/versioning'],
    });
  });

  test('expiry where it destroys data, and none where it saves money', async () => {
    let result = await changed('states', { lifecycle: [expiry(30)] });
    expect(judged(result)).toEqual({ fail: ['states/retention'], warn: [] });
    expect(result.finding('object-storage/states/retention')).toMatchObject({
      detail: 'expire: after 30 days',
      fix: expect.stringContaining('aws s3api delete-bucket-lifecycle --bucket spacelift-states'),
    });
    const dated = { ID: 'once', Status: 'Enabled', Filter: {}, Expiration: { Date: '2031-01-01T00:00:00.000Z' } };
    result = await changed('states', { lifecycle: [dated] });
    expect(result.finding('object-storage/states/retention').detail).toBe('once: on 2031-01-01');
    result = await changed('uploads', { lifecycle: undefined });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/retention'] });
    expect(result.finding('object-storage/uploads/retention').fix).toContain(
      `--bucket spacelift-uploads --lifecycle-configuration '{"Rules":[{"ID":"expire","Status":"Enabled","Filter":{},"Expiration":{"Days":1}}]}'`,
    );
  });

  test.each([
    ['disabled', { ...expiry(1), Status: 'Disabled' }],
    ['for older versions', { ID: 'a', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
    ['for lone delete markers', { ID: 'a', Status: 'Enabled', Expiration: { ExpiredObjectDeleteMarker: true } }],
    ['for broken uploads', { ID: 'a', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
  ])('a rule that is %s destroys nothing', async (_, rule) => {
    expect(judged(await changed('states', { lifecycle: [rule] }))).toEqual({ fail: [], warn: [] });
  });

  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' } as const;
  const restricted = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  test('a policy that opens it, in whole or in part, unless the bucket is shut all the same', async () => {
    const whole = { Statement: [{ ...open, Resource: 'arn:aws:s3:::spacelift-states/*' }] };
    const part = { Statement: [{ ...open, Resource: 'arn:aws:s3:::spacelift-states/docs/*' }] };
    const result = await changed('states', { policy: whole });
    expect(judged(result)).toEqual({ fail: [], warn: ['states/public'] });
    expect(result.finding('object-storage/states/public')).toMatchObject({
      title: 'anyone can read spacelift-states',
      fix: expect.stringContaining('put-public-access-block --bucket spacelift-states'),
    });
    expect((await changed('states', { policy: part })).finding('object-storage/states/public').title).toBe(
      'the policy of spacelift-states allows public access',
    );
    expect(judged(await changed('states', { policy: part, publicAccessBlock: restricted }))).toEqual({
      fail: [],
      warn: [],
    });
  });

  test.each(['policyStatus', 'publicAccessBlock'])(
    'a store that fails to tell ?%s is a failure, not public access',
    async (setting) => {
      const part = { Statement: [{ ...open, Resource: 'arn:aws:s3:::spacelift-states/docs/*' }] };
      storage.store.faults = refuse(
        { status: 500, code: 'InternalError' },
        ({ bucket, query }) => bucket === 'spacelift-states' && query.includes(setting),
      );
      const result = await changed('states', { policy: part });
      expect(judged(result)).toEqual({ fail: ['states/public'], warn: [] });
      expect(result.finding('object-storage/states/public').title).toBe(
        'S3 failed to read the policy of spacelift-states (HTTP 500)',
      );
    },
  );

  test.each([
    ['none', undefined, ['PUT', 'POST']],
    [
      'of another origin',
      [{ AllowedOrigins: ['https://example.org'], AllowedMethods: ['PUT', 'POST'] }],
      ['PUT', 'POST'],
    ],
    ['without POST', [{ AllowedOrigins: [ORIGIN], AllowedMethods: ['PUT'] }], ['POST']],
  ])('CORS: %s', async (_, cors, refused) => {
    const result = await changed('uploads', { cors });
    expect(judged(result)).toEqual({ fail: ['uploads/cors'], warn: [] });
    expect(result.finding('object-storage/uploads/cors')).toMatchObject({
      fix: `aws s3api put-bucket-cors --bucket spacelift-uploads --cors-configuration '{"CORSRules":[{"AllowedOrigins":["${ORIGIN}"],"AllowedMethods":["PUT","POST"],"AllowedHeaders":["*"]}]}'`,
      evidence: { refused },
    });
  });
});

describe('the browser’s way', () => {
  test('an uploads URL of another origin', async () => {
    const url = 'https://spacelift-uploads.s3.eu-west-1.amazonaws.com';
    const result = await under({}, { variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: url } });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/url'] });
    expect(result.finding('object-storage/uploads/url').fix).toBe(
      `set OBJECT_STORAGE_BUCKET_UPLOADS_URL=${storage.store.url}`,
    );
  });

  test.each([
    ['drops headers with underscores', { dropUnderscoreHeaders: true }, /drops headers/],
    ['caps bodies', { maxBodyBytes: 1024 * 1024 }, /rejects request bodies of 2 MiB/],
  ])('a proxy that %s', async (_, faults, title) => {
    const result = await under(faults);
    expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
    expect(result.finding('object-storage/uploads/proxy').title).toMatch(title);
  });

  test('pre-signed URLs that something in between breaks', async () => {
    const broken = refuse({ status: 403, code: 'SignatureDoesNotMatch' }, ({ query }) =>
      query.includes('X-Amz-Algorithm'),
    );
    const result = await under(broken);
    expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
    expect(result.finding('object-storage/deliveries/presigned').title).toBe('pre-signed URLs are rejected');
  });
});

describe('the way to S3', () => {
  test('nothing listens', async () => {
    const { port } = await refusedPort();
    const result = await under({}, { environment: { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` } });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: `127.0.0.1:${port} refused the connection`,
      fix: expect.stringContaining('AWS_ENDPOINT_URL_S3'),
    });
  });

  test('a page instead of S3', async () => {
    const page = { status: 200, code: '', headers: { 'content-type': 'text/html' } };
    const result = await under(refuse(page));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toMatch(/does not look like S3$/);
  });

  test('an operation that hangs ends at its deadline', async () => {
    const result = await under({
      hangFor: ({ action, bucket }) => action === 'GetObject' && bucket === real('states'),
    });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').title).toMatch(/^connected to .* within 10 s$/);
  });

  test('a run that is interrupted removes what it wrote', async () => {
    const interrupt = new AbortController();
    const result = await under(
      {
        hangFor: ({ action }) => {
          if (action !== 'GetObject') return false;
          setTimeout(() => interrupt.abort(), 20);
          // What was being written or deleted meanwhile is looked for afterward.
          return !interrupt.signal.aborted;
        },
      },
      { interrupt: interrupt.signal },
    );
    expect(result.run.interrupted).toBe(true);
    expect(contents(storage.store)).toEqual([]);
  });
});

/** Removes what a role may leave. */
function forget(): void {
  for (const name of Object.keys(before)) {
    const bucket = storage.store.bucket(name);
    for (const { key, versionId } of bucket.versions()) bucket.remove(key, versionId);
  }
  expect(storage.store.snapshot()).toEqual(before);
}
