/** Signature Version 4, as every AWS service computes it (IAM user guide, "Create a signed AWS API request"). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const algorithm = 'AWS4-HMAC-SHA256';

export interface Signable {
  method: string;
  /** As sent, still escaped. */
  path: string;
  /** Decoded, in the order sent. */
  query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names, in the order sent; a name may repeat. */
  headers: readonly (readonly [name: string, value: string])[];
}

export interface Signed {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  /** ISO 8601 basic format; its day need not be the scope's. */
  time: string;
  token: string | undefined;
  /** Seconds; only in the query form. */
  expires: number | undefined;
}

/** The parts of a signature, from the Authorization header or from the query; undefined when there is none, and the
 * name of what is missing or malformed when it can't be read. */
export function readSignature(request: Signable): Signed | undefined | { incomplete: string } {
  const header = (name: string) => request.headers.find(([n]) => n === name)?.[1];
  const param = (name: string) => request.query.find(([n]) => n === name)?.[1];
  const authorization = header('authorization');
  let fields: Map<string, string | undefined>;
  if (authorization === undefined) {
    if (param('X-Amz-Algorithm') === undefined && param('X-Amz-Signature') === undefined) return undefined;
    fields = new Map(['Credential', 'SignedHeaders', 'Signature'].map((name) => [name, param(`X-Amz-${name}`)]));
  } else {
    if (!authorization.startsWith(`${algorithm} `))
      return { incomplete: 'Authorization header requires AWS4-HMAC-SHA256' };
    const parts = authorization.slice(algorithm.length + 1).split(',');
    fields = new Map(parts.map((part) => part.trim().split('=', 2) as [string, string]));
  }
  for (const name of ['Credential', 'Signature', 'SignedHeaders']) {
    if (!fields.get(name)) return { incomplete: `Authorization header requires '${name}' parameter.` };
  }
  const time = authorization === undefined ? param('X-Amz-Date') : (header('x-amz-date') ?? header('date'));
  if (time === undefined)
    return { incomplete: "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header." };
  if (!/^\d{8}T\d{6}Z$/.test(time)) return { incomplete: `Date must be in ISO-8601 'basic format'. Got '${time}'.` };
  const [date, region, service, terminator] = (fields.get('Credential') ?? '').split('/').slice(-4);
  const accessKeyId = (fields.get('Credential') ?? '').split('/').slice(0, -4).join('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request') {
    return {
      incomplete: 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term',
    };
  }
  const expires = param('X-Amz-Expires');
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    time,
    token: authorization === undefined ? param('X-Amz-Security-Token') : header('x-amz-security-token'),
    expires: authorization === undefined && expires !== undefined ? Number(expires) : undefined,
  };
}

export interface Canonical {
  signedHeaders: readonly string[];
  /** Hexadecimal SHA-256 of the body, or the word that stands for it. */
  payload: string;
  /** Query parameters that are not signed. */
  unsigned?: readonly string[];
  /** Every service but S3 encodes the path a second time. */
  doubleEncode?: boolean;
  /** The value of a signed header that was not sent. Default: empty. */
  missing?: (name: string) => string;
}

export function canonicalRequest(request: Signable, options: Canonical): string {
  const { signedHeaders, payload, unsigned = [], doubleEncode = false, missing = () => '' } = options;
  const query = request.query
    .filter(([name]) => !unsigned.includes(name))
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const names = [...signedHeaders].sort();
  const value = (name: string) => {
    const values = request.headers.filter(([header]) => header === name).map(([, text]) => text);
    if (values.length === 0) values.push(missing(name));
    return values.map((text) => text.trim().replace(/ +/g, ' ')).join(',');
  };
  const path = canonicalPath(request.path);
  return [
    request.method,
    doubleEncode ? path.split('/').map(encode).join('/') : path,
    query,
    names.map((name) => `${name}:${value(name)}\n`).join(''),
    names.join(';'),
    payload,
  ].join('\n');
}

export interface Scope {
  date: string;
  region: string;
  service: string;
}

const derived = new Map<string, Buffer>();

/** The same for a day's requests of a user to a service: it is derived once. */
export function deriveKey(secretAccessKey: string, { date, region, service }: Scope): Buffer {
  const name = JSON.stringify([secretAccessKey, date, region, service]);
  const key =
    derived.get(name) ?? hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), 'aws4_request');
  derived.set(name, key);
  return key;
}

export function stringToSign(time: string, { date, region, service }: Scope, canonical: string): string {
  return [algorithm, time, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
}

function canonicalPath(path: string): string {
  const segments = path.split('/').map((segment) => {
    try {
      return encode(decodeURIComponent(segment));
    } catch {
      return encode(segment);
    }
  });
  return segments.join('/');
}

/** RFC 3986: only the unreserved characters stay. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** ISO 8601 basic format to milliseconds; NaN when it isn't. */
export function parseTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** ISO 8601 basic format, to the second. */
export function formatTime(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

export function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Compares two hexadecimal signatures in constant time. */
export function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
