/** The object store as the check sees it: one interface, implemented once per provider. */

import type { HttpAnswer, HttpRequest } from '../../src/net/http.ts';
import type { Target } from '../../src/net/messages.ts';
import type { NetworkKind } from '../../src/net/network-error.ts';
import type { Fix, Shell } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import type { BucketAction } from './requirements.ts';

/** The operation that an error belongs to. */
export type StoreAction = BucketAction | 'read versioning' | 'read lifecycle' | 'read policy' | 'read retention';

/** An operation, and the bucket of it; empty for the store itself. */
export interface At {
  readonly action: StoreAction;
  readonly bucket: string;
  /** The request, where it is known. */
  readonly sent?: Sent | undefined;
}

export interface Sent {
  readonly method: string;
  /** The first query parameter, which in the S3 protocol selects the operation: `versions`. */
  readonly parameter: string | undefined;
}

export type StoreKind =
  /** The store does not recognize the access key. */
  | 'credentials'
  /** The store recognizes the access key, but rejects the secret key. */
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
  /** An HTTP server responded, but not an object store. */
  | 'not-a-store'
  /** An HTTP server sends clients elsewhere. */
  | 'redirected'
  /** The store does not have this operation. */
  | 'unsupported'
  /** Any other error of the store; its code is in the evidence. */
  | 'other';

type Facts = At &
  Partial<Pick<StoreError, 'code' | 'status' | 'region' | 'skewMs' | 'retryAfterMs' | 'location' | 'says'>>;

/** An error of the store, as a value. */
export class StoreError extends Error {
  readonly kind: StoreKind;
  readonly action: StoreAction;
  readonly bucket: string;
  readonly sent: Sent | undefined;
  /** The store's own code, such as `NoSuchBucket`; never its message. */
  readonly code: string | undefined;
  readonly status: number | undefined;
  /** For `wrong-region`: the correct region. */
  readonly region: string | undefined;
  /** How far the server's clock is ahead of this machine's, ms; negative: behind. */
  readonly skewMs: number | undefined;
  /** How long the store asks to wait, ms. */
  readonly retryAfterMs: number | undefined;
  /** For `redirected`: where to. */
  readonly location: URL | undefined;
  /** Provider-specific texts that replace the shared ones. */
  readonly says: Partial<Issue> | undefined;
  constructor(kind: StoreKind, at: Facts) {
    super(kind);
    this.name = 'StoreError';
    this.kind = kind;
    this.action = at.action;
    this.bucket = at.bucket;
    this.sent = at.sent;
    this.code = at.code;
    this.status = at.status;
    this.region = at.region;
    this.skewMs = at.skewMs;
    this.retryAfterMs = at.retryAfterMs;
    this.location = at.location;
    this.says = at.says;
  }
}

/** Whether something in front of the store may have rejected the request: the error is not the store's own. */
export const isRejectedByProxy = ({ kind, status = 0 }: StoreError): boolean =>
  kind === 'not-a-store' && status >= 400 && status < 500;

/** The listed entries under a prefix. If a store ignores the prefix, nothing else may be removed. */
export const under = <T>(prefix: string, listed: readonly T[], keyOf: (entry: T) => string | undefined): T[] =>
  listed.filter((entry) => keyOf(entry)?.startsWith(prefix));

/** A version id that says nothing about versioning (absent, `null`) becomes `undefined`. */
export interface Stored {
  readonly body: Buffer;
  readonly versionId: string | undefined;
  /** The bucket has never had versions, as far as the store says so. */
  readonly isUnversioned?: boolean;
}

/** A real version id: `null` belongs to an object that was written without versioning. */
export function versionIn(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== 'null' && header !== '' ? header : undefined;
}

/** The default retention of a bucket: no version that is written to it can be removed before then. */
export interface Retention {
  /** Whether someone with a separate permission can remove a version earlier. */
  readonly mode: 'governance' | 'compliance';
  /** How long it lasts, ms; `undefined` if that is not known. */
  readonly periodMs: number | undefined;
  /** Set where it keeps current objects, too, so that no service can delete or replace them: the fix that ends it. */
  readonly release?: Fix;
}

/** A version of an object, or a delete marker. */
export interface Version {
  readonly key: string;
  readonly versionId: string;
}

/** What a store has listed under a key, and which was removed then. */
export interface Purged {
  readonly key: string;
  /** Whether it was the object itself, and neither an older version nor a delete marker. */
  readonly isCurrent: boolean;
}

export interface Written {
  /** The object existed already and was left untouched; only when writing if absent. */
  readonly existed: boolean;
  readonly versionId: string | undefined;
}

export interface Signed {
  readonly method: string;
  readonly url: URL;
  /** Headers that were signed and must be sent. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The provider's own headers for plain HTTP clients. */
export interface PlainHeaders {
  /** Writes only if the object does not exist; otherwise the store returns 412, unless `taken` is set. */
  readonly ifAbsent: Readonly<Record<string, string>>;
  /** The error code if the object exists. */
  readonly taken?: string;
  /** The response header that holds the version of what was written; absent where no write reveals one. */
  readonly version?: string;
  /** The prefix of metadata headers. */
  readonly metadata: string;
  /** A header that browser uploads require, so CORS must allow it. */
  readonly upload?: string;
  /** Where signatures cover no headers: metadata names that the store rejects when they arrive, with and without an underscore. */
  readonly refused?: { readonly code: string; readonly underscore: string; readonly plain: string };
}

export const S3_HEADERS: PlainHeaders = {
  ifAbsent: { 'if-none-match': '*' },
  version: 'x-amz-version-id',
  metadata: 'x-amz-meta-',
};

/**
 * Every operation accepts a signal that aborts it, and throws StoreError or NetworkError.
 * No operation needs a permission other than the one that its name implies.
 */
export interface Store {
  /** "MinIO". */
  readonly name: string;
  readonly target: Target;
  readonly messages: StoreMessages;
  /** A missing object differs from one that must not be read, even without permission to list. */
  readonly tellsMissing?: true;
  /** Deleting a missing object leaves no trace, but still requires the permission. */
  readonly removesNothing?: true;
  /** A service's own role is allowed to remove versions too, so its test objects don't stay either. */
  readonly servicesMayPurge?: true;
  /** A service's own role is allowed to read the access settings. */
  readonly servicesSeePublic?: true;
  /** Lifecycle rules belong to the account, not to the bucket: one rule may affect several buckets. */
  readonly rulesAreShared?: true;
  /** S3's headers by default. */
  readonly headers?: PlainHeaders;
  put(bucket: string, key: string, body: Buffer, how: { ifAbsent: boolean }, signal: AbortSignal): Promise<Written>;
  /** `undefined` when there is no such object. */
  get(bucket: string, key: string, signal: AbortSignal): Promise<Stored | undefined>;
  list(bucket: string, prefix: string, signal: AbortSignal): Promise<string[]>;
  /**
   * Deletes as a service does: on a versioned bucket, the version stays behind.
   * @returns the version id of the delete marker, if it left one and the store says so
   */
  remove(bucket: string, key: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Whether a deletion left a delete marker behind: versioning is suspended, which no write reveals. Only for stores that
   * have delete markers.
   */
  leftMarker?(bucket: string, key: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether these credentials are allowed to remove every trace under a prefix; tests it without changing anything.
   * @throws StoreError also of kind `denied`, when they are not even allowed to delete as a service does
   */
  mayPurge(bucket: string, prefix: string, signal: AbortSignal): Promise<boolean>;
  /**
   * The keys under a prefix, including those with only older versions or delete markers left; absent where the store has no
   * such traces, or can't list them (`list` is used instead).
   */
  readonly traces?: (bucket: string, prefix: string, signal: AbortSignal) => Promise<string[]>;
  /**
   * Removes everything under a prefix, with all versions and delete markers.
   * @param markers delete markers there that are known already: they need no listing, so they are removed during it
   * @returns all that the store has listed, and says is gone now
   */
  purge(bucket: string, prefix: string, signal: AbortSignal, markers?: readonly Version[]): Promise<readonly Purged[]>;
  /** Removes one version. Only for stores whose writes reveal it. */
  removeVersion?(bucket: string, key: string, versionId: string, signal: AbortSignal): Promise<unknown>;
  /**
   * The default retention of a bucket; `undefined` if there is none, `hidden` if the bucket does not show whether it has one.
   * Absent where the store does not have it.
   */
  readonly retention?: (bucket: string, signal: AbortSignal) => Promise<Retention | 'hidden' | undefined>;
  /** The names of the buckets that these credentials can see: only to find a misspelling. */
  buckets(signal: AbortSignal): Promise<string[]>;
  /** Whether a response comes from the store itself, and not from something in front of it. */
  isOwn(answer: HttpAnswer): boolean;
  /**
   * Whether the `Authorization` header of a request reaches the store, which the error for unknown credentials shows. Absent
   * where a missing header has an error of its own, and where nothing can drop it.
   */
  readonly seesAuthorization?: () => Promise<boolean>;
  /** The number of versions of an object; only where a write's response does not tell whether it has any. */
  readonly countVersions?: (bucket: string, key: string, signal: AbortSignal) => Promise<number>;
  /** A URL that lets a plain client perform one operation; HEAD may become GET, whose response has the same headers. */
  sign(method: string, bucket: string, key: string, headers?: Readonly<Record<string, string>>): Promise<Signed>;
  /** Sends with a plain HTTP client, as a browser or a worker would. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** The URL of an object, unsigned. */
  urlOf(bucket: string, key: string): URL;
  /** The error in a response to a plain client; `undefined` for a success. */
  refusal(answer: HttpAnswer, at: At): StoreError | undefined;
  versioning(bucket: string, signal: AbortSignal): Promise<boolean>;
  /** Short descriptions of the enabled rules that delete current objects. */
  expiry(bucket: string, signal: AbortSignal): Promise<string[]>;
  /** Whether the bucket's own settings allow public access. */
  isPublic(bucket: string, signal: AbortSignal): Promise<boolean>;
}

/** The provider's own fixes: commands and settings that contain the real names. */
export interface StoreMessages {
  /** The permission behind an action: `s3:PutObject`. */
  readonly permission: Readonly<Record<StoreAction, string>>;
  /** Commands that show a setting to anyone with permission to read it. */
  readonly look?: Partial<Readonly<Record<StoreAction, Shell>>>;
  /** The fix for each kind of error. */
  readonly fixes: Readonly<Record<StoreKind, (problem: StoreError) => Fix>>;
  /** Fixes for network errors, where the provider has a better one than `networkMessages`. */
  readonly network: Partial<Readonly<Record<NetworkKind, Fix>>>;
  versioning(bucket: string): Fix;
  /** Adds a rule that expires objects after so many days. */
  expire(bucket: string, days: number): Fix;
  /** Removes the rules that expire objects. */
  keep(bucket: string): Fix;
  makePrivate(bucket: string): Fix;
  allowOrigin(bucket: string, origin: string): Fix;
  /** Serves the store over TLS, under a name that browsers can reach. */
  readonly overTls: Fix;
  /** Removes a key, or everything under a prefix that ends in a slash, with all versions. */
  remove(bucket: string, key: string, retention?: Retention): Fix;
}
