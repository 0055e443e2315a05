/** Whether a caller may do something to a resource, and how AWS words that they may not (IAM user guide, "Troubleshoot
 * access denied error messages"). */
import { decide, everyone, names, type PolicyDocument, type Statement } from '../policy.ts';
import { userArn } from '../s3/policy.ts';
import { RefusedError } from './errors.ts';
import type { AwsRole, AwsUser } from './types.ts';

export interface Access {
  user: AwsUser;
  /** `kms:Encrypt` */
  action: string;
  /** ARN. */
  resource: string;
  /** The account that owns the resource. */
  account: string;
  /** Of the resource. */
  policy?: PolicyDocument | undefined;
  /** KMS: identity policies count only when the key's policy lets the account decide. */
  onlyThroughResource?: boolean;
  context?: Record<string, string>;
}

export function accountOf(user: AwsUser): string {
  return userArn(user).split(':')[4] ?? '';
}

/** @throws {RefusedError} naming the kind of policy that stands in the way. */
export function authorize(access: Access): void {
  const reason = denial(access);
  if (reason === undefined) return;
  const { user, action, resource } = access;
  throw new RefusedError(
    'denied',
    `User: ${userArn(user)} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
  );
}

/** The end of AWS's sentence, or undefined when allowed. */
export function denial(access: Access): string | undefined {
  const { user, action, resource, account, policy, context = {} } = access;
  const question = { action, resource, context };
  const own = accountOf(user);
  const arn = userArn(user);
  const direct = (statement: Statement) => everyone(statement) || names(statement, roleForms(arn));
  const viaAccount = (statement: Statement) => names(statement, [own, `arn:${arn.split(':')[1]}:iam::${own}:root`]);
  const identity = user.policy === undefined ? 'Allow' : decide(user.policy, question);
  const resourceDirect = decide(policy, question, direct);
  const resourceAccount = decide(policy, question, viaAccount);
  if (identity === 'Deny') return 'with an explicit deny in an identity-based policy';
  if (resourceDirect === 'Deny' || resourceAccount === 'Deny') {
    return 'with an explicit deny in a resource-based policy';
  }
  const noIdentity = `because no identity-based policy allows the ${action} action`;
  const noResource = `because no resource-based policy allows the ${action} action`;
  if (own !== account) {
    if (identity !== 'Allow') return noIdentity;
    return resourceDirect === 'Allow' || resourceAccount === 'Allow' ? undefined : noResource;
  }
  if (resourceDirect === 'Allow') return undefined;
  if (access.onlyThroughResource && resourceAccount !== 'Allow') return noResource;
  return identity === 'Allow' ? undefined : noIdentity;
}

/** Whether a role may, by its own policy alone. */
export function roleMay(role: AwsRole, action: string, resource: string): boolean {
  return role.policy === undefined || decide(role.policy, { action, resource, context: {} }) === 'Allow';
}

/** A role's session is meant wherever its role is named. */
function roleForms(arn: string): string[] {
  const session = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  return session === null ? [arn] : [arn, `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`];
}
