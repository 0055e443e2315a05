/** An S3-compatible server for tests and the demo: real signatures, versions, lifecycle, CORS and policies, in memory, on
 * loopback. It stands in for MinIO (`flavor: 'minio'`) or AWS S3 (`flavor: 'aws'`). */
import { listen } from '../listener.ts';
import { handle, type ServerState } from './server.ts';
import { Bucket, type BucketSettings } from './store.ts';
import type { RequestRecord, S3Faults, S3Options, S3User } from './types.ts';

export type { PolicyDocument, Statement } from '../policy.ts';
export type { Bucket, BucketSettings, CorsRule, LifecycleRule, ObjectVersion, PublicAccessBlock } from './store.ts';
export type { FaultReply, FaultRequest, Flavor, RequestRecord, S3Faults, S3Options, S3User } from './types.ts';

export interface S3Server {
  /** host:port */
  readonly endpoint: string;
  /** scheme://host:port */
  readonly url: string;
  /** May be changed while the server runs. */
  users: S3User[];
  /** May be changed while the server runs. */
  faults: S3Faults;
  /** `MINIO_API_CORS_ALLOW_ORIGIN`: origin patterns separated by commas. Default `*`; only in flavor `minio`. */
  corsAllowOrigin: string;
  /** What was asked, oldest first, without secrets. */
  readonly requests: RequestRecord[];
  createBucket(name: string, settings?: BucketSettings): Bucket;
  /** Removes a bucket and all that is in it. */
  removeBucket(name: string): void;
  /** For assertions, and to change settings.
   * @throws {Error} when there is no such bucket. */
  bucket(name: string): Bucket;
  /** Every bucket's settings, versions, delete markers and uploads as plain JSON: equal before and after when nothing
   * was left behind. Times are left out. */
  snapshot(): Record<string, object>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The root user when no users are given; MinIO's own default. */
export const defaultUser: S3User = { accessKeyId: 'minioadmin', secretAccessKey: 'minioadmin' };

/** Starts a server on a free port.
 * @throws {Error} when `host` is not a loopback address. */
export async function startS3(options: S3Options = {}): Promise<S3Server> {
  const { host = '127.0.0.1', flavor = 'minio', region = 'us-east-1', tls } = options;
  if (!/^(127\.[\d.]+|::1|localhost)$/.test(host)) throw new Error(`Not a loopback address: ${host}`);
  const closing = new AbortController();
  const state: ServerState = {
    flavor,
    region,
    buckets: new Map(),
    users: options.users ?? [defaultUser],
    faults: options.faults ?? {},
    corsAllowOrigin: '*',
    requests: [],
    secure: tls !== undefined,
    closed: closing.signal,
  };
  const listener = await listen(
    (message, response) => {
      // What fails here lost its connection: there is nobody to tell.
      handle(state, message, response).catch(() => response.destroy());
    },
    host,
    tls,
  );
  const endpoint = `${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
  return {
    endpoint,
    url: `${tls === undefined ? 'http' : 'https'}://${endpoint}`,
    requests: state.requests,
    get users() {
      return state.users;
    },
    set users(users) {
      state.users = users;
    },
    get faults() {
      return state.faults;
    },
    set faults(faults) {
      state.faults = faults;
    },
    get corsAllowOrigin() {
      return state.corsAllowOrigin;
    },
    set corsAllowOrigin(origins) {
      state.corsAllowOrigin = origins;
    },
    createBucket(name, settings = {}) {
      const bucket = new Bucket(name, flavor, region, settings, new Date());
      state.buckets.set(name, bucket);
      return bucket;
    },
    removeBucket(name) {
      state.buckets.delete(name);
    },
    bucket(name) {
      const bucket = state.buckets.get(name);
      if (bucket === undefined) throw new Error(`No such bucket: ${name}`);
      return bucket;
    },
    snapshot() {
      const names = [...state.buckets.keys()].sort();
      return Object.fromEntries(names.map((name) => [name, state.buckets.get(name)?.snapshot() ?? {}]));
    },
    close() {
      closing.abort();
      return listener.close();
    },
  };
}
