/** Spacelift's requirements for each bucket, and each service's operations in it (permissions of the published IAM policies). */
import type { Bucket } from '../../src/config/contract.ts';
import type { Perspective, Service } from '../../src/config/options.ts';

export type BucketAction = 'put' | 'get' | 'list' | 'delete';

export interface BucketRequirements {
  readonly versioning: 'required' | 'suggested' | 'not needed';
  /** Days after which objects may expire, as Spacelift suggests; `never` where expiration destroys data. */
  readonly expiry: number | 'never';
}

/** From Spacelift's object storage reference. */
export const REQUIREMENTS: Readonly<Record<Bucket, BucketRequirements>> = {
  deliveries: { versioning: 'not needed', expiry: 1 },
  'large-queue-messages': { versioning: 'not needed', expiry: 2 },
  metadata: { versioning: 'not needed', expiry: 2 },
  modules: { versioning: 'suggested', expiry: 'never' },
  'policy-inputs': { versioning: 'not needed', expiry: 7 },
  'run-logs': { versioning: 'suggested', expiry: 60 },
  states: { versioning: 'required', expiry: 'never' },
  uploads: { versioning: 'suggested', expiry: 1 },
  'user-uploaded-workspaces': { versioning: 'suggested', expiry: 1 },
  workspace: { versioning: 'suggested', expiry: 7 },
};

type Table = Readonly<Record<Bucket, Partial<Record<Service, readonly BucketAction[]>>>>;

const both = (...operations: readonly BucketAction[]) => ({ server: operations, drain: operations });

const PERFORMED: Table = {
  deliveries: both('put', 'get', 'list'),
  'large-queue-messages': { server: ['put'], drain: ['get'] },
  metadata: both('put', 'get', 'delete'),
  modules: both('put', 'get', 'delete', 'list'),
  'policy-inputs': both('put', 'get', 'list'),
  'run-logs': both('put', 'get', 'list'),
  states: { server: ['put', 'get', 'delete', 'list'], drain: ['delete', 'list'] },
  uploads: { server: ['put', 'get', 'delete'] },
  'user-uploaded-workspaces': both('put', 'get', 'delete'),
  workspace: both('put', 'get', 'delete'),
};

/** Whether an operation must succeed, only one service needs it, or none does (absent). */
export type RequiredActions = Partial<Readonly<Record<BucketAction, 'must' | Service>>>;

/** The operations that must succeed in a bucket for one service, or for all services together. */
export function requiredActions(bucket: Bucket, service: Perspective | undefined): RequiredActions {
  const required: Partial<Record<BucketAction, 'must' | Service>> = {};
  for (const [performer, operations] of Object.entries(PERFORMED[bucket]) as [Service, readonly BucketAction[]][]) {
    if (service !== undefined && service !== performer) continue;
    for (const operation of operations) {
      required[operation] = service !== undefined || required[operation] !== undefined ? 'must' : performer;
    }
  }
  return required;
}
