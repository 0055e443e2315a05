/** Interprets responses in the S3 protocol (S3 API reference, "Error responses"; MinIO's own codes). */

import type { HttpAnswer } from '../../src/net/http.ts';
import { retryAfterIn } from '../../src/net/retry.ts';
import { day } from '../../src/util/format.ts';
import { lookup } from '../../src/util/lookup.ts';
import { type StoreAction, StoreError, type StoreKind } from './store.ts';

/** The permissions that S3 and MinIO name alike; each has its own for reading a policy. */
export const S3_PERMISSIONS = {
  put: 's3:PutObject',
  get: 's3:GetObject',
  list: 's3:ListBucket',
  delete: 's3:DeleteObject',
  'read versioning': 's3:GetBucketVersioning',
  'read lifecycle': 's3:GetLifecycleConfiguration',
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
  XMinioAdminBucketQuotaExceeded: 'quota',
  EntityTooLarge: 'too-large',
  InternalError: 'server-error',
  ServiceUnavailable: 'server-error',
};

const POSSIBLE_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The error in a response, or `undefined` if the store did what was asked. */
export function s3Refusal(answer: HttpAnswer, at: { action: StoreAction; bucket: string }): StoreError | undefined {
  const { status, headers } = answer;
  if (!isErrorResponse(answer)) return undefined;
  const code = codeIn(answer);
  // MinIO's console recognizes requests for the MinIO API, and says so.
  const atConsole = code === 'InvalidArgument' && /\bAPI port\b/.test(answer.body.toString());
  const kind = atConsole ? 'not-a-store' : kindOf(status, code);
  // For an invalid name, some stores answer that there is no such bucket; nobody could create it.
  return new StoreError(kind === 'no-bucket' && !POSSIBLE_NAME.test(at.bucket) ? 'invalid-name' : kind, {
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
  return status >= 300 || (!isEmpty && /^text\/html/i.test(headers['content-type'] ?? ''));
}

/** The code in an error document; MinIO's responses to HEAD carry it in a header. */
export function codeIn({ headers, body }: HttpAnswer): string | undefined {
  const header = /^[A-Za-z.]{1,64}$/.exec(String(headers['x-minio-error-code'] ?? ''))?.[0];
  return /<Code>([A-Za-z.]{1,64})<\/Code>/.exec(body.toString())?.[1] ?? header;
}

function kindOf(status: number, code: string | undefined): StoreKind {
  if (code !== undefined) return lookup(KIND_OF_CODE, code) ?? (status >= 500 ? 'server-error' : 'other');
  if (status === 413) return 'too-large';
  if (status === 429) return 'slow-down';
  return status >= 500 ? 'server-error' : 'not-a-store';
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

/** Whether all of these operations, which change nothing, are permitted; `false` also if the store does not support one. */
export async function arePermitted(operations: readonly Promise<unknown>[]): Promise<boolean> {
  try {
    await Promise.all(operations);
    return true;
  } catch (error) {
    if (error instanceof StoreError && (error.kind === 'denied' || error.kind === 'other')) return false;
    throw error;
  }
}
