/** Ways to break an installation on Google Cloud. */
import { grantTo } from '../../checks/object-storage/gcp-storage.ts';
import { NAMES, real } from '../../checks/object-storage/storage.ts';
import type { Bucket, BucketSettings, FaultReply, FaultRequest, GcsFaults } from '../../services/gcs/index.ts';
import type { Estate } from '../../support/estate.ts';
import { GKE } from '../../support/estate.ts';
import { once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';

export const onGke = (...faults: readonly Fault[]): readonly Fault[] => faults.map((fault) => ({ at: GKE, ...fault }));

/** What is wrong with Google's servers as a whole. */
export const serving =
  (faults: GcsFaults | ((estate: Estate) => GcsFaults)): Arrange =>
  ({ estate }) => {
    const { gcs } = estate.gcp;
    gcs.faults = typeof faults === 'function' ? faults(estate) : faults;
    return {
      undo: () => {
        gcs.faults = {};
      },
    };
  };

export const isStorage = ({ action }: FaultRequest): boolean =>
  action.startsWith('storage.') || action.startsWith('xml.');

/** The answer instead of the server's. */
export const refusing = (when: (request: FaultRequest) => boolean, reply: FaultReply): Arrange =>
  serving({ statusFor: (request) => (when(request) ? reply : undefined) });

/** The same, for each different request once. */
export const refusingOnce = (when: (request: FaultRequest) => boolean, reply: FaultReply): Arrange =>
  serving(() => {
    const first = once();
    return {
      statusFor: (request) => {
        const { method, path, query } = request;
        const key = `${method} ${path} ${query.replace(/X-Goog-Date=[^&]*/, '')}`;
        return when(request) && first(key) ? reply : undefined;
      },
    };
  });

/** Settings of one of the buckets. */
export const settings =
  (bucket: string, changed: BucketSettings): Arrange =>
  ({ estate }) => {
    const held = estate.gcp.gcs.bucket(real(bucket));
    const { versioning, lifecycle, cors, iamConfiguration, bindings, defaultObjectAcl } = held;
    Object.assign(held, changed);
    return {
      undo: () => Object.assign(held, { versioning, lifecycle, cors, iamConfiguration, bindings, defaultObjectAcl }),
    };
  };

/** The credentials file that the SDKs see. */
export const credentials =
  (path: (estate: Estate) => string | Promise<string>): Arrange =>
  async ({ estate }) => ({ environment: { GOOGLE_APPLICATION_CREDENTIALS: await path(estate) } });

/** What keeps the objects of a bucket, which is empty afterward. */
export const kept =
  (bucket: string, changed: BucketSettings): Arrange =>
  ({ estate }) => {
    const held = estate.gcp.gcs.bucket(real(bucket));
    const { versioning } = held;
    Object.assign(held, changed);
    return {
      undo: () => {
        Object.assign(held, {
          versioning,
          retentionPolicy: undefined,
          defaultEventBasedHold: undefined,
          softDeletePolicy: undefined,
        });
        for (const object of held.list(true)) object.eventBasedHold = false;
        empty(held);
      },
    };
  };

export const empty = (bucket: Bucket): void => {
  for (const { name, generation } of bucket.list(true)) bucket.remove(name, generation);
};

const VERBS = ['create', 'get', 'list', 'delete'];

/** The service's role without one permission, in these buckets. */
export const without =
  (verb: string, buckets: readonly string[] = NAMES): Arrange =>
  ({ estate: { gcp } }) => {
    const { gcs, spacelift } = gcp;
    const granted = VERBS.filter((one) => one !== verb).map((one) => `storage.objects.${one}`);
    Object.assign(gcs.roles, { 'roles/custom': granted });
    const undos = buckets.map((name) => {
      const bucket = gcs.bucket(real(name));
      const { bindings } = bucket;
      bucket.bindings = [grantTo(spacelift.email, 'roles/custom')];
      return () => {
        bucket.bindings = bindings;
        empty(bucket);
      };
    });
    return {
      undo: () => {
        for (const undo of undos) undo();
      },
    };
  };
