/** Operations on single objects and their tags. */
import { type Context, xmlReply } from './context.ts';
import { S3Error } from './errors.ts';
import { verifyChecksums } from './payload.ts';
import type { ObjectFields, ObjectVersion, Tag } from './store.ts';
import type { Reply } from './types.ts';
import { fromXml } from './xml.ts';

const storedHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

export function putObject(context: Context): Reply {
  const { bucket, key, request, world } = context;
  const fields = { ...requestFields(context), checksums: verifyChecksums(request, world.flavor) };
  checkNoneMatch(context);
  const stored = bucket.put(key, request.body, fields, request.now);
  const headers = { etag: `"${stored.etag}"`, ...versionHeaders(context, stored), ...checksumHeaders(stored) };
  return { status: 200, headers };
}

/** What a request says about the object it creates. */
export function requestFields(context: Context): ObjectFields {
  const { request } = context;
  const fields: ObjectFields = { headers: {}, metadata: {}, tags: [], checksums: {} };
  for (const name of storedHeaders) {
    const value = request.header(name)?.replace(/^aws-chunked,?\s*/, '');
    if (value) fields.headers[name] = value;
  }
  for (const [name, value] of Object.entries(request.amz())) {
    if (name.startsWith('x-amz-meta-')) fields.metadata[name.slice('x-amz-meta-'.length)] = value;
  }
  const tagging = request.amz()['x-amz-tagging'];
  if (tagging !== undefined) {
    if (context.world.flavor === 'aws') context.require('s3:PutObjectTagging', context.key);
    fields.tags = [...new URLSearchParams(tagging)].map(([Key, Value]) => ({ Key, Value }));
  }
  return fields;
}

/** @throws {S3Error} PreconditionFailed for `If-None-Match: *` when there is an object. */
export function checkNoneMatch({ bucket, key, request }: Context): void {
  if (request.header('if-none-match') !== '*') return;
  const current = bucket.find(key);
  if (current !== undefined && !current.deleteMarker) {
    throw new S3Error('PreconditionFailed', { fields: { Condition: 'If-None-Match' } });
  }
}

/** GetObject and HeadObject: the server leaves out the body of the latter. */
export function getObject(context: Context): Reply {
  const found = existing(context);
  const { body } = found;
  const headers: Record<string, string> = {
    'content-type': 'binary/octet-stream',
    ...found.headers,
    'accept-ranges': 'bytes',
    etag: `"${found.etag}"`,
    'last-modified': found.lastModified.toUTCString(),
    ...versionHeaders(context, found),
  };
  for (const [name, value] of Object.entries(found.metadata)) headers[`x-amz-meta-${name}`] = value;
  if (found.tags.length > 0) headers['x-amz-tagging-count'] = String(found.tags.length);
  const range = parseRange(context.request.header('range'), body.length);
  if (range !== undefined) {
    const [first, last] = range;
    headers['content-range'] = `bytes ${first}-${last}/${body.length}`;
    return { status: 206, headers, body: body.subarray(first, last + 1) };
  }
  if (context.request.amz()['x-amz-checksum-mode'] === 'ENABLED') Object.assign(headers, checksumHeaders(found));
  return { status: 200, headers, body };
}

/** The object that a request names.
 * @throws {S3Error} NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker named by its version. */
function existing(context: Context): ObjectVersion {
  const { bucket, key, request } = context;
  const found = bucket.find(key, request.param('versionId'));
  if (found === undefined) throw context.notFound();
  if (!found.deleteMarker) return found;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeaders(context, found) };
  if (request.param('versionId') === undefined) throw context.notFound(headers);
  throw new S3Error('MethodNotAllowed', { headers: { ...headers, allow: 'DELETE' } });
}

/** RFC 9110, section 14.2, for one range; several or other units are ignored, as S3 does. */
function parseRange(header: string | undefined, size: number): [first: number, last: number] | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (parts === null) return undefined;
  const [, from = '', to = ''] = parts;
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw new S3Error('InvalidRange', { fields: { ActualObjectSize: size } });
  return [first, last];
}

export function deleteObject(context: Context): Reply {
  const { bucket, request, world } = context;
  const asked = request.param('versionId');
  const removed = remove(context, context.key, asked);
  const versionId = asked ?? (bucket.versioning === undefined ? undefined : removed?.versionId);
  // MinIO tells only versions that were there and have an id.
  const told = world.flavor === 'aws' || (removed !== undefined && versionId !== 'null');
  if (versionId === undefined || !told) return { status: 204 };
  const marker: Record<string, string> = removed?.deleteMarker ? { 'x-amz-delete-marker': 'true' } : {};
  return { status: 204, headers: { 'x-amz-version-id': versionId, ...marker } };
}

/** S3 adds a delete marker even where there is no object; MinIO doesn't. */
function remove({ bucket, request, world }: Context, key: string, versionId: string | undefined) {
  if (world.flavor === 'minio' && versionId === undefined && bucket.find(key) === undefined) return undefined;
  if (versionId !== undefined) checkRetention({ bucket, request, world }, key, versionId);
  return bucket.remove(key, versionId, request.now);
}

/** A version under retention stays, unless it is in governance mode and the request bypasses that. */
function checkRetention(
  { bucket, request, world }: Pick<Context, 'bucket' | 'request' | 'world'>,
  key: string,
  id: string,
) {
  const version = bucket.versions().find((one) => one.key === key && one.versionId === id);
  if (version?.retained === undefined || version.retained.until <= request.now) return;
  const bypasses = request.header('x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
  if (bypasses && version.retained.mode === 'GOVERNANCE') return;
  if (world.flavor === 'aws') {
    throw new S3Error('AccessDenied', { message: 'Access Denied because object protected by object lock.' });
  }
  throw new S3Error('InvalidRequest', { message: 'Object is WORM protected and cannot be overwritten' });
}

/** DeleteObjects: permission is asked for each key, and the answer is 200 whatever comes of it. */
export function deleteObjects(context: Context): Reply {
  const { request, world } = context;
  const checksums = verifyChecksums(request, world.flavor);
  if (request.header('content-md5') === undefined && Object.keys(checksums).length === 0) {
    if (world.flavor === 'minio') throw new S3Error('MissingContentMD5');
    throw new S3Error('InvalidRequest', { message: 'Missing required header for this request: Content-MD5' });
  }
  interface Asked {
    Object?: { Key: string; VersionId?: string }[];
    Quiet?: string;
  }
  const asked = fromXml<Asked>(request.body.toString(), 'Delete');
  const Deleted: Record<string, string | boolean | undefined>[] = [];
  const Errors: Record<string, string | undefined>[] = [];
  for (const { Key, VersionId } of asked.Object ?? []) {
    try {
      context.require(VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', Key);
      const removed = remove(context, Key, VersionId);
      const marker = removed?.deleteMarker === true;
      Deleted.push({
        Key,
        VersionId,
        DeleteMarker: marker || undefined,
        DeleteMarkerVersionId: marker ? removed.versionId : undefined,
      });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      Errors.push({ Key, VersionId, Code: error.code, Message: error.message });
    }
  }
  return xmlReply('DeleteResult', { Deleted: asked.Quiet === 'true' ? [] : Deleted, Error: Errors });
}

export function getTagging(context: Context): Reply {
  const found = existing(context);
  const Tag = found.tags.map(({ Key, Value }) => ({ Key, Value }));
  return { ...xmlReply('Tagging', { TagSet: { Tag } }) };
}

export function putTagging(context: Context): Reply {
  interface Asked {
    TagSet?: { Tag?: Tag[] };
  }
  const { TagSet } = fromXml<Asked>(context.request.body.toString(), 'Tagging');
  const found = existing(context);
  found.tags = TagSet?.Tag ?? [];
  return { status: 200, headers: versionHeaders(context, found) };
}

export function deleteTagging(context: Context): Reply {
  const found = existing(context);
  found.tags = [];
  return { status: 204, headers: versionHeaders(context, found) };
}

/** A bucket that never had versioning tells no version. AWS then says `null` for one written while it was suspended;
 * MinIO leaves the header out. */
export function versionHeaders({ bucket, world }: Context, version: ObjectVersion): Record<string, string> {
  if (bucket.versioning === undefined) return {};
  if (version.versionId === 'null' && world.flavor === 'minio') return {};
  return { 'x-amz-version-id': version.versionId };
}

function checksumHeaders({ checksums }: ObjectVersion): Record<string, string> {
  return Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]));
}
