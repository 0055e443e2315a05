/** What every operation is given: the server's state, and one request with its caller. */
import type { Caller, KeyPair, ServiceAccount, Tokens } from './accounts.ts';
import { denied, noSuchBucket } from './errors.ts';
import type { GcsRequest } from './request.ts';
import { type Binding, grants, memberNames } from './roles.ts';
import type { Bucket, ObjectFields, Preconditions } from './store.ts';
import type { GcsFaults, RequestRecord } from './types.ts';

export interface Upload {
  bucket: string;
  name: string;
  fields: Partial<ObjectFields>;
  preconditions: Preconditions;
  publicAcl: boolean;
  received: Buffer;
  claimed: { md5Hash?: string; crc32c?: string };
}

export interface World {
  projectId: string;
  buckets: Map<string, Bucket>;
  /** What the project's policy grants on all of its buckets and service accounts. */
  bindings: Binding[];
  roles: Record<string, readonly string[]>;
  accounts: Map<string, ServiceAccount>;
  /** Refresh token → user. */
  users: Map<string, Caller>;
  /** The identity provider that the workload identity pool trusts. */
  federationKey: KeyPair;
  /** The instance's service account, as the metadata server has it. */
  attached: string | undefined;
  tokens: Tokens;
  tokenLifetimeSeconds: number;
  uploads: Map<string, Upload>;
  requests: RequestRecord[];
  faults: GcsFaults;
}

export class Context {
  readonly world: World;
  readonly request: GcsRequest;
  /** Undefined: anonymous. */
  readonly caller: Caller | undefined;

  constructor(world: World, request: GcsRequest, caller: Caller | undefined) {
    this.world = world;
    this.request = request;
    this.caller = caller;
  }

  /** @throws {GcsError} 404 */
  get bucket(): Bucket {
    const bucket = this.world.buckets.get(this.request.bucket ?? '');
    if (bucket === undefined) throw noSuchBucket();
    return bucket;
  }

  get object(): string {
    return this.request.object ?? '';
  }

  may(permission: string): boolean {
    const { bucket, world } = this;
    const names = memberNames(this.caller?.member).filter(
      (name) => !(bucket.publicAccessPrevented && name.startsWith('all')),
    );
    return grants([...bucket.bindings, ...world.bindings], world.roles, names, permission);
  }

  /** @throws {GcsError} 403, or 401 for an anonymous caller. */
  require(permission: string): void {
    if (!this.may(permission)) throw denied(this.caller?.email, permission);
  }
}
