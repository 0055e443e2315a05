/** What callers of the Cloud Storage test server see: settings of buckets, faults and the request log. */
import type { Binding } from './roles.ts';

/** A lifecycle rule, with the JSON API's names. */
export interface LifecycleRule {
  action: { type: 'Delete' | 'SetStorageClass' | 'AbortIncompleteMultipartUpload'; storageClass?: string };
  condition: {
    age?: number;
    createdBefore?: string;
    customTimeBefore?: string;
    daysSinceCustomTime?: number;
    daysSinceNoncurrentTime?: number;
    isLive?: boolean;
    matchesPrefix?: string[];
    matchesSuffix?: string[];
    matchesStorageClass?: string[];
    noncurrentTimeBefore?: string;
    numNewerVersions?: number;
  };
}

export interface CorsEntry {
  origin: string[];
  method: string[];
  responseHeader?: string[];
  maxAgeSeconds?: number;
}

/** A bucket's resource, as far as it is kept, with the JSON API's names. Every field may be changed at any time. */
export interface BucketSettings {
  location?: string;
  versioning?: { enabled: boolean };
  lifecycle?: { rule: LifecycleRule[] };
  cors?: CorsEntry[];
  /** How long objects are kept, s. */
  retentionPolicy?: { retentionPeriod: string; isLocked?: boolean } | undefined;
  /** New objects get an event-based hold. */
  defaultEventBasedHold?: boolean | undefined;
  /** How long deleted objects can be restored; they are gone from every listing. */
  softDeletePolicy?: { retentionDurationSeconds: string } | undefined;
  iamConfiguration?: {
    uniformBucketLevelAccess?: { enabled: boolean };
    publicAccessPrevention?: 'enforced' | 'inherited';
  };
  /** What new objects grant; without effect under uniform bucket-level access. */
  defaultObjectAcl?: { entity: string; role: 'READER' | 'OWNER' }[];
  /** The bucket's own IAM bindings; the project's come on top. */
  bindings?: Binding[];
}

/** A request as fault functions see it. */
export interface FaultRequest {
  method: string;
  /** As the client called the server: `storage.googleapis.com`, or `127.0.0.1`. */
  host: string;
  path: string;
  /** Signatures left out. */
  query: string;
  headers: Readonly<Record<string, string>>;
  /** `storage.objects.insert` and its like for the JSON API, `xml.PUT`, `xml.OPTIONS` …, `oauth2.token`, `sts.token`,
   * `iamcredentials.signBlob`, `iamcredentials.generateAccessToken`, `metadata`. */
  action: string;
  bucket: string | undefined;
  object: string | undefined;
}

export interface FaultReply {
  status: number;
  /** The error's `reason` (JSON API), `Code` (XML API) or `error` (OAuth). */
  reason: string;
  message?: string;
  headers?: Record<string, string>;
}

/** What goes wrong, on purpose. Every field may be changed while the server runs. */
export interface GcsFaults {
  /** Milliseconds before each request is looked at. */
  delayMs?: number;
  /** Milliseconds that the server's clock is ahead (negative: behind), for assertions, tokens and signed URLs alike. */
  clockOffsetMs?: number;
  /** Answers instead of the server, before authentication. */
  statusFor?: (request: FaultRequest) => FaultReply | undefined;
  /** Accept the request and never answer. */
  hangFor?: (request: FaultRequest) => boolean;
  /** Flip one byte of every object that is read. */
  corruptReads?: boolean;
  /** After each page of a listing comes another, which is the first again. */
  endlessPages?: boolean;
}

/** One line of the request log. */
export interface RequestRecord {
  method: string;
  host: string;
  path: string;
  query: string;
  action: string;
  /** 0 while unanswered. */
  status: number;
  /** The caller's email address, `anonymous`, or undefined when authentication failed or was not reached. */
  caller: string | undefined;
}

/** What an operation answers. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}
