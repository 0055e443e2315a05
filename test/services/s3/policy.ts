/** A small IAM evaluator: explicit deny wins, then any allow, else implicit deny
 * (IAM user guide, "Policy evaluation logic"). */
import { decide, everyone, list, names, type PolicyDocument } from '../policy.ts';
import type { Flavor, S3User } from './types.ts';

export interface Access {
  flavor: Flavor;
  /** Absent: anonymous. */
  user: S3User | undefined;
  bucketPolicy: PolicyDocument | undefined;
  action: string;
  resource: string;
  /** Condition keys and their values, such as `aws:SecureTransport`. */
  context: Record<string, string>;
}

export function userArn(user: S3User): string {
  return user.arn ?? `arn:aws:iam::123456789012:user/${user.accessKeyId}`;
}

/** Undefined when allowed, else the message of the denial.
 * @throws {Error} for a condition that this evaluator does not know. */
export function denial(access: Access): string | undefined {
  const { flavor, user, action, resource } = access;
  const byBucket = byResource(access);
  if (user === undefined) return byBucket === 'Allow' ? undefined : 'Access Denied.';
  // MinIO's root user is above every policy; an AWS administrator is not above a bucket policy's deny.
  if (user.policy === undefined && (flavor === 'minio' || byBucket !== 'Deny')) return undefined;
  const byIdentity = decide(user.policy, access);
  if (byBucket !== 'Deny' && byIdentity !== 'Deny' && (byBucket ?? byIdentity) === 'Allow') return undefined;
  if (flavor === 'minio') return 'Access Denied.';
  const subject = `User: ${userArn(user)} is not authorized to perform: ${action} on resource: "${resource}"`;
  if (byIdentity === 'Deny') return `${subject} with an explicit deny in an identity-based policy`;
  if (byBucket === 'Deny') return `${subject} with an explicit deny in a resource-based policy`;
  return `${subject} because no identity-based policy allows the ${action} action`;
}

/** Whether any statement denies, whatever is allowed. */
export function explicitlyDenied(access: Access): boolean {
  return byResource(access) === 'Deny' || decide(access.user?.policy, access) === 'Deny';
}

/** Whether a policy opens a bucket to everyone (S3 user guide, "The meaning of public", simplified: any condition
 * counts as a limit). */
export function isPublic(policy: PolicyDocument): boolean {
  return list(policy.Statement).some(
    (statement) => statement.Effect === 'Allow' && everyone(statement) && statement.Condition === undefined,
  );
}

/** What the bucket's policy decides of this caller. */
function byResource(access: Access): 'Allow' | 'Deny' | undefined {
  const principals = access.user === undefined ? [] : principalsOf(access.user);
  return decide(access.bucketPolicy, access, (statement) => everyone(statement) || names(statement, principals));
}

function principalsOf(user: S3User): string[] {
  const arn = userArn(user);
  const account = arn.split(':')[4] ?? '';
  return [arn, account, `arn:aws:iam::${account}:root`];
}
