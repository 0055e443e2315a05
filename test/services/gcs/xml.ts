/** The XML API, as far as signed URLs, browsers and anonymous visitors use it. */
import { escapeXml, GcsError, noSuchObject, notImplemented } from './errors.ts';
import { download, readable } from './objects.ts';
import type { GcsRequest } from './request.ts';
import type { Bucket, ObjectFields } from './store.ts';
import type { CorsEntry, Reply } from './types.ts';
import { requireWrite } from './uploads.ts';
import type { Context } from './world.ts';

/** GET, HEAD, PUT and DELETE of an object, GET of a bucket.
 * @throws {GcsError} */
export function xmlOperation(context: Context): Reply {
  const { request, bucket } = context;
  const { method } = request;
  if (request.object === undefined) {
    if (method !== 'GET') throw notImplemented(`${method} of a bucket`);
    return listBucket(context);
  }
  if (method === 'GET' || method === 'HEAD')
    return download(readable(context), request, context.world.faults.corruptReads);
  if (method === 'PUT') return putObject(context);
  if (method !== 'DELETE') throw notImplemented(`${method} of an object`);
  context.require('storage.objects.delete');
  const generation = request.param('generation');
  if (!bucket.remove(request.object, generation, request.now, xmlPreconditions(request))) {
    throw noSuchObject(bucket.name, request.object, generation);
  }
  return { status: 204 };
}

function putObject(context: Context): Reply {
  const { bucket, object, request } = context;
  requireWrite(context, bucket, object);
  const { headers } = request;
  const custom = Object.entries(headers).filter(([name]) => name.startsWith('x-goog-meta-'));
  const fields: Partial<ObjectFields> = {
    contentType: headers['content-type'] ?? 'application/octet-stream',
    metadata: Object.fromEntries(custom.map(([name, value]) => [name.slice('x-goog-meta-'.length), value])),
    ...(headers['cache-control'] !== undefined && { cacheControl: headers['cache-control'] }),
  };
  const made = bucket.put(object, request.body, fields, request.now, xmlPreconditions(request));
  return {
    status: 200,
    headers: {
      etag: `"${Buffer.from(made.md5Hash, 'base64').toString('hex')}"`,
      'x-goog-generation': made.generation,
      'x-goog-metageneration': '1',
      'x-goog-hash': `crc32c=${made.crc32c},md5=${made.md5Hash}`,
      'x-goog-stored-content-encoding': 'identity',
      'x-goog-stored-content-length': String(made.body.length),
    },
  };
}

const xmlPreconditions = ({ headers }: GcsRequest) => ({ match: headers['x-goog-if-generation-match'] });

function listBucket(context: Context): Reply {
  const { bucket, request } = context;
  context.require('storage.objects.list');
  const prefix = request.param('prefix') ?? '';
  const contents = bucket
    .list(false)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, generation, body }) => {
      return `<Contents><Key>${escapeXml(name)}</Key><Generation>${generation}</Generation><Size>${body.length}</Size></Contents>`;
    });
  return {
    status: 200,
    headers: { 'content-type': 'application/xml; charset=UTF-8' },
    body: `<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>${bucket.name}</Name><Prefix>${escapeXml(prefix)}</Prefix>${contents.join('')}</ListBucketResult>`,
  };
}

/** What a browser asks before a cross-origin request. Cloud Storage answers 200 whether or not an entry matches; without a
 * match, it just leaves the `Access-Control-…` headers away ("Cross-origin resource sharing"). */
export function preflight(request: GcsRequest, bucket: Bucket | undefined): Reply {
  const origin = request.headers.origin;
  const method = request.headers['access-control-request-method'];
  if (origin === undefined || method === undefined) {
    const title = 'Insufficient information. Origin request header needed.';
    throw new GcsError(400, 'invalid', title, { code: 'InvalidArgument', title });
  }
  const asked = list(request.headers['access-control-request-headers']);
  const entry = bucket?.cors?.find(
    (candidate) =>
      matches(candidate, origin, method) &&
      asked.every((name) => candidate.responseHeader?.some((allowed) => headerMatches(allowed, name))),
  );
  const headers: Record<string, string> = { 'content-type': 'text/html; charset=UTF-8' };
  if (entry === undefined) return { status: 200, headers };
  return {
    status: 200,
    headers: {
      ...headers,
      ...originHeaders(entry, origin),
      'access-control-allow-methods': entry.method.join(','),
      ...(asked.length > 0 && { 'access-control-allow-headers': entry.responseHeader?.join(',') ?? '' }),
      'access-control-max-age': String(entry.maxAgeSeconds ?? 3600),
    },
  };
}

/** Headers that go with the answer to an actual cross-origin request. */
export function corsHeaders(request: GcsRequest, bucket: Bucket | undefined): Record<string, string> {
  const { origin } = request.headers;
  const entry = origin === undefined ? undefined : bucket?.cors?.find((one) => matches(one, origin, request.method));
  if (origin === undefined || entry === undefined) return {};
  const exposed = entry.responseHeader?.join(', ');
  return { ...originHeaders(entry, origin), ...(exposed && { 'access-control-expose-headers': exposed }) };
}

function originHeaders(entry: CorsEntry, origin: string): Record<string, string> {
  return entry.origin.includes('*')
    ? { 'access-control-allow-origin': '*' }
    : { 'access-control-allow-origin': origin, vary: 'Origin' };
}

/** Origins are compared as they are; `*` stands for any, and is no pattern within a name. */
function matches({ origin: origins, method: methods }: CorsEntry, origin: string, method: string): boolean {
  return (methods.includes(method) || methods.includes('*')) && (origins.includes(origin) || origins.includes('*'));
}

/** Header names know no case, and may end in `*`. */
function headerMatches(allowed: string, name: string): boolean {
  const [pattern, asked] = [allowed.toLowerCase(), name.toLowerCase()];
  return pattern.endsWith('*') ? asked.startsWith(pattern.slice(0, -1)) : asked === pattern;
}

const list = (text: string | undefined) =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
