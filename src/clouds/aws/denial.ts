/** The policy that denies, and the statement to add (IAM user guide, "Troubleshoot access denied error messages"). */

import { advice, type Fix } from '../../outcome/fix.ts';
import type { Issue } from '../../outcome/outcome.ts';

/** The kinds of policy that AWS names in a denial. */
const POLICIES = [
  'identity-based policy',
  'resource-based policy',
  'permissions boundary',
  'session policy',
  'service control policy',
  'resource control policy',
  'VPC endpoint policy',
] as const;
type Policy = (typeof POLICIES)[number];

export interface Denial {
  /** The kind of policy that denies; `undefined` if AWS does not tell. */
  readonly policy: Policy | undefined;
  /** A `Deny` statement, rather than no `Allow`. */
  readonly explicit: boolean;
  /** The denied principal, as a policy names it: a role rather than its session. */
  readonly principal: string | undefined;
}

/** @param said the service's message */
export function denialIn(said: string): Denial {
  const [, explicit, named] = /(?:because no|(with an explicit deny in an?)) ([A-Za-z -]+)/.exec(said) ?? [];
  const user = /^User: (arn:[\w+=,.@:/-]+) is not authorized/.exec(said)?.[1];
  return {
    policy: POLICIES.find((policy) => named?.startsWith(policy)),
    explicit: explicit !== undefined,
    principal: user === undefined ? undefined : roleOf(user),
  };
}

/** The role of a session, without its path, which the session does not contain. */
export function roleOf(arn: string): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** A policy statement that allows the actions, on one line. */
export function allowing(actions: readonly string[], resource: string | readonly string[], principal?: string): string {
  return JSON.stringify({
    Effect: 'Allow',
    ...(principal !== undefined && { Principal: { AWS: principal } }),
    Action: actions.length === 1 ? actions[0] : actions,
    Resource: typeof resource === 'object' && resource.length === 1 ? resource[0] : resource,
  });
}

export interface Denied {
  readonly actions: readonly string[];
  /** ARN; several if one statement is missing for all of them. */
  readonly resource: string | readonly string[];
  /** The name of the resource's own policy: "key policy". */
  readonly resourcePolicy: string;
  readonly denial: Denial;
}

/** The reason, and the fix: the statement to add, and where. */
export function deniedMessages({
  actions,
  resource,
  resourcePolicy,
  denial,
}: Denied): Pick<Issue, 'detail'> & { readonly fix: Fix } {
  const { policy, explicit, principal } = denial;
  const who = principal === undefined ? 'the credentials' : nameOf(principal);
  const name = policy === 'resource-based policy' ? resourcePolicy : policy;
  const detail =
    name === undefined
      ? {}
      : { detail: `${who}: ${explicit ? `${articled(name)} denies it` : `no ${name} allows it`}.` };
  if (explicit) {
    return {
      ...detail,
      fix: advice`remove the Deny for ${actions.join(', ')} on ${[resource].flat().join(', ')} from the ${name ?? 'policy'}`,
    };
  }
  if (policy === 'resource-based policy') {
    const statement = allowing(actions, resource, principal ?? '<ARN of the role>');
    return {
      ...detail,
      fix: advice`add this statement to the ${resourcePolicy} of ${[resource].flat().join(', ')}:\n${statement}`,
    };
  }
  const where = policy === undefined || policy === 'identity-based policy' ? `the IAM policy of ${who}` : `the ${name}`;
  return { ...detail, fix: advice`add this statement to ${where}:\n${allowing(actions, resource)}` };
}

const articled = (name: string): string => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;

/** `role/spacelift-drain`. */
const nameOf = (principal: string): string => principal.split(':').slice(5).join(':') || principal;
