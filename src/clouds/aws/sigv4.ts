/**
 * AWS Signature Version 4 ("Create a signed AWS API request", "Authenticating Requests: Using Query Parameters"). The AWS SDK and
 * MinIO’s client make the same signatures, and a test compares them; without these libraries, a run takes a tenth less.
 */
import { createHmac, hash } from 'node:crypto';
import { basicTime } from '../../util/format.ts';
import { percentEncoded } from '../../util/percent.ts';
import type { Keys } from './source.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Instead of the hash of a body that is not known when a URL is signed. */
const UNSIGNED = 'UNSIGNED-PAYLOAD';

export interface Scope {
  readonly keys: Keys;
  readonly region: string;
  /** `s3`. */
  readonly service: string;
}

export interface ToSign {
  readonly method: string;
  /** With its port, unless it is the default one of the scheme. */
  readonly host: string;
  /** Escaped once, from the first slash. */
  readonly path: string;
  /** What must arrive unchanged, by name in lowercase. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Signs a request; its query is as `queryOf` returns it. @returns all its headers but `host` */
export function signedHeaders(
  request: ToSign & { readonly query?: string | undefined; readonly body?: Uint8Array | undefined },
  { keys, ...scope }: Scope,
  now: Date,
): Record<string, string> {
  const within = { keys, ...at(scope, now) };
  const payload = sha256(request.body ?? '');
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payload,
    'x-amz-date': within.time,
    ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
  };
  const all = { ...headers, host: request.host };
  const signature = sign({ ...request, headers: all }, request.query ?? '', payload, within);
  headers.authorization = `${ALGORITHM} Credential=${keys.accessKeyId}/${within.scope.join('/')}, SignedHeaders=${namesOf(all)}, Signature=${signature}`;
  return headers;
}

/**
 * Signs a request whose body is not known yet.
 * @param seconds how long the signature is valid
 * @returns the query of the URL, without the question mark
 */
export function signedQuery(
  request: ToSign & { readonly query?: Readonly<Record<string, string>> },
  { keys, ...scope }: Scope,
  seconds: number,
  now: Date,
): string {
  const within = { keys, ...at(scope, now) };
  const headers = { ...request.headers, host: request.host };
  const query = queryOf({
    ...request.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': [keys.accessKeyId, ...within.scope].join('/'),
    'X-Amz-Date': within.time,
    'X-Amz-Expires': String(seconds),
    ...(keys.sessionToken !== undefined && { 'X-Amz-Security-Token': keys.sessionToken }),
    'X-Amz-SignedHeaders': namesOf(headers),
  });
  return `${query}&X-Amz-Signature=${sign({ ...request, headers }, query, UNSIGNED, within)}`;
}

/** In the order of the names, as the signature requires. */
export const queryOf = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => [percentEncoded(name), percentEncoded(value)] as const)
    .sort(([one], [other]) => compare(one, other))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

interface With {
  readonly keys: Keys;
  /** Its parts: date, region, service, and an end that is always the same. */
  readonly scope: readonly string[];
  readonly time: string;
}

function at({ region, service }: Omit<Scope, 'keys'>, now: Date): Omit<With, 'keys'> {
  const time = basicTime(now);
  return { time, scope: [time.slice(0, 8), region, service, 'aws4_request'] };
}

function sign(
  { method, path, headers }: ToSign & Required<Pick<ToSign, 'headers'>>,
  query: string,
  payload: string,
  { keys, scope, time }: With,
): string {
  const lines = Object.entries(headers)
    .sort(([one], [other]) => compare(one, other))
    .map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}\n`)
    .join('');
  const request = [method, path, query, lines, namesOf(headers), payload].join('\n');
  const text = [ALGORITHM, time, scope.join('/'), sha256(request)].join('\n');
  return hmac(derivedKey(keys.secretAccessKey, scope), text).toString('hex');
}

/** The key of the last scope: nearly all requests of a run have the same. */
let last: { readonly of: string; readonly key: Buffer } | undefined;

function derivedKey(secret: string, scope: readonly string[]): Buffer {
  const of = [secret, ...scope].join('\n');
  if (last?.of !== of) last = { of, key: scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`)) };
  return last.key;
}

const namesOf = (headers: Readonly<Record<string, string>>): string => Object.keys(headers).sort(compare).join(';');
const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
const sha256 = (data: string | Uint8Array): string => hash('sha256', data);
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
