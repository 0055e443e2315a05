/** A small IAM evaluator: explicit deny wins, then any allow, else implicit deny
 * (IAM user guide, "Policy evaluation logic"). */
import type { Flavour, S3User } from './types.ts';

type OneOrMore = string | string[];

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | { AWS?: OneOrMore };
  Action?: OneOrMore;
  NotAction?: OneOrMore;
  Resource?: OneOrMore;
  NotResource?: OneOrMore;
  Condition?: Record<string, Record<string, OneOrMore>>;
}

export interface PolicyDocument {
  Version?: string;
  Id?: string;
  Statement: Statement | Statement[];
}

export interface Access {
  flavour: Flavour;
  /** Absent: anonymous. */
  user: S3User | undefined;
  bucketPolicy: PolicyDocument | undefined;
  action: string;
  resource: string;
  /** Condition keys and their values, such as `aws:SecureTransport`. */
  context: Record<string, string>;
}

/** Matches `*` (any run of characters) and `?` (one character). */
export function wildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

export function userArn(user: S3User): string {
  return user.arn ?? `arn:aws:iam::123456789012:user/${user.accessKeyId}`;
}

/** Undefined when allowed, else the message of the denial.
 * @throws {Error} for a condition that this evaluator does not know. */
export function denial(access: Access): string | undefined {
  const { flavour, user, action, resource } = access;
  const byBucket = decide(access.bucketPolicy, access, true);
  if (user === undefined) return byBucket === 'Allow' ? undefined : 'Access Denied.';
  // MinIO's root user is above every policy; an AWS administrator is not above a bucket policy's deny.
  if (user.policy === undefined && (flavour === 'minio' || byBucket !== 'Deny')) return undefined;
  const byIdentity = decide(user.policy, access, false);
  if (byBucket !== 'Deny' && byIdentity !== 'Deny' && (byBucket ?? byIdentity) === 'Allow') return undefined;
  if (flavour === 'minio') return 'Access Denied.';
  const subject = `User: ${userArn(user)} is not authorized to perform: ${action} on resource: "${resource}"`;
  if (byIdentity === 'Deny') return `${subject} with an explicit deny in an identity-based policy`;
  if (byBucket === 'Deny') return `${subject} with an explicit deny in a resource-based policy`;
  return `${subject} because no identity-based policy allows the ${action} action`;
}

/** Whether any statement denies, whatever is allowed. */
export function explicitlyDenied(access: Access): boolean {
  return decide(access.bucketPolicy, access, true) === 'Deny' || decide(access.user?.policy, access, false) === 'Deny';
}

/** Whether a policy opens a bucket to everyone (S3 user guide, "The meaning of public", simplified: any condition
 * counts as a limit). */
export function isPublic(policy: PolicyDocument): boolean {
  return list(policy.Statement).some(
    (statement) => statement.Effect === 'Allow' && everyone(statement) && statement.Condition === undefined,
  );
}

function decide(policy: PolicyDocument | undefined, access: Access, resourceBased: boolean) {
  let effect: 'Allow' | 'Deny' | undefined;
  for (const statement of list(policy?.Statement)) {
    if (resourceBased && !everyone(statement) && !names(statement, access.user)) continue;
    if (!applies(statement, access)) continue;
    if (statement.Effect === 'Deny') return 'Deny';
    effect = 'Allow';
  }
  return effect;
}

function applies(statement: Statement, { action, resource, context }: Access): boolean {
  const actionMatches = (pattern: string) => wildcard(pattern.toLowerCase(), action.toLowerCase());
  const resourceMatches = (pattern: string) => wildcard(pattern, resource);
  return (
    (statement.NotAction === undefined
      ? list(statement.Action).some(actionMatches)
      : !list(statement.NotAction).some(actionMatches)) &&
    (statement.NotResource === undefined
      ? list(statement.Resource).some(resourceMatches)
      : !list(statement.NotResource).some(resourceMatches)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => condition(operator, context[key], list(values))),
    )
  );
}

function condition(operator: string, actual: string | undefined, expected: string[]): boolean {
  switch (operator) {
    case 'Bool':
      return actual !== undefined && expected.some((value) => value.toLowerCase() === actual);
    case 'StringEquals':
      return actual !== undefined && expected.includes(actual);
    case 'StringLike':
      return actual !== undefined && expected.some((value) => wildcard(value, actual));
    default:
      throw new Error(`The test server's policies do not know the condition ${operator}`);
  }
}

function everyone({ Principal }: Statement): boolean {
  return Principal === '*' || (Principal !== undefined && list(Principal.AWS).includes('*'));
}

function names({ Principal }: Statement, user: S3User | undefined): boolean {
  if (user === undefined || typeof Principal !== 'object') return false;
  const arn = userArn(user);
  const account = arn.split(':')[4] ?? '';
  const forms = [arn, account, `arn:aws:iam::${account}:root`];
  return list(Principal.AWS).some((principal) => forms.includes(principal));
}

function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
