/** Faults of the ten S3 buckets. */
import type { BucketSettings, FaultReply, FaultRequest, LifecycleRule, Statement } from '../../services/s3/index.ts';
import type { Who } from '../../support/estate.ts';
import { config, once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { both, bucket, denies, forgetting, lacks, s3Faults } from './arrange.ts';

const of = (name: string, rule = 'access') => [`object-storage/${name}/${rule}`];
const FIRST = of('deliveries');

/** A further bucket, which a variable then names. */
const another =
  (variable: string, name: string, settings: BucketSettings): Arrange =>
  ({ estate: { eks } }) => {
    eks.s3.createBucket(name, settings);
    return { variables: { [variable]: name }, undo: () => eks.s3.removeBucket(name) };
  };

const refusing = (reply: FaultReply, when: (request: FaultRequest) => boolean = () => true): Arrange =>
  s3Faults({ statusFor: (request) => (when(request) ? reply : undefined) });
const refusingOnce =
  (reply: FaultReply): Arrange =>
  (there) => {
    const first = once();
    return refusing(reply, ({ action, bucket: name }) => first(`${action} ${name}`))(there);
  };
const isPut = ({ action }: FaultRequest) => action === 'PutObject';
const RETRY = { 'retry-after': '1' };

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21';
const denied = (action: string, on: string, why: string): FaultReply => ({
  status: 403,
  code: 'AccessDenied',
  message: `User: arn:aws:iam::123456789012:user/x is not authorized to perform: ${action} on resource: ${on} ${why}`,
});

const expiring = (more: Partial<LifecycleRule> = {}): BucketSettings => ({
  lifecycle: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 }, ...more }],
});
const open = (Resource: string, more: Partial<Statement> = {}): BucketSettings => ({
  policy: {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Resource}`, ...more },
    ],
  },
});
const SHUT = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const cors = (AllowedOrigins: string[], AllowedMethods: string[]): Arrange =>
  bucket('uploads', { cors: [{ AllowedOrigins, AllowedMethods, AllowedHeaders: ['*'] }] });

const role = (who: Who, action: string, name: string): Fault => ({
  name: `s3:${action} on ${name} denied to the ${who}`,
  as: who,
  arrange: lacks(who, [`s3:${action}`], action === 'ListBucket' ? `spacelift-${name}` : `spacelift-${name}/*`),
  fail: of(name),
  says: new RegExp(`the credentials lack s3:${action} on spacelift-${name}\nNo policy of the role or user allows it`),
  leaves: true,
});

export const S3: readonly Fault[] = [
  {
    name: 'an S3 bucket’s name that is one letter off',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_RUN_LOGS: 'spacelift-run-log' })),
    fail: of('run-logs'),
    says: /^bucket spacelift-run-log does not exist\nspacelift-run-logs exists, and no variable names it\.$/,
  },
  {
    name: 'an S3 bucket’s name that is one letter off, where buckets can’t be listed',
    arrange: both(
      refusing({ status: 403, code: 'AccessDenied' }, ({ action }) => action === 'ListBuckets'),
      config(() => ({ OBJECT_STORAGE_BUCKET_RUN_LOGS: 'spacelift-run-log' })),
    ),
    fail: of('run-logs'),
    says: /^bucket spacelift-run-log does not exist\n$/,
  },
  {
    name: 'S3 states under governance for a day',
    arrange: both(bucket('states', { objectLock: { mode: 'GOVERNANCE', days: 1 } }), forgetting),
    leaves: true,
  },
  {
    name: 'S3 states under compliance, which the operator may not look at',
    arrange: both(
      bucket('states', { objectLock: { mode: 'COMPLIANCE', days: 1 } }),
      refusing({ status: 403, code: 'AccessDenied' }, ({ action }) => action === 'GetObjectLockConfiguration'),
      forgetting,
    ),
    leaves: true,
  },
  {
    name: 'an S3 bucket that does not exist',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_STATES: 'spacelift-sates' })),
    fail: of('states'),
    says: /bucket spacelift-sates does not exist/,
  },
  {
    name: 'a name that no S3 bucket can have',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_STATES: 'Spacelift_States' })),
    fail: of('states'),
    says: /Spacelift_States is not a valid bucket name/,
  },
  {
    name: 'an S3 bucket of another region',
    arrange: another('OBJECT_STORAGE_BUCKET_STATES', 'spacelift-paris', { region: 'eu-west-3', versioning: 'Enabled' }),
    fail: of('states'),
    says: /spacelift-paris is in eu-west-3, not in eu-central-1/,
  },
  {
    name: 'an S3 bucket of another account',
    arrange: refusing(
      { status: 403, code: 'AccessDenied', message: 'Access Denied' },
      ({ bucket: name }) => name === 'spacelift-modules',
    ),
    fail: of('modules'),
    says: /the credentials lack s3:PutObject on spacelift-modules\nS3 gives no reason, as is usual for a bucket in an account other than 123456789012/,
  },
  {
    name: 'two variables, one S3 bucket',
    arrange: config((variables) => ({ OBJECT_STORAGE_BUCKET_DELIVERIES: variables.OBJECT_STORAGE_BUCKET_METADATA })),
    warn: ['object-storage/distinct'],
    says: /spacelift-metadata/,
  },
  {
    name: 'no versioning on the S3 bucket of states',
    arrange: bucket('states', { versioning: undefined }),
    fail: of('states', 'versioning'),
    says: /versioning is not enabled on spacelift-states/,
  },
  {
    name: 'no versioning on the S3 bucket of modules',
    arrange: bucket('modules', { versioning: undefined }),
    warn: of('modules', 'versioning'),
    says: /versioning is not enabled on spacelift-modules/,
  },
  {
    name: 'states that expire in S3',
    arrange: bucket('states', expiring()),
    fail: of('states', 'retention'),
    says: /objects in spacelift-states expire\nold: after 30 days/,
  },
  {
    name: 'modules that expire in S3',
    arrange: bucket('modules', expiring({ Expiration: { Date: '2031-01-01T00:00:00.000Z' } })),
    fail: of('modules', 'retention'),
    says: /objects in spacelift-modules expire\nold: on 2031-01-01/,
  },
  { name: 'a rule that is switched off on states', arrange: bucket('states', expiring({ Status: 'Disabled' })) },
  {
    name: 'older versions of states that expire',
    arrange: bucket('states', {
      lifecycle: [{ ID: 'old', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } }],
    }),
  },
  {
    name: 'uploads that never expire in S3',
    arrange: bucket('uploads', { lifecycle: undefined }),
    warn: of('uploads', 'retention'),
    says: /objects in spacelift-uploads never expire/,
  },
  {
    name: 'an S3 bucket that everyone can read',
    arrange: bucket('run-logs', open('spacelift-run-logs/*')),
    warn: of('run-logs', 'public'),
    says: /anyone can read spacelift-run-logs/,
  },
  {
    name: 'an S3 bucket of which everyone can read a part',
    arrange: bucket('workspace', open('spacelift-workspace/public/*')),
    warn: of('workspace', 'public'),
    says: /the policy of spacelift-workspace allows public access/,
  },
  {
    name: 'an open policy on a bucket that is shut all the same',
    arrange: bucket('workspace', { ...open('spacelift-workspace/*'), publicAccessBlock: SHUT }),
  },
  {
    name: 'no CORS on the S3 bucket of uploads',
    arrange: bucket('uploads', { cors: undefined }),
    fail: of('uploads', 'cors'),
    says: /CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS for PUT alone',
    arrange: cors(['https://localhost'], ['PUT']),
    fail: of('uploads', 'cors'),
    says: /CORS does not allow POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS for http instead of https',
    arrange: cors(['http://localhost'], ['PUT', 'POST']),
    fail: of('uploads', 'cors'),
    says: /CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads/,
  },
  { name: 'CORS for every origin', arrange: cors(['*'], ['PUT', 'POST', 'GET']) },
  {
    name: 'an uploads URL of another region',
    arrange: config(() => ({
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://spacelift-uploads.s3.us-east-1.amazonaws.com',
    })),
    warn: of('uploads', 'url'),
    says: /the uploads URL points to https:\/\/spacelift-uploads\.s3\.us-east-1\.amazonaws\.com, but uploads go to http:\/\/127/,
  },
  {
    name: 'a proxy before S3 that drops headers with underscores',
    arrange: s3Faults({ dropUnderscoreHeaders: true }),
    fail: of('uploads', 'proxy'),
    says: /a proxy in front of S3 drops headers with underscores\n.*x-amz-meta-preflight_probe does not arrive/,
  },
  {
    name: 'a proxy before S3 that caps bodies',
    arrange: s3Faults({ maxBodyBytes: 1024 * 1024 }),
    fail: of('uploads', 'proxy'),
    says: /a proxy in front of S3 rejects request bodies of 2 MiB\n.*HTTP 413/,
  },
  {
    name: 'a proxy before S3 that changes the query',
    arrange: refusing({ status: 403, code: 'SignatureDoesNotMatch' }, ({ query }) => query.includes('X-Amz-Signature')),
    fail: of('deliveries', 'presigned'),
    says: /pre-signed URLs are rejected/,
  },
  role('server', 'PutObject', 'run-logs'),
  role('server', 'GetObject', 'states'),
  role('server', 'DeleteObject', 'metadata'),
  role('server', 'ListBucket', 'modules'),
  role('drain', 'GetObject', 'run-logs'),
  role('drain', 'PutObject', 'deliveries'),
  role('drain', 'ListBucket', 'policy-inputs'),
  role('drain', 'DeleteObject', 'metadata'),
  {
    name: 'an IAM policy that denies s3:PutObject',
    as: 'server',
    arrange: denies('server', 's3:PutObject'),
    fail: FIRST,
    says: /the credentials lack s3:PutObject\nA policy of the role or user denies it/,
  },
  {
    name: 'a bucket policy that denies writing',
    arrange: bucket('metadata', open('spacelift-metadata/*', { Effect: 'Deny', Action: 's3:PutObject' })),
    fail: of('metadata'),
    says: /the credentials lack s3:PutObject on spacelift-metadata\nThe bucket policy denies it/,
  },
  {
    name: 'a service control policy that denies S3',
    arrange: refusing(denied('s3:PutObject', '*', 'with an explicit deny in a service control policy'), isPut),
    fail: FIRST,
    says: /the credentials lack s3:PutObject\nA policy of the AWS organization denies it/,
  },
  {
    name: 'a VPC endpoint policy that denies S3',
    arrange: refusing(
      denied('s3:PutObject', '*', 'because no VPC endpoint policy allows the s3:PutObject action'),
      isPut,
    ),
    fail: FIRST,
    says: /the credentials lack s3:PutObject\nThe VPC endpoint policy denies it/,
  },
  {
    name: 'a key of the buckets that may not encrypt',
    arrange: refusing(
      denied('kms:GenerateDataKey', KEY, 'because no identity-based policy allows the kms:GenerateDataKey action'),
      isPut,
    ),
    fail: FIRST,
    says: /the credentials lack kms:GenerateDataKey on the key that encrypts the buckets\nS3 itself allows the operation, but AWS KMS denies the use of the key/,
  },
  {
    name: 'a key of the buckets that may not decrypt',
    as: 'server',
    arrange: both(
      refusing(
        denied('kms:Decrypt', KEY, 'because no identity-based policy allows the kms:Decrypt action'),
        ({ action }) => action === 'GetObject',
      ),
      forgetting,
    ),
    fail: FIRST,
    says: /the credentials lack kms:Decrypt on the key that encrypts the buckets/,
    leaves: true,
  },
  {
    name: 'a key of the buckets that is disabled',
    arrange: refusing({ status: 400, code: 'KMS.DisabledException' }, isPut),
    fail: FIRST,
    says: /the key that encrypts the buckets can’t be used: KMS\.DisabledException/,
  },
  {
    name: 'S3 objects that come back changed',
    arrange: s3Faults({ corruptReads: true }),
    fail: FIRST,
    says: /the object read differs from the one written/,
  },
  { name: 'an S3 that fails once', arrange: refusingOnce({ status: 500, code: 'InternalError', headers: RETRY }) },
  {
    name: 'an S3 that asks to slow down once',
    arrange: refusingOnce({ status: 503, code: 'SlowDown', headers: RETRY }),
  },
  {
    name: 'an S3 that always fails',
    arrange: refusing({ status: 500, code: 'InternalError', headers: RETRY }),
    fail: FIRST,
    says: /S3 failed \(HTTP 500\)/,
  },
  {
    name: 'an S3 that always asks to slow down',
    arrange: refusing({ status: 503, code: 'SlowDown', headers: RETRY }),
    fail: FIRST,
    says: /S3 is throttling requests/,
  },
  {
    name: 'a clock that S3 alone takes for wrong',
    arrange: s3Faults({ clockOffsetMs: 3_600_000 }),
    fail: FIRST,
    says: /the clocks of this machine and AWS differ by 60 min/,
  },
];
