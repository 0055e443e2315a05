/** Ways to break MinIO, and what stands in front of it. */
import type { BucketSettings, FaultRequest, S3Faults, S3Server, S3User } from '../../services/s3/index.ts';
import type { FaultReply } from '../../services/s3/types.ts';
import type { Variables } from '../../support/preflight.ts';
import { once } from '../arrange.ts';
import type { Arrange } from '../fault.ts';

/** Settings of one of the buckets. */
export const bucket =
  (name: string, settings: BucketSettings): Arrange =>
  ({ estate }) => {
    const held = estate.store.bucket(name);
    const { versioning, lifecycle, policy, objectLock } = held;
    Object.assign(held, settings);
    return { undo: () => Object.assign(held, { versioning, lifecycle, policy, objectLock }) };
  };

/** What is wrong with the object store as a whole. */
export const store =
  (change: Partial<Pick<S3Server, 'faults' | 'corsAllowOrigin'>>): Arrange =>
  ({ estate: { store: held } }) => {
    const { faults, corsAllowOrigin } = held;
    Object.assign(held, change);
    return { undo: () => Object.assign(held, { faults, corsAllowOrigin }) };
  };

/** Answers some requests like this, always. */
export const always = (reply: FaultReply, which: (request: FaultRequest) => boolean = () => true): Arrange =>
  store({ faults: { statusFor: (request) => (which(request) ? reply : undefined) } });

/** Answers each kind of request to each bucket like this, once. */
export const refusingOnce =
  (reply: FaultReply): Arrange =>
  (there) => {
    const first = once();
    const statusFor: S3Faults['statusFor'] = ({ action, bucket: of, method }) =>
      first(`${method} ${action} ${of}`) ? reply : undefined;
    return store({ faults: { statusFor } })(there);
  };

/** Another version of one user. */
export const user =
  (accessKeyId: string, change: Partial<S3User>): Arrange =>
  ({ estate: { store: held } }) => {
    const { users } = held;
    held.users = users.map((one) => (one.accessKeyId === accessKeyId ? { ...one, ...change } : one));
    return {
      undo: () => {
        held.users = users;
      },
    };
  };

/** Where a run leaves something behind, by design or by the fault: it goes when the fault does. */
export const cleared =
  (arrange: Arrange): Arrange =>
  async (there) => {
    const { undo, ...arranged } = await arrange(there);
    const { store: held } = there.estate;
    return {
      ...arranged,
      undo: async () => {
        await undo?.();
        for (const name of Object.keys(held.snapshot())) {
          const of = held.bucket(name);
          for (const { key, versionId } of of.versions()) of.remove(key, versionId);
        }
      },
    };
  };

/** The variables of a store at this address. */
export function storeAt({ host, port }: { host: string; port: number }, scheme: 'http' | 'https' = 'http'): Variables {
  return {
    OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}`,
    OBJECT_STORAGE_MINIO_USE_SSL: String(scheme === 'https'),
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `${scheme}://${host}:${port}`,
  };
}

/** Another server where MinIO should be, or something in front of it. */
export const atStore =
  (start: (target: { host: string; port: number }) => Promise<{ host: string; port: number; close?(): unknown }>) =>
  async ({ estate }: Parameters<Arrange>[0]) => {
    const server = await start(addressOf(estate.store));
    return { variables: storeAt(server), undo: () => server.close?.() };
  };

export function addressOf({ url }: S3Server): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
