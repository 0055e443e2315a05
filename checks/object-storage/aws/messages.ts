/** The way out in AWS's own words: `aws s3api` commands, and what S3 says of a refusal. */

import { credentialIssue, credentialKind } from '../../../src/clouds/aws/errors.ts';
import { keyArnIn, keyCause, keyState } from '../../../src/clouds/aws/kms-key.ts';
import { regionCause } from '../../../src/clouds/aws/messages.ts';
import { SET_CLOCK } from '../../../src/clouds/fixes.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, output, type Shell, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { lookUp, RUN_LATER, rename } from '../fixes.ts';
import type { StoreError, StoreMessages } from '../store.ts';

export interface Names {
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  readonly account: string | undefined;
  /** The variable that names another endpoint than AWS's own. */
  readonly endpointFrom: string | undefined;
}

const PERMISSION: StoreMessages['permission'] = {
  put: 's3:PutObject',
  get: 's3:GetObject',
  list: 's3:ListBucket',
  delete: 's3:DeleteObject',
  'read versioning': 's3:GetBucketVersioning',
  'read lifecycle': 's3:GetLifecycleConfiguration',
  'read policy': 's3:GetBucketPolicyStatus',
};

const resource = ({ partition }: Names, action: string, bucket: string): string =>
  `arn:${partition}:s3:::${bucket}${['put', 'get', 'delete'].includes(action) ? '/*' : ''}`;

export function awsMessages(names: Names): StoreMessages {
  const { region, endpointFrom } = names;
  const atEndpoint = endpointFrom === undefined ? 'AWS_REGION' : endpointFrom;
  const endpoint = sh`aws ec2 create-vpc-endpoint --service-name com.amazonaws.${region}.s3`;
  const overTls = advice`set ${atEndpoint} to an https:// URL`;
  return {
    permission: PERMISSION,
    mend: {
      // Those on credentials are the same for every AWS service: `awsSays`.
      credentials: () => advice`set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      signature: () => advice`set AWS_SECRET_ACCESS_KEY to the secret of AWS_ACCESS_KEY_ID`,
      expired: () => advice`get new credentials`,
      'clock-skew': () => SET_CLOCK,
      denied: ({ action, bucket }) =>
        advice`allow ${PERMISSION[action]} on ${resource(names, action, bucket)} in a policy of the role: aws iam put-role-policy`,
      'no-bucket': ({ bucket }) => command(createBucket(bucket, region)),
      'invalid-name': ({ bucket }) => rename('bucket', bucket),
      'wrong-region': ({ bucket }) =>
        command(sh`aws s3api head-bucket --bucket ${bucket}`, { note: 'see where it is' }),
      'slow-down': () => advice`run again later; S3 limits requests for each prefix of a bucket`,
      starting: () => RUN_LATER,
      full: () => RUN_LATER,
      quota: ({ bucket }) =>
        command(sh`aws service-quotas list-service-quotas --service-code s3`, {
          note: `look at the limits of the account and of ${bucket}`,
        }),
      'too-large': () => advice`raise the limit of the proxy in front of S3 (nginx: client_max_body_size)`,
      'server-error': () =>
        advice`run again; if it stays, see https://health.aws.amazon.com, and the log of a proxy in between`,
      'not-a-store': () =>
        endpointFrom === undefined
          ? advice`let the proxy or firewall in between pass requests to S3 as they are`
          : advice`set ${endpointFrom} to an endpoint of S3, or remove it`,
      other: ({ code }) => lookUp(code, 'S3’s error responses'),
    },
    network: {
      ...(endpointFrom === undefined && {
        dns: advice`give Spacelift’s network DNS for S3 in ${region}, and see that AWS_REGION is right`,
        timeout: advice`let Spacelift’s network reach S3: a NAT gateway, or a gateway endpoint (${endpoint}), and a security group that allows TCP 443`,
        unreachable: advice`let Spacelift’s network reach S3: a NAT gateway, or a gateway endpoint (${endpoint})`,
      }),
      'wants-tls': overTls,
    },
    versioning: (bucket) =>
      command(sh`aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`),
    expire: (bucket, days) => {
      const rule = { ID: 'expire', Status: 'Enabled', Filter: {}, Expiration: { Days: days } };
      return command(
        sh`aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration ${JSON.stringify({ Rules: [rule] })}`,
        { note: 'add a rule to those that are there: the command replaces all' },
      );
    },
    keep: (bucket) =>
      advice`take Expiration out of ${sh`aws s3api get-bucket-lifecycle-configuration --bucket ${bucket}`} and put the rest back with put-bucket-lifecycle-configuration; without other rules: ${sh`aws s3api delete-bucket-lifecycle --bucket ${bucket}`}`,
    makePrivate: (bucket) =>
      command(
        sh`aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
      ),
    allowOrigin: (bucket, origin) => {
      const rule = { AllowedOrigins: [origin], AllowedMethods: ['PUT', 'POST'], AllowedHeaders: ['*'] };
      return command(
        sh`aws s3api put-bucket-cors --bucket ${bucket} --cors-configuration ${JSON.stringify({ CORSRules: [rule] })}`,
      );
    },
    remove: (bucket, key) => {
      const all = '{Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}';
      const found = sh`aws s3api list-object-versions --bucket ${bucket} --prefix ${key} --query ${all} --output json`;
      return command(sh`aws s3api delete-objects --bucket ${bucket} --delete ${output(found)}`);
    },
    overTls,
  };
}

/** The oldest region is the one that must not be named. */
const createBucket = (bucket: string, region: string): Shell =>
  region === 'us-east-1'
    ? sh`aws s3api create-bucket --bucket ${bucket} --region ${region}`
    : sh`aws s3api create-bucket --bucket ${bucket} --region ${region} --create-bucket-configuration LocationConstraint=${region}`;

/** Which policy S3 names in a denial ("Troubleshoot access denied (403 Forbidden) errors in Amazon S3"). */
const POLICIES: readonly (readonly [RegExp, string, (problem: StoreError) => Fix])[] = [
  [
    /explicit deny in a resource-based policy/,
    'The bucket’s policy denies it.',
    ({ bucket }) => advice`change the bucket’s policy: ${sh`aws s3api get-bucket-policy --bucket ${bucket}`}`,
  ],
  [
    /explicit deny in an? identity-based policy/,
    'A policy of the role or user denies it.',
    () => advice`take the denial out of the policies of the role or user: aws iam list-attached-role-policies`,
  ],
  [
    /(service|resource) control policy/,
    'A policy of the AWS organisation denies it.',
    () => advice`have the organisation’s policy allow it: aws organizations list-policies`,
  ],
  [
    /VPC endpoint policy/i,
    'The policy of the VPC endpoint denies it.',
    () => advice`allow it in the policy of the VPC endpoint for S3: aws ec2 describe-vpc-endpoints`,
  ],
  [
    /permissions boundary/,
    'The permissions boundary of the role denies it.',
    () => advice`allow it in the permissions boundary of the role: aws iam get-role`,
  ],
  [
    /session policy/,
    'The policy of the session denies it.',
    () => advice`allow it in the policy with which the role is assumed`,
  ],
];

/**
 * What S3’s answer tells beyond the kind of problem.
 * @param message only looked at, never passed on
 */
export function awsSays(problem: StoreError, message: string, names: Names): Partial<Issue> | undefined {
  const { kind, bucket, code, region, skewMs } = problem;
  const credential = credentialKind(code, message);
  if (credential !== undefined) return credentialIssue(credential, { skewMs, code });
  if (kind === 'wrong-region') return elsewhere(bucket, region, names);
  if (kind !== 'denied') return undefined;
  const [, detail, fix] = POLICIES.find(([pattern]) => pattern.test(message)) ?? [];
  if (detail !== undefined && fix !== undefined) return { detail, fix: fix(problem) };
  // S3 gives its reasons within an account or organisation only.
  if (!/is not authorized to perform/.test(message)) return { detail: anotherAccount(names) };
  return { detail: 'No policy of the role or user allows it.' };
}

const anotherAccount = ({ account }: Names): string =>
  `S3 gives no reason, as for a bucket of another account${account === undefined ? '' : ` than ${account} (AWS_ACCOUNT_ID)`}.`;

function elsewhere(bucket: string, found: string | undefined, { region }: Names): Partial<Issue> {
  const make = createBucket('NAME', region);
  const there = found === undefined ? `not in ${region}` : `in ${found}, not in ${region}`;
  return {
    title: `${bucket} is ${there}`,
    expected: `the bucket in AWS_REGION, ${region}: Spacelift does not look elsewhere`,
    fix:
      found === undefined
        ? advice`make a bucket in ${region}: ${make}`
        : advice`set AWS_REGION and AWS_DEFAULT_REGION to ${found}, or make a bucket in ${region}: ${make}`,
    evidence: { bucket, configured: region, ...(found !== undefined && { region: found }) },
    cause:
      found === undefined ? cause.store('wrong-region').titled(`buckets are ${there}`) : regionCause(region, found),
  };
}

/** The KMS key that encrypts the bucket at rest is in the way, and not S3. */
export function keySays({ bucket, code }: StoreError, message: string): Partial<Issue> | undefined {
  const [, permission, key] =
    /is not authorized to perform: (kms:\w{1,64})(?: on resource: "?(arn:[\w-]+:kms:[\w:/-]+))?/.exec(message) ?? [];
  const named = key === undefined ? 'the key' : `the key ${key}`;
  const expected = 'kms:GenerateDataKey and kms:Decrypt on the key that encrypts the bucket at rest';
  const evidence = { bucket, ...(key !== undefined && { key }) };
  if (permission !== undefined) {
    return {
      title: `may not use the key that encrypts ${bucket}: ${permission} is denied`,
      detail: 'S3 itself allows the operation; AWS KMS denies the key.',
      expected,
      fix: advice`allow ${permission} on ${named} in a policy of the role, and in the key’s own policy`,
      evidence: { ...evidence, denied: permission },
      cause: (key === undefined ? cause.store('kms', permission) : cause.kmsPermission(permission, key)).titled(
        `${permission} is denied on the key that encrypts the buckets`,
      ),
    };
  }
  if (code === undefined || !/^KMS\./.test(code)) return undefined;
  return unusableKey(bucket, code, keyArnIn(message));
}

/** @param key its ARN, when S3 has named it */
function unusableKey(bucket: string, code: string, key: string | undefined): Partial<Issue> {
  const { expected, commands } = keyState(code);
  const mend = key === undefined ? undefined : commands?.(key);
  return {
    title: `the key that encrypts ${bucket} can’t be used: ${code}`,
    expected,
    fix:
      mend === undefined
        ? advice`see which key it is: ${sh`aws s3api get-bucket-encryption --bucket ${bucket}`}; then enable it: aws kms enable-key, or aws kms cancel-key-deletion`
        : command(mend),
    evidence: { bucket, ...(key !== undefined && { key }) },
    cause:
      key === undefined
        ? cause.store('kms', code).titled(`the key that encrypts the buckets can’t be used: ${code}`)
        : keyCause(key, code),
  };
}
