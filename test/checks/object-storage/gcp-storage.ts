/** Ten buckets as the vendor's guide wants them, on the Cloud Storage test server, and the check of them. */
import { objectStorage } from '../../../checks/object-storage/index.ts';
import { BUCKETS } from '../../../src/config/contract.ts';
import type {
  BucketSettings,
  FaultReply,
  FaultRequest,
  GcsFaults,
  GcsOptions,
  GcsServer,
  LifecycleRule,
  ServiceAccount,
} from '../../services/gcs/index.ts';
import { startGcs } from '../../services/gcs/index.ts';
import { type Options, preflight, type Result, type Variables } from '../../support/preflight.ts';
import { NAMES, real } from './storage.ts';

export const ORIGIN = 'https://spacelift.corp.internal';
export const UPLOADS_URL = 'https://storage.googleapis.com';

const VERSIONED = ['modules', 'run-logs', 'states', 'uploads', 'user-uploaded-workspaces', 'workspace'];
const KEPT = ['modules', 'states'];

export const expiry = (days: number): LifecycleRule => ({ action: { type: 'Delete' }, condition: { age: days } });

/** As the vendor's module makes it, but for who may use it. */
export const settingsOf = (bucket: string): BucketSettings => ({
  ...(VERSIONED.includes(bucket) && { versioning: { enabled: true } }),
  ...(!KEPT.includes(bucket) && { lifecycle: { rule: [expiry(2)] } }),
  ...(bucket === 'uploads' && {
    cors: [{ origin: [ORIGIN], method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 }],
  }),
});

export const grantTo = (email: string, role: string) => ({ role, members: [`serviceAccount:${email}`] });

/** Answers instead of the server. */
export const refuse = (reply: FaultReply, when: (request: FaultRequest) => boolean): GcsFaults => ({
  statusFor: (request) => (when(request) ? reply : undefined),
});
export const isPut = ({ action }: FaultRequest): boolean => action === 'storage.objects.insert';

export interface Storage {
  readonly gcs: GcsServer;
  /** Project-wide `roles/storage.admin`. */
  readonly operator: ServiceAccount;
  /** `roles/storage.objectAdmin` on each bucket, and may sign as itself. */
  readonly spacelift: ServiceAccount;
  readonly variables: Variables;
  readonly keyFiles: { readonly operator: string; readonly spacelift: string };
  /** Runs the check with the operator's key file, or another credentials file, or none. */
  check(options?: Options & { as?: string | undefined; variables?: Variables }): Promise<Result>;
  /** Puts the buckets back as they were. */
  reset(): void;
}

export async function startGcp(options: GcsOptions = {}): Promise<Storage> {
  const gcs = await startGcs(options);
  const operator = await gcs.createServiceAccount('operator');
  const spacelift = await gcs.createServiceAccount('spacelift');
  gcs.bindings.push(grantTo(operator.email, 'roles/storage.admin'));
  const reset = () => {
    for (const bucket of NAMES) {
      gcs.createBucket(real(bucket), {
        ...settingsOf(bucket),
        bindings: [grantTo(spacelift.email, 'roles/storage.objectAdmin')],
      });
    }
  };
  reset();
  const keyFiles = {
    operator: await gcs.keyFile(operator.email),
    spacelift: await gcs.keyFile(spacelift.email),
  };
  const variables: Variables = {
    SERVER_DOMAIN: 'spacelift.corp.internal',
    LICENSE_TYPE: 'jwt',
    OBJECT_STORAGE_TYPE: 'gcp',
    GCP_PROJECT: gcs.projectId,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: UPLOADS_URL,
    ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
  };
  return {
    gcs,
    operator,
    spacelift,
    variables,
    keyFiles,
    reset,
    check: ({ variables: changed = {}, environment, ...rest } = {}) => {
      const file = 'as' in rest ? rest.as : keyFiles.operator;
      return preflight(
        [objectStorage],
        { ...variables, ...changed },
        { environment: { ...gcs.proxyEnvironment(file), ...environment }, ...rest },
      );
    },
  };
}
