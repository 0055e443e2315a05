/** Faults of MinIO, and of what stands in front of it. */
import type { BucketSettings, S3Server } from '../services/s3/index.ts';
import { refusedPort } from '../services/tcp.ts';
import { config, elsewhere } from './arrange.ts';
import type { Arrange, Fault } from './fault.ts';

/** Settings of one of the buckets. */
const bucket =
  (name: string, settings: BucketSettings): Arrange =>
  ({ estate }) => {
    const held = estate.store.bucket(name);
    const { versioning, lifecycle, policy } = held;
    Object.assign(held, settings);
    return { undo: () => Object.assign(held, { versioning, lifecycle, policy }) };
  };

/** What is wrong with the object store as a whole. */
const storeFault =
  (change: Partial<Pick<S3Server, 'faults' | 'corsAllowOrigin'>>): Arrange =>
  ({ estate: { store } }) => {
    const { faults, corsAllowOrigin } = store;
    Object.assign(store, change);
    return { undo: () => Object.assign(store, { faults, corsAllowOrigin }) };
  };

const EVERYONE = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::spacelift-deliveries/*',
} as const;

export const MINIO: readonly Fault[] = [
  {
    name: 'wrong MinIO secret',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' })),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'unknown MinIO key',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' })),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'one bucket missing',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_STATES: 'not-there' })),
    fail: ['object-storage/states/access'],
  },
  {
    name: 'versioning off on states',
    arrange: bucket('spacelift-states', { versioning: undefined }),
    fail: ['object-storage/states/versioning'],
  },
  {
    name: 'versioning off where suggested',
    arrange: bucket('spacelift-modules', { versioning: undefined }),
    warn: ['object-storage/modules/versioning'],
  },
  {
    name: 'a lifecycle rule on states',
    arrange: bucket('spacelift-states', {
      lifecycle: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
    }),
    fail: ['object-storage/states/retention'],
  },
  {
    name: 'no expiry on uploads',
    arrange: bucket('spacelift-uploads', { lifecycle: undefined }),
    warn: ['object-storage/uploads/retention'],
  },
  {
    name: 'two variables, one bucket',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_WORKSPACE: 'spacelift-user-uploaded-workspaces' })),
    warn: ['object-storage/distinct'],
  },
  {
    name: 'another origin may upload',
    arrange: storeFault({ corsAllowOrigin: 'https://other.corp.internal' }),
    fail: ['object-storage/uploads/cors'],
  },
  {
    name: 'a proxy that drops headers with underscores',
    arrange: storeFault({ faults: { dropUnderscoreHeaders: true } }),
    fail: ['object-storage/uploads/proxy'],
  },
  {
    name: 'a proxy that caps bodies',
    arrange: storeFault({ faults: { maxBodyBytes: 1024 * 1024 } }),
    fail: ['object-storage/uploads/proxy'],
  },
  {
    name: 'uploads URL of another origin',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://uploads.corp.io' })),
    warn: ['object-storage/uploads/url'],
  },
  {
    name: 'a bucket that everyone can read',
    arrange: bucket('spacelift-deliveries', { policy: { Version: '2012-10-17', Statement: [EVERYONE] } }),
    warn: ['object-storage/deliveries/public'],
  },
  {
    name: 'an object store that refuses',
    arrange: elsewhere('OBJECT_STORAGE_MINIO_ENDPOINT', refusedPort),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'a clock that is wrong',
    arrange: storeFault({ faults: { clockOffsetMs: 3_600_000 } }),
    fail: ['object-storage/deliveries/access'],
  },
];
