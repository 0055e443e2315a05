/** Ten buckets as the vendor's guide wants them, on the S3 test server, and the check of them. */
import { objectStorage } from '../../../checks/object-storage/index.ts';
import { BUCKETS, type Bucket } from '../../../src/config/contract.ts';
import { idsOf } from '../../../src/engine/check.ts';
import type { PolicyDocument, S3Options, S3Server, S3User } from '../../services/s3/index.ts';
import { startS3 } from '../../services/s3/index.ts';
import { type Options, preflight, type Result, type Variables } from '../../support/preflight.ts';

/** Of a worker, and of a run with a baseline. */
const OTHERS = ['object-storage/worker', 'object-storage/pinned'];
/** Every finding of a service that uses the buckets. */
export const EXPECTED = idsOf(objectStorage).filter((id) => !OTHERS.includes(id));
export const NAMES = Object.keys(BUCKETS) as Bucket[];
export const real = (bucket: string): string => `spacelift-${bucket}`;
export const PROBE = 'spacelift-preflight/probe';

const VERSIONED = ['modules', 'run-logs', 'states', 'uploads', 'user-uploaded-workspaces', 'workspace'];
const EXPIRING: readonly string[] = NAMES.filter((bucket) => bucket !== 'modules' && bucket !== 'states');

export const expiry = (days: number) => ({
  ID: 'expire',
  Status: 'Enabled' as const,
  Filter: { Prefix: '' },
  Expiration: { Days: days },
});

/** The vendor's published policies: what each service may do in which bucket. */
const GRANTS: Record<'server' | 'drain', Record<string, string>> = {
  server: {
    states: 'Put Get Delete List',
    uploads: 'Put Get Delete',
    'large-queue-messages': 'Put',
    deliveries: 'Put Get List',
    'policy-inputs': 'Put Get List',
    'user-uploaded-workspaces': 'Put Get Delete',
    workspace: 'Put Get Delete',
    metadata: 'Put Get Delete',
    'run-logs': 'Put Get List',
    modules: 'Put Get Delete List',
  },
  drain: {
    states: 'Delete List',
    'large-queue-messages': 'Get',
    deliveries: 'Put Get List',
    'policy-inputs': 'Put Get List',
    'user-uploaded-workspaces': 'Put Get Delete',
    workspace: 'Put Get Delete',
    metadata: 'Put Get Delete',
    'run-logs': 'Put Get List',
    modules: 'Put Get Delete List',
  },
};

export function rolePolicy(
  role: 'server' | 'drain',
  without: { bucket?: string; grant?: string } = {},
): PolicyDocument {
  const Statement = Object.entries(GRANTS[role]).flatMap(([bucket, grants]) => {
    const kept = grants
      .split(' ')
      .filter((grant) => !(grant === without.grant && (without.bucket ?? bucket) === bucket));
    const objects = kept.filter((grant) => grant !== 'List').map((grant) => `s3:${grant}Object`);
    const arn = `arn:aws:s3:::${real(bucket)}`;
    return [
      ...(objects.length > 0 ? [{ Effect: 'Allow' as const, Action: objects, Resource: `${arn}/*` }] : []),
      ...(kept.includes('List') ? [{ Effect: 'Allow' as const, Action: 's3:ListBucket', Resource: arn }] : []),
    ];
  });
  return { Version: '2012-10-17', Statement };
}

export const OPERATOR: S3User = { accessKeyId: 'spacelift', secretAccessKey: 'a-long-minio-secret' };
export const SERVER: S3User = { ...OPERATOR, accessKeyId: 'server', policy: rolePolicy('server') };
export const DRAIN: S3User = { ...OPERATOR, accessKeyId: 'drain', policy: rolePolicy('drain') };

export interface Storage {
  readonly store: S3Server;
  readonly variables: Variables;
  /** Runs the check, as the operator unless another key is told. */
  check(options?: Options & { as?: string; variables?: Variables }): Promise<Result>;
}

export async function startStorage(options: S3Options = {}): Promise<Storage> {
  const store = await startS3({ users: [OPERATOR, SERVER, DRAIN], ...options });
  const names: Record<string, string> = {};
  for (const bucket of NAMES) {
    names[BUCKETS[bucket]] = real(bucket);
    store.createBucket(real(bucket), {
      ...(VERSIONED.includes(bucket) && { versioning: 'Enabled' }),
      ...(EXPIRING.includes(bucket) && { lifecycle: [expiry(2)] }),
    });
  }
  const variables: Variables = {
    SERVER_DOMAIN: 'spacelift.corp.internal',
    OBJECT_STORAGE_TYPE: 'minio',
    OBJECT_STORAGE_MINIO_ENDPOINT: store.endpoint,
    OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: OPERATOR.accessKeyId,
    OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: store.url,
    ...(options.tls !== undefined && { OBJECT_STORAGE_MINIO_USE_SSL: 'true' }),
    ...names,
  };
  return {
    store,
    variables,
    check: ({ as, variables: changed = {}, ...rest } = {}) =>
      preflight(
        [objectStorage],
        { ...variables, ...(as !== undefined && { OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: as }), ...changed },
        rest,
      ),
  };
}

/** Fresh from a fault: settings and contents as `startStorage` made them. */
export function judged(result: Result): { fail: string[]; warn: string[] } {
  const short = (id: string) => id.replace('object-storage/', '');
  return { fail: result.ids('fail').map(short), warn: result.ids('warn').map(short) };
}

/** What stands in the buckets, as `bucket/key versions`. */
export function contents(store: S3Server): string[] {
  return NAMES.flatMap((bucket) => {
    const versions = store.bucket(real(bucket)).versions();
    return [...Map.groupBy(versions, ({ key }) => key)].map(([key, all]) => `${bucket}/${key} ${all.length}`);
  });
}
