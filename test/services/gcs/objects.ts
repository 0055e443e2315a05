/** The JSON API's operations on objects, uploads apart; what the XML API shares with them. */
import { GcsError, noSuchObject, xmlError } from './errors.ts';
import type { GcsRequest } from './request.ts';
import type { Bucket, Generation, Preconditions } from './store.ts';
import { json, type Reply } from './types.ts';
import type { Context } from './world.ts';

export function resource(bucket: string, object: Generation): object {
  const { name, generation, contentType, contentEncoding, cacheControl, metadata, body, md5Hash } = object;
  const path = `${bucket}/o/${encodeURIComponent(name)}`;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `https://www.googleapis.com/storage/v1/b/${path}`,
    mediaLink: `https://storage.googleapis.com/download/storage/v1/b/${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    contentEncoding,
    cacheControl,
    storageClass: 'STANDARD',
    size: String(body.length),
    md5Hash,
    crc32c: object.crc32c,
    etag: etagOf(object),
    timeCreated: object.timeCreated.toISOString(),
    updated: object.timeCreated.toISOString(),
    timeDeleted: object.timeDeleted?.toISOString(),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

const etagOf = ({ generation }: Generation) => `C${Buffer.from(generation).toString('base64url')}=`;

export function preconditions({ query }: GcsRequest): Preconditions {
  return {
    match: query.get('ifGenerationMatch') ?? undefined,
    notMatch: query.get('ifGenerationNotMatch') ?? undefined,
  };
}

/** The object, for a caller who may read it. Who may not list is not told whether a missing one is there.
 * @throws {GcsError} 403 or 404 */
export function readable(context: Context, generation = context.request.param('generation')): Generation {
  const { bucket, object } = context;
  const found = bucket.find(object, generation);
  const openAcl = found?.publicAcl === true && !bucket.uniform && !bucket.publicAccessPrevented;
  if (!openAcl) context.require('storage.objects.get');
  if (found !== undefined) return found;
  if (!openAcl) context.require('storage.objects.list');
  throw noSuchObject(bucket.name, object, generation);
}

/** `storage.objects.get`, the object's bytes with `alt=media`. */
export function getObject(context: Context): Reply {
  const { request } = context;
  const media = request.param('alt') === 'media' || request.path.startsWith('/download/');
  if (!media) {
    const found = readable(context);
    checkRead(found, request);
    return json(resource(context.bucket.name, found));
  }
  try {
    const found = readable(context);
    checkRead(found, request);
    return download(found, request, context.world.faults.corruptReads);
  } catch (error) {
    // Errors of a download are plain text.
    if (!(error instanceof GcsError)) throw error;
    const { status, message, fields } = error;
    const headers = { 'content-type': 'text/html; charset=UTF-8', ...fields.headers };
    return { status, headers, body: message };
  }
}

function checkRead({ generation }: Generation, request: GcsRequest): void {
  const { match, notMatch } = preconditions(request);
  if (match !== undefined && match !== generation) throw new GcsError(412, 'conditionNotMet', 'Precondition Failed');
  if (notMatch !== undefined && notMatch === generation) throw new GcsError(304, 'notModified', 'Not Modified');
}

/** An object's bytes with its headers; a `Range` of one part is kept to (RFC 9110 section 14). */
export function download(found: Generation, request: GcsRequest, corrupt = false): Reply {
  const { contentType, cacheControl, contentEncoding, contentDisposition, metadata, body } = found;
  const size = body.length;
  const headers: Record<string, string> = {
    'content-type': contentType,
    'accept-ranges': 'bytes',
    'cache-control': cacheControl ?? 'private, max-age=0',
    etag: `"${etagOf(found)}"`,
    'last-modified': found.timeCreated.toUTCString(),
    'x-goog-generation': found.generation,
    'x-goog-metageneration': '1',
    'x-goog-storage-class': 'STANDARD',
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(size),
    'x-goog-hash': `crc32c=${found.crc32c},md5=${found.md5Hash}`,
    ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
    ...(contentDisposition !== undefined && { 'content-disposition': contentDisposition }),
  };
  for (const [name, value] of Object.entries(metadata)) headers[`x-goog-meta-${name}`] = value;
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === '' && to === '') return { status: 200, headers, body: corrupt ? flipped(body) : body };
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start > end) {
    const title = 'The requested range cannot be satisfied.';
    const refused = xmlError(new GcsError(416, 'requestedRangeNotSatisfiable', title, { code: 'InvalidRange', title }));
    return { ...refused, headers: { ...refused.headers, 'content-range': `bytes */${size}` } };
  }
  const part = body.subarray(start, end + 1);
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${size}` },
    body: corrupt ? flipped(part) : part,
  };
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}

/** `storage.objects.list` */
export function listObjects(context: Context): Reply {
  const { bucket, request } = context;
  context.require('storage.objects.list');
  const endless = context.world.faults.endlessPages === true;
  const page = listing(bucket, request, Number(request.param('maxResults') ?? 1000));
  return json({
    kind: 'storage#objects',
    ...(page.next !== undefined && { nextPageToken: page.next }),
    ...(endless && { nextPageToken: 'again' }),
    ...(page.prefixes.length > 0 && { prefixes: page.prefixes }),
    ...(page.items.length > 0 && { items: page.items.map((item) => resource(bucket.name, item)) }),
  });
}

function listing(bucket: Bucket, request: GcsRequest, limit: number) {
  const prefix = request.param('prefix') ?? '';
  const delimiter = request.param('delimiter') ?? '';
  const matching = bucket.list(request.param('versions') === 'true').filter(({ name }) => name.startsWith(prefix));
  const folderOf = ({ name }: Generation) => {
    const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : name.slice(0, end + delimiter.length);
  };
  const start = Number(Buffer.from(request.param('pageToken') ?? '', 'base64url').toString() || 0);
  const shown = matching.slice(start, start + Math.min(limit, 1000));
  const more = matching.length > start + shown.length;
  return {
    items: shown.filter((item) => folderOf(item) === undefined),
    prefixes: [...new Set(shown.flatMap((item) => folderOf(item) ?? []))],
    next: more ? Buffer.from(String(start + shown.length)).toString('base64url') : undefined,
  };
}

/** `storage.objects.delete` */
export function deleteObject(context: Context): Reply {
  const { bucket, object, request } = context;
  context.require('storage.objects.delete');
  const generation = request.param('generation');
  if (!bucket.remove(object, generation, request.now, preconditions(request))) {
    throw noSuchObject(bucket.name, object, generation);
  }
  return { status: 204 };
}
