/** Fixes for AWS: `aws s3api` commands, and the details that S3's error responses give. */

import { credentialIssue, credentialKind } from '../../../src/clouds/aws/errors.ts';
import { keyArnIn, keyCause, keyState } from '../../../src/clouds/aws/kms-key.ts';
import { regionCause } from '../../../src/clouds/aws/messages.ts';
import { SET_CLOCK } from '../../../src/clouds/fixes.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, output, type Shell, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { earlier, lookUp, passOn, RUN_LATER, removal, rename } from '../fixes.ts';
import { S3_PERMISSIONS } from '../s3/protocol.ts';
import type { StoreError, StoreMessages } from '../store.ts';

export interface Names {
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  readonly account: string | undefined;
  /** The variable that sets a custom endpoint instead of AWS's own. */
  readonly endpointFrom: string | undefined;
}

const PERMISSION: StoreMessages['permission'] = { ...S3_PERMISSIONS, 'read policy': 's3:GetBucketPolicyStatus' };

const resource = ({ partition }: Names, action: string, bucket: string): string =>
  `arn:${partition}:s3:::${bucket}${['put', 'get', 'delete'].includes(action) ? '/*' : ''}`;

export function awsMessages(names: Names): StoreMessages {
  const { region, endpointFrom } = names;
  const atEndpoint = endpointFrom === undefined ? 'AWS_REGION' : endpointFrom;
  const endpoint = sh`aws ec2 create-vpc-endpoint --service-name com.amazonaws.${region}.s3`;
  const overTls = advice`set ${atEndpoint} to an https:// URL`;
  return {
    permission: PERMISSION,
    fixes: {
      // Credential errors are the same for every AWS service: `awsSays`.
      credentials: () => advice`set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      signature: () => advice`set AWS_SECRET_ACCESS_KEY to the secret key that belongs to AWS_ACCESS_KEY_ID`,
      expired: () => advice`get new credentials`,
      'clock-skew': () => SET_CLOCK,
      denied: ({ action, bucket }) =>
        advice`allow ${PERMISSION[action]} on ${resource(names, action, bucket)} in a policy attached to the role: aws iam put-role-policy`,
      'no-bucket': ({ bucket }) => command(createBucket(bucket, region)),
      'invalid-name': ({ bucket }) => rename('bucket', bucket),
      'wrong-region': ({ bucket }) =>
        advice`set AWS_REGION and AWS_DEFAULT_REGION to the bucket’s region: ${sh`aws s3api head-bucket --bucket ${bucket}`}`,
      'slow-down': () => advice`run again later; S3 limits the request rate per prefix of a bucket`,
      starting: () => RUN_LATER,
      full: () => RUN_LATER,
      quota: ({ bucket }) =>
        advice`check the limits of the account and of ${bucket}: ${sh`aws service-quotas list-service-quotas --service-code s3`}`,
      'too-large': () => advice`raise the limit of the proxy in front of S3 (nginx: client_max_body_size)`,
      'server-error': () =>
        advice`run again; if the error persists, check https://health.aws.amazon.com and the log of any proxy in between`,
      'not-a-store': () =>
        endpointFrom === undefined
          ? advice`configure the proxy or firewall in between to pass requests to S3 unchanged`
          : advice`set ${endpointFrom} to an S3 endpoint, or remove it`,
      redirected: ({ location }) =>
        passOn(
          endpointFrom === undefined || location === undefined
            ? advice`set AWS_ENDPOINT_URL_S3 to its address`
            : advice`set ${endpointFrom} to ${location.origin}`,
        ),
      unsupported: () => advice`use S3 itself, or a store with the S3 operations that Spacelift needs`,
      other: ({ code }) => lookUp(code, 'the list of S3 error codes'),
    },
    network: {
      ...(endpointFrom === undefined && {
        dns: advice`make sure that Spacelift’s network resolves S3 host names in ${region}, and that AWS_REGION is correct`,
        timeout: advice`give Spacelift’s network access to S3: a NAT gateway or a gateway endpoint (${endpoint}), and a security group that allows TCP 443`,
        unreachable: advice`give Spacelift’s network access to S3: a NAT gateway or a gateway endpoint (${endpoint})`,
      }),
      'wants-tls': overTls,
    },
    versioning: (bucket) =>
      command(sh`aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`),
    expire: (bucket, days) => {
      const rule = { ID: 'expire', Status: 'Enabled', Filter: {}, Expiration: { Days: days } };
      return command(
        sh`aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration ${JSON.stringify({ Rules: [rule] })}`,
        { note: 'include the existing rules: the command replaces all of them', destructive: true },
      );
    },
    keep: (bucket) =>
      advice`remove Expiration from the output of ${sh`aws s3api get-bucket-lifecycle-configuration --bucket ${bucket}`}, and apply the rest with put-bucket-lifecycle-configuration; if there are no other rules: ${sh`aws s3api delete-bucket-lifecycle --bucket ${bucket}`}`,
    makePrivate: (bucket) =>
      command(
        sh`aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
      ),
    allowOrigin: (bucket, origin) => {
      const rule = { AllowedOrigins: [origin], AllowedMethods: ['PUT', 'POST'], AllowedHeaders: ['*'] };
      return command(
        sh`aws s3api put-bucket-cors --bucket ${bucket} --cors-configuration ${JSON.stringify({ CORSRules: [rule] })}`,
        { destructive: true },
      );
    },
    remove: (bucket, key, retention) => {
      const all = '{Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}';
      const found = sh`aws s3api list-object-versions --bucket ${bucket} --prefix ${key} --query ${all} --output json`;
      if (retention?.mode === 'governance') {
        return command(
          sh`aws s3api delete-objects --bucket ${bucket} --bypass-governance-retention --delete ${output(found)}`,
          { note: earlier(retention, 's3:BypassGovernanceRetention'), destructive: true },
        );
      }
      const removing = sh`aws s3api delete-objects --bucket ${bucket} --delete ${output(found)}`;
      return command(removing, removal(retention));
    },
    overTls,
  };
}

/** S3 does not accept us-east-1, its oldest region, as a location constraint. */
const createBucket = (bucket: string, region: string): Shell =>
  region === 'us-east-1'
    ? sh`aws s3api create-bucket --bucket ${bucket} --region ${region}`
    : sh`aws s3api create-bucket --bucket ${bucket} --region ${region} --create-bucket-configuration LocationConstraint=${region}`;

/** The policy that S3 names in a denial ("Troubleshoot access denied (403 Forbidden) errors in Amazon S3"). */
const POLICIES: readonly (readonly [RegExp, string, (problem: StoreError) => Fix])[] = [
  [
    /explicit deny in a resource-based policy/,
    'The bucket policy denies it.',
    ({ bucket }) => advice`change the bucket policy: ${sh`aws s3api get-bucket-policy --bucket ${bucket}`}`,
  ],
  [
    /explicit deny in an? identity-based policy/,
    'A policy of the role or user denies it.',
    () => advice`remove the deny statement from the policies of the role or user: aws iam list-attached-role-policies`,
  ],
  [
    /(service|resource) control policy/,
    'A policy of the AWS organization denies it.',
    () => advice`allow it in the organization’s policy: aws organizations list-policies`,
  ],
  [
    /VPC endpoint policy/i,
    'The VPC endpoint policy denies it.',
    () => advice`allow it in the policy of the VPC endpoint for S3: aws ec2 describe-vpc-endpoints`,
  ],
  [
    /permissions boundary/,
    'The permissions boundary of the role denies it.',
    () => advice`allow it in the permissions boundary of the role: aws iam get-role`,
  ],
  [
    /session policy/,
    'The session policy denies it.',
    () => advice`allow it in the session policy that is passed when the role is assumed`,
  ],
];

/**
 * The details that S3’s response gives beyond the kind of error.
 * @param message for matching only; it is never shown
 */
export function awsSays(problem: StoreError, message: string, names: Names): Partial<Issue> | undefined {
  const { kind, bucket, code, region, skewMs } = problem;
  const credential = credentialKind(code, message);
  if (credential !== undefined) return credentialIssue(credential, { skewMs, code });
  if (kind === 'wrong-region') return elsewhere(bucket, region, names);
  if (kind !== 'denied') return undefined;
  const [, detail, fix] = POLICIES.find(([pattern]) => pattern.test(message)) ?? [];
  if (detail !== undefined && fix !== undefined) return { detail, fix: fix(problem) };
  // S3 gives its reasons only within an account or organization.
  if (!/is not authorized to perform/.test(message)) return { detail: anotherAccount(names) };
  return { detail: 'No policy of the role or user allows it.' };
}

const anotherAccount = ({ account }: Names): string =>
  `S3 gives no reason, as is usual for a bucket in ${account === undefined ? 'another account' : `an account other than ${account} (AWS_ACCOUNT_ID)`}.`;

function elsewhere(bucket: string, found: string | undefined, { region }: Names): Partial<Issue> {
  const make = createBucket('NAME', region);
  const there = found === undefined ? `not in ${region}` : `in ${found}, not in ${region}`;
  return {
    title: `${bucket} is ${there}`,
    expected: `a bucket in ${region}, which AWS_REGION names: Spacelift does not look in other regions`,
    fix:
      found === undefined
        ? advice`create a bucket in ${region}: ${make}`
        : advice`set AWS_REGION and AWS_DEFAULT_REGION to ${found}, or create a bucket in ${region}: ${make}`,
    evidence: { bucket, configured: region, ...(found !== undefined && { region: found }) },
    cause:
      found === undefined ? cause.store('wrong-region').titled(`buckets are ${there}`) : regionCause(region, found),
  };
}

/** Errors that come from the KMS key that encrypts the bucket at rest, and not from S3. */
export function keySays({ bucket, code }: StoreError, message: string): Partial<Issue> | undefined {
  const [, permission, key] =
    /is not authorized to perform: (kms:\w{1,64})(?: on resource: "?(arn:[\w-]+:kms:[\w:/-]+))?/.exec(message) ?? [];
  const named = key === undefined ? 'the key' : `the key ${key}`;
  const expected = 'kms:GenerateDataKey and kms:Decrypt on the key that encrypts the bucket at rest';
  const evidence = { bucket, ...(key !== undefined && { key }) };
  if (permission !== undefined) {
    return {
      title: `the credentials lack ${permission} on the key that encrypts ${bucket}`,
      detail: 'S3 itself allows the operation, but AWS KMS denies the use of the key.',
      expected,
      fix: advice`allow ${permission} on ${named} in a policy attached to the role, and in the key policy`,
      evidence: { ...evidence, denied: permission },
      cause: (key === undefined ? cause.store('kms', permission) : cause.kmsPermission(permission, key)).titled(
        `the credentials lack ${permission} on the key that encrypts the buckets`,
      ),
    };
  }
  if (code === undefined || !/^KMS\./.test(code)) return undefined;
  return unusableKey(bucket, code, keyArnIn(message));
}

/** @param key its ARN, if S3 names it */
function unusableKey(bucket: string, code: string, key: string | undefined): Partial<Issue> {
  const { expected, commands } = keyState(code);
  const enable = key === undefined ? undefined : commands?.(key);
  return {
    title: `the key that encrypts ${bucket} can’t be used: ${code}`,
    expected,
    fix:
      enable === undefined
        ? advice`find the key: ${sh`aws s3api get-bucket-encryption --bucket ${bucket}`}; then enable it: aws kms enable-key, or aws kms cancel-key-deletion`
        : command(enable),
    evidence: { bucket, ...(key !== undefined && { key }) },
    cause:
      key === undefined
        ? cause.store('kms', code).titled(`the key that encrypts the buckets can’t be used: ${code}`)
        : keyCause(key, code),
  };
}
