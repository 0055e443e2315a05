/** An S3 request once its body has arrived: names, query and headers, ready to be verified and routed. */
import type { IncomingMessage } from 'node:http';
import type { Flavor } from './types.ts';

export class S3Request {
  readonly method: string;
  /** As sent, still escaped. */
  readonly path: string;
  readonly query: [name: string, value: string][];
  /** Lower-case names, in the order sent; a name may repeat. */
  readonly headers: [name: string, value: string][];
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly secure: boolean;
  /** The server's clock when the request came. */
  readonly now: Date;
  body: Buffer = Buffer.alloc(0);
  /** Headers after an aws-chunked body, lower case. */
  trailers: Record<string, string> = {};

  constructor(message: IncomingMessage, options: RequestOptions) {
    const [path = '/', ...rest] = (message.url ?? '/').split('?');
    this.method = message.method ?? 'GET';
    this.path = path;
    this.query = parseQuery(rest.join('?'));
    this.headers = pairs(message.rawHeaders).filter(([name]) => !(options.dropUnderscores && name.includes('_')));
    this.secure = options.secure;
    this.now = options.now;
    const virtual = options.flavor === 'aws' ? virtualBucket(this.header('host') ?? '', options.isBucket) : undefined;
    const decoded = decode(path.slice(1));
    const slash = decoded.indexOf('/');
    const [first, second] = slash < 0 ? [decoded, ''] : [decoded.slice(0, slash), decoded.slice(slash + 1)];
    this.bucket = virtual ?? (first || undefined);
    this.key = (virtual === undefined ? second : decoded) || undefined;
  }

  header(name: string): string | undefined {
    const values = this.headers.filter(([header]) => header === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(',');
  }

  param(name: string): string | undefined {
    return this.query.find(([parameter]) => parameter === name)?.[1];
  }

  get presigned(): boolean {
    return this.param('X-Amz-Algorithm') !== undefined || this.param('X-Amz-Credential') !== undefined;
  }

  /** `x-amz-*` values: S3 takes them from headers, and from the query of a pre-signed URL. */
  amz(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, value] of this.presigned ? this.query : []) {
      if (/^x-amz-/i.test(name)) found[name.toLowerCase()] = value;
    }
    for (const [name] of this.headers) if (name.startsWith('x-amz-')) found[name] = this.header(name) ?? '';
    return found;
  }
}

export interface RequestOptions {
  flavor: Flavor;
  secure: boolean;
  now: Date;
  dropUnderscores: boolean;
  isBucket: (name: string) => boolean;
}

/** Virtual-host style: the bucket in front of the service's name (S3 user guide, "Virtual hosting of general purpose
 * buckets"). */
function virtualBucket(host: string, isBucket: (name: string) => boolean): string | undefined {
  const name = host.replace(/:\d+$/, '');
  if (/^[\d.]+$|^\[|^localhost$|^s3[.-]/.test(name)) return undefined;
  const service = /^(.+?)\.(s3[.-].*|localhost)$/.exec(name);
  if (service !== null) return service[1];
  const first = name.split('.')[0] ?? '';
  return isBucket(first) ? first : undefined;
}

function parseQuery(text: string): [string, string][] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const [name, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))];
    });
}

function pairs(raw: string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) found.push([(raw[i] ?? '').toLowerCase(), raw[i + 1] ?? '']);
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
