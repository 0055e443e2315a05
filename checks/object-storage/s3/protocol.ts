/** Interprets responses in the S3 protocol (S3 API reference, "Error responses"; MinIO's own codes). */

import type { HttpAnswer } from '../../../src/net/http.ts';
import { redirectTarget } from '../../../src/net/redirect.ts';
import { retryAfterIn } from '../../../src/net/retry.ts';
import { basicTime, day } from '../../../src/util/format.ts';
import { lookup } from '../../../src/util/lookup.ts';
import {
  type At,
  type Purged,
  type Retention,
  type StoreAction,
  StoreError,
  type StoreKind,
  type Version,
  versionIn,
} from '../store.ts';

/** The permissions that S3 and MinIO name alike; each has its own for reading a policy. */
export const S3_PERMISSIONS = {
  put: 's3:PutObject',
  get: 's3:GetObject',
  list: 's3:ListBucket',
  delete: 's3:DeleteObject',
  'read versioning': 's3:GetBucketVersioning',
  'read lifecycle': 's3:GetLifecycleConfiguration',
  'read retention': 's3:GetBucketObjectLockConfiguration',
} as const satisfies Partial<Record<StoreAction, string>>;

const KIND_OF_CODE: Readonly<Record<string, StoreKind>> = {
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'signature',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  InvalidToken: 'credentials',
  InvalidTokenId: 'credentials',
  RequestTimeTooSkewed: 'clock-skew',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  NoSuchBucket: 'no-bucket',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
  NotSupported: 'unsupported',
  UnsupportedOperation: 'unsupported',
  InvalidBucketName: 'invalid-name',
  AuthorizationHeaderMalformed: 'wrong-region',
  PermanentRedirect: 'wrong-region',
  IllegalLocationConstraintException: 'wrong-region',
  AuthorizationQueryParametersError: 'wrong-region',
  InvalidRegion: 'wrong-region',
  SlowDown: 'slow-down',
  SlowDownRead: 'slow-down',
  SlowDownWrite: 'slow-down',
  TooManyRequests: 'slow-down',
  ServerBusy: 'slow-down',
  XMinioServerNotInitialized: 'starting',
  XMinioIAMNotInitialized: 'starting',
  XMinioBucketMetadataNotInitialized: 'starting',
  XMinioStorageFull: 'full',
  InsufficientStorage: 'full',
  XMinioAdminBucketQuotaExceeded: 'quota',
  QuotaExceeded: 'quota',
  EntityTooLarge: 'too-large',
  InternalError: 'server-error',
  ServiceUnavailable: 'server-error',
};

/** Whether a bucket can have this name (S3 user guide, "General purpose bucket naming rules"). */
export const isPossibleName = (bucket: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && !bucket.includes('..') && !/^(\d+\.){3}\d+$/.test(bucket);

/** Statuses of an operation that the server does not have (RFC 9110: "Method Not Allowed", "Not Implemented"). */
const UNSUPPORTED: readonly number[] = [405, 501];

/**
 * The error in a response, or `undefined` if the store did what was asked.
 * @param base the store's address, to tell where a redirect leads
 */
export function s3Refusal(answer: HttpAnswer, at: At, base?: URL): StoreError | undefined {
  const { status, headers } = answer;
  if (!isErrorResponse(answer)) return undefined;
  const code = codeIn(answer);
  const location = code === undefined ? redirectTarget(answer, base) : undefined;
  if (location !== undefined) return new StoreError('redirected', { ...at, status, location });
  // MinIO's console recognizes requests for the MinIO API, and says so.
  const atConsole = code === 'InvalidArgument' && /\bAPI port\b/.test(answer.body.toString());
  const kind = atConsole ? 'not-a-store' : kindOf(answer, code);
  // For an invalid name, some stores answer that there is no such bucket; nobody could create it.
  return new StoreError(kind === 'no-bucket' && !isPossibleName(at.bucket) ? 'invalid-name' : kind, {
    ...at,
    status,
    retryAfterMs: retryAfterIn(headers['retry-after']),
    ...(code !== undefined && { code }),
    ...regionIn(answer),
    ...skewOf(headers.date),
  });
}

/** An HTML page with a success status comes from something else; a response without a body has its server's default type. */
export function isErrorResponse({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  const isEmpty = status === 204 || headers['content-length'] === '0';
  return status >= 300 || (!isEmpty && isPage(headers));
}

const isPage = (headers: HttpAnswer['headers']): boolean => /^text\/html/i.test(headers['content-type'] ?? '');

/** A store may invent codes: MinIO has `kms:KeyNotFound`, others have digits, hyphens, and underscores in theirs. */
const CODE = '[A-Za-z][A-Za-z0-9_.:-]{0,63}';
const WHOLE_CODE = new RegExp(`^${CODE}$`);
const CODE_ELEMENT = new RegExp(`<Code>\\s*(${CODE})\\s*</Code>`);

/** The code in an error document; MinIO's responses to HEAD carry it in a header. */
export function codeIn({ headers, body }: HttpAnswer): string | undefined {
  const header = WHOLE_CODE.exec(String(headers['x-minio-error-code'] ?? ''))?.[0];
  return CODE_ELEMENT.exec(body.toString())?.[1] ?? header;
}

/** Whether a response comes from a store, whatever it says: an error document, or the id of every S3 response. */
export const isFromS3 = (answer: HttpAnswer): boolean =>
  codeIn(answer) !== undefined ||
  (!isPage(answer.headers) &&
    (answer.headers['x-amz-request-id'] !== undefined ||
      /<(?:\w{1,32}:)?Error[\s>]/.test(answer.body.toString('utf8', 0, 4096))));

function kindOf(answer: HttpAnswer, code: string | undefined): StoreKind {
  const { status } = answer;
  const known = lookup(KIND_OF_CODE, code);
  if (known !== undefined) return known;
  if (UNSUPPORTED.includes(status) && !isPage(answer.headers)) return 'unsupported';
  if (status === 507) return 'full';
  if (code === undefined) {
    if (status === 413) return 'too-large';
    if (status === 429) return 'slow-down';
  }
  if (status >= 500) return 'server-error';
  if (code === undefined && !isFromS3(answer)) return 'not-a-store';
  // A response to HEAD has no document.
  return code === undefined && status === 403 ? 'denied' : 'other';
}

/** The store's error message, for matching only; it is never shown. */
export function messageIn({ body }: HttpAnswer): string {
  return /<Message>([^<]{0,2000})</.exec(body.toString())?.[1] ?? '';
}

function regionIn({ body, headers }: HttpAnswer): { region?: string } {
  const header = /^[a-z0-9-]{1,64}$/.exec(String(headers['x-amz-bucket-region'] ?? ''))?.[0];
  const region = /<Region>([a-z0-9-]{1,64})<\/Region>/.exec(body.toString())?.[1] ?? header;
  return region === undefined ? {} : { region };
}

function skewOf(date: string | undefined): { skewMs?: number } {
  const server = Date.parse(date ?? '');
  return Number.isNaN(server) ? {} : { skewMs: server - Date.now() };
}

const DAY_MS = 86_400_000;

/** The default retention in a bucket's Object Lock configuration; `undefined` if versions can be removed. */
export function retentionOf(mode: unknown, days: unknown, years: unknown): Retention | undefined {
  if (typeof mode !== 'string' || mode === '') return undefined;
  const count = Number(days) || Number(years) * 365 || 0;
  return { mode: mode.toUpperCase() === 'GOVERNANCE' ? 'governance' : 'compliance', periodMs: count * DAY_MS };
}

/** The code of a bucket without Object Lock, in S3's API reference. */
export const NO_LOCK = 'ObjectLockConfigurationNotFoundError';

/**
 * A request that is signed with a key that nobody has. The store's error shows whether the header arrives: it names the key,
 * or denies what anonymous requests are denied.
 */
export function strangersHeaders(region: string): Readonly<Record<string, string>> {
  const time = basicTime(new Date());
  const scope = `SPACELIFTPREFLIGHT/${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const signed = 'host;x-amz-content-sha256;x-amz-date';
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signed}, Signature=${'0'.repeat(64)}`,
    'x-amz-date': time,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  };
}

export interface LifecycleRule {
  readonly ID?: unknown;
  readonly Status?: unknown;
  readonly Expiration?: { readonly Days?: unknown; readonly Date?: unknown } | undefined;
}

/** Describes the enabled rules that delete current objects; rules on older versions, markers, and uploads do not count. */
export function expiryRules(rules: readonly (LifecycleRule | null | undefined)[]): string[] {
  return rules.flatMap((rule) => {
    const { ID, Status, Expiration } = rule ?? {};
    if (Status !== 'Enabled' || typeof Expiration !== 'object' || Expiration === null) return [];
    const { Days, Date: date } = Expiration;
    if (Days === undefined && date === undefined) return [];
    const when = Days === undefined ? `on ${dayOf(date)}` : `after ${Days} day${Number(Days) === 1 ? '' : 's'}`;
    return [`${ID === undefined || ID === '' ? 'unnamed rule' : String(ID)}: ${when}`];
  });
}

const dayOf = (date: unknown): string =>
  date instanceof Date && !Number.isNaN(date.getTime()) ? day(date) : String(date).slice(0, 10);

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Whether a bucket policy allows public access: an Allow statement for `*` without a condition. */
export function opensToEveryone(policy: unknown): boolean {
  const { Statement: statements = [] } = (policy ?? {}) as { Statement?: Statement | readonly Statement[] };
  return [statements].flat().some((statement) => {
    if (statement?.Effect !== 'Allow' || statement.Condition !== undefined) return false;
    const principal = statement.Principal;
    if (typeof principal !== 'object' || principal === null) return principal === '*';
    return [(principal as { AWS?: unknown }).AWS].flat().includes('*');
  });
}

/** The version id of the delete marker that a deletion has left, by its response. */
export const markerIn = (headers: HttpAnswer['headers']): string | undefined =>
  headers['x-amz-delete-marker'] === 'true' ? versionIn(headers['x-amz-version-id']) : undefined;

interface Listed {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
}

/**
 * Removes versions: those of different keys at once, those of one key one after the other, the latest first. Gateways that
 * keep older versions as separate files lose track of a key whose versions are removed at the same time. A marker that is
 * known before the listing is the latest of its key, and removed during it.
 */
export async function removeInTurn(
  listing: Promise<readonly Listed[]>,
  remove: (version: Pick<Listed, 'key' | 'versionId'>) => Promise<unknown>,
  markers: readonly Version[] = [],
): Promise<Purged[]> {
  const [versions] = await Promise.all([listing, ...markers.map(remove)]);
  const isRemoved = (version: Listed) =>
    markers.some(({ key, versionId }) => key === version.key && versionId === version.versionId);
  const groups = Map.groupBy(versions, ({ key }) => key);
  const inTurn = async (of: readonly Listed[]) => {
    const left = of.filter((version) => !isRemoved(version));
    const latestFirst = left.toSorted((one, other) => Number(other.isLatest) - Number(one.isLatest));
    for (const version of latestFirst) await remove(version);
  };
  await Promise.all([...groups.values()].map(inTurn));
  return versions.map(({ key, isLatest, isMarker }) => ({ key, isCurrent: isLatest && !isMarker }));
}

const NOT_PERMITTED: readonly StoreKind[] = ['denied', 'unsupported', 'other'];

/** Whether all of these operations, which change nothing, are permitted; `false` also if the store does not support one. */
export async function arePermitted(operations: readonly Promise<unknown>[]): Promise<boolean> {
  const isDenial = (error: unknown) => error instanceof StoreError && NOT_PERMITTED.includes(error.kind);
  const refusals = (await Promise.allSettled(operations)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  // Of several errors always the same one, whichever comes first: buckets with one cause have one failure.
  const other = refusals.find((error) => !isDenial(error));
  if (other !== undefined) throw other;
  return refusals.length === 0;
}
