/** The permissions that the operations of a plan need, in the format of each system. */
import type { Grant } from '../engine/check.ts';

/** An IAM JSON policy, also accepted by MinIO. */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Grant['condition'];
}

/** A role, permission or privilege, and the resources it is granted on. */
export interface Role {
  readonly role: string;
  readonly on: readonly string[];
}

/** `least` is required; with `further`, more is verified, and objects are removed that would otherwise stay. */
export interface Levels<T> {
  readonly least?: T;
  readonly further?: T;
}

export interface Permissions {
  readonly postgresql?: Levels<readonly Role[]>;
  readonly aws?: Levels<Policy>;
  readonly minio?: Levels<Policy>;
  readonly gcp?: Levels<readonly Role[]>;
  readonly azure?: Levels<readonly Role[]>;
}

export function permissionsOf(grants: readonly Grant[]): Permissions {
  const of = (system: Grant['system']) => grants.filter((grant) => grant.system === system);
  const roles = { postgresql: levels(of('postgresql'), rolesOf), gcp: levels(of('gcp'), rolesOf) };
  const all = {
    ...roles,
    azure: levels(of('azure'), rolesOf),
    aws: levels(of('aws'), policyOf),
    minio: levels(of('minio'), policyOf),
  } satisfies Record<Grant['system'], unknown>;
  return Object.fromEntries(Object.entries(all).filter(([, found]) => Object.keys(found).length > 0));
}

function levels<T>(grants: readonly Grant[], make: (grants: readonly Grant[]) => T): Levels<T> {
  const least = grants.filter(({ further }) => further !== true);
  const key = ({ action, resource }: Grant) => `${action} ${resource}`;
  const have = new Set(least.map(key));
  const further = grants.filter((grant) => grant.further === true && !have.has(key(grant)));
  return { ...(least.length > 0 && { least: make(least) }), ...(further.length > 0 && { further: make(further) }) };
}

/** One statement for all resources with the same actions. */
function policyOf(grants: readonly Grant[]): Policy {
  const perResource = Map.groupBy(grants, ({ resource, condition }) => JSON.stringify([resource, condition ?? null]));
  const rows = [...perResource.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [{ resource: first.resource, condition: first.condition, actions: distinct(same.map((one) => one.action)) }];
  });
  const statements = Map.groupBy(rows, ({ actions, condition }) => JSON.stringify([actions, condition ?? null]));
  return {
    Version: '2012-10-17',
    Statement: [...statements.values()].flatMap((same): Statement[] => {
      const [first] = same;
      if (first === undefined) return [];
      return [
        {
          Effect: 'Allow',
          Action: first.actions,
          Resource: distinct(same.map(({ resource }) => resource)),
          ...(first.condition !== undefined && { Condition: first.condition }),
        },
      ];
    }),
  };
}

function rolesOf(grants: readonly Grant[]): Role[] {
  return [...Map.groupBy(grants, ({ action }) => action)].map(([role, same]) => ({
    role,
    on: distinct(same.map(({ resource }) => resource)),
  }));
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
