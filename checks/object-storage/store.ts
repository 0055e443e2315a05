/** What the check knows of an object store: one interface, one file per provider behind it. */

import type { HttpAnswer, HttpRequest } from '../../src/net/http.ts';
import type { Target } from '../../src/net/messages.ts';
import type { NetworkKind } from '../../src/net/network-error.ts';
import type { Fix, Shell } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import type { BucketAction } from './requirements.ts';

/** What was asked of the store when something went wrong. */
export type StoreAction = BucketAction | 'read versioning' | 'read lifecycle' | 'read policy';

export type StoreKind =
  /** The store does not know the access key. */
  | 'credentials'
  /** The access key is known, and the secret is another. */
  | 'signature'
  | 'expired'
  | 'clock-skew'
  | 'denied'
  | 'no-bucket'
  | 'invalid-name'
  | 'wrong-region'
  | 'slow-down'
  | 'starting'
  | 'full'
  | 'quota'
  | 'too-large'
  | 'server-error'
  /** Something answers HTTP, and it is no object store. */
  | 'not-a-store'
  /** An error of the store that has no kind of its own; its code is in the evidence. */
  | 'other';

type Facts = Pick<StoreError, 'action' | 'bucket'> &
  Partial<Pick<StoreError, 'code' | 'status' | 'region' | 'skewMs' | 'retryAfterMs' | 'says'>>;

/** An error of the store, as a value. */
export class StoreError extends Error {
  readonly kind: StoreKind;
  readonly action: StoreAction;
  readonly bucket: string;
  /** The store's own code, such as `NoSuchBucket`; never its message. */
  readonly code: string | undefined;
  readonly status: number | undefined;
  /** For `wrong-region`: the right one. */
  readonly region: string | undefined;
  /** How far the server's clock is ahead of this machine's, ms; negative: behind. */
  readonly skewMs: number | undefined;
  /** How long the store asks to wait, ms. */
  readonly retryAfterMs: number | undefined;
  /** What the provider can say better than the shared words do. */
  readonly says: Partial<Issue> | undefined;
  constructor(kind: StoreKind, at: Facts) {
    super(kind);
    this.name = 'StoreError';
    this.kind = kind;
    this.action = at.action;
    this.bucket = at.bucket;
    this.code = at.code;
    this.status = at.status;
    this.region = at.region;
    this.skewMs = at.skewMs;
    this.retryAfterMs = at.retryAfterMs;
    this.says = at.says;
  }
}

/** What was listed under a prefix. A store that ignores the prefix must not have anything else removed. */
export const under = <T>(prefix: string, listed: readonly T[], keyOf: (entry: T) => string | undefined): T[] =>
  listed.filter((entry) => keyOf(entry)?.startsWith(prefix));

/** A version id that says nothing of versioning (absent, `null`) is `undefined`. */
export interface Stored {
  readonly body: Buffer;
  readonly versionId: string | undefined;
}

export interface Written {
  /** There was an object already, and it is untouched; only when writing if absent. */
  readonly existed: boolean;
  readonly versionId: string | undefined;
}

export interface Signed {
  readonly method: string;
  readonly url: URL;
  /** What was signed, and must be sent. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What plain clients say in the store's own words. */
export interface PlainHeaders {
  /** Writes only where there is no object yet; 412 otherwise, unless `taken` is told. */
  readonly ifAbsent: Readonly<Record<string, string>>;
  /** The code of the refusal where there is an object. */
  readonly taken?: string;
  /** How the names of metadata begin. */
  readonly metadata: string;
  /** A header without which a browser’s upload is refused, so that CORS must allow it. */
  readonly upload?: string;
  /** Where signatures bind no headers: names of metadata that are refused when they arrive, with and without an underscore. */
  readonly refused?: { readonly code: string; readonly underscore: string; readonly plain: string };
}

export const S3_HEADERS: PlainHeaders = { ifAbsent: { 'if-none-match': '*' }, metadata: 'x-amz-meta-' };

/**
 * Every operation takes a signal that ends it, and throws StoreError or NetworkError.
 * No operation asks for a permission that its own name does not say.
 */
export interface Store {
  /** "MinIO". */
  readonly name: string;
  readonly target: Target;
  readonly messages: StoreMessages;
  /** An object that is not there is told from one that may not be read, also without the permission to list. */
  readonly tellsMissing?: true;
  /** Deleting what is not there leaves no trace, and still takes the permission. */
  readonly removesNothing?: true;
  /** A service's own role may remove versions too: then nothing of its probe stays either. */
  readonly servicesMayPurge?: true;
  /** A service's own role may see who is let in. */
  readonly servicesSeePublic?: true;
  /** Lifecycle rules are not the bucket's but the account's: one may hit several buckets. */
  readonly rulesAreShared?: true;
  /** S3's unless told. */
  readonly headers?: PlainHeaders;
  put(bucket: string, key: string, body: Buffer, how: { ifAbsent: boolean }, signal: AbortSignal): Promise<Written>;
  /** `undefined` when there is no such object. */
  get(bucket: string, key: string, signal: AbortSignal): Promise<Stored | undefined>;
  list(bucket: string, prefix: string, signal: AbortSignal): Promise<string[]>;
  /** As a service deletes: on a versioned bucket the version stays behind. */
  remove(bucket: string, key: string, signal: AbortSignal): Promise<void>;
  /**
   * Whether what was deleted has left a delete marker behind: versioning is suspended, which no write shows. Only where a
   * store has such markers.
   */
  leftMarker?(bucket: string, key: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether these credentials may remove every trace under a prefix; finds out without changing anything.
   * @throws StoreError also of kind `denied`, when they may not even delete as a service does
   */
  mayPurge(bucket: string, prefix: string, signal: AbortSignal): Promise<boolean>;
  /**
   * The keys under a prefix, also those of which only older versions or delete markers are left; `list` where such things
   * can't be, or can't be listed.
   */
  readonly traces?: (bucket: string, prefix: string, signal: AbortSignal) => Promise<string[]>;
  /** Removes everything under a prefix, with all versions and delete markers. */
  purge(bucket: string, prefix: string, signal: AbortSignal): Promise<void>;
  /** How many versions there are of an object; only where a write's answer does not tell whether there are any. */
  readonly countVersions?: (bucket: string, key: string, signal: AbortSignal) => Promise<number>;
  /** A URL that lets a plain client perform one operation; HEAD may become a GET, whose answer has the same headers. */
  sign(method: string, bucket: string, key: string, headers?: Readonly<Record<string, string>>): Promise<Signed>;
  /** Sends by a plain HTTP client, as a browser or a worker would. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** The URL of an object, unsigned. */
  urlOf(bucket: string, key: string): URL;
  /** What an answer to a plain client means; `undefined` for a success. */
  refusal(answer: HttpAnswer, at: { action: StoreAction; bucket: string }): StoreError | undefined;
  versioning(bucket: string, signal: AbortSignal): Promise<boolean>;
  /** The enabled rules that delete current objects, each in a few words. */
  expiry(bucket: string, signal: AbortSignal): Promise<string[]>;
  /** Whether the bucket's own settings let everyone in. */
  isPublic(bucket: string, signal: AbortSignal): Promise<boolean>;
}

/** The provider's own words for the way out: commands and settings with the real names in them. */
export interface StoreMessages {
  /** The permission behind an action: `s3:PutObject`. */
  readonly permission: Readonly<Record<StoreAction, string>>;
  /** How somebody who may look at a setting does. */
  readonly look?: Partial<Readonly<Record<StoreAction, Shell>>>;
  /** What mends a problem of each kind. */
  readonly mend: Readonly<Record<StoreKind, (problem: StoreError) => Fix>>;
  /** What mends a problem on the way, where the provider has a better word for it than `networkMessages`. */
  readonly network: Partial<Readonly<Record<NetworkKind, Fix>>>;
  versioning(bucket: string): Fix;
  /** Adds a rule that expires objects after so many days. */
  expire(bucket: string, days: number): Fix;
  /** Removes the rules that expire objects. */
  keep(bucket: string): Fix;
  makePrivate(bucket: string): Fix;
  allowOrigin(bucket: string, origin: string): Fix;
  /** What serves the store over TLS, under a name that browsers reach. */
  readonly overTls: Fix;
  /** Removes a key, or everything under a prefix that ends in a slash, with all versions. */
  remove(bucket: string, key: string): Fix;
}
