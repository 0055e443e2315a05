/** `storage.objects.insert`, in its three forms: media, multipart and resumable ("Uploads and downloads"). */
import { randomBytes } from 'node:crypto';
import { denied, GcsError, invalid } from './errors.ts';
import { preconditions, resource } from './objects.ts';
import { type Bucket, hashes, type ObjectFields } from './store.ts';
import { json, type Reply } from './types.ts';
import type { Context, Upload } from './world.ts';

/** The object resource that comes with an upload. */
interface Metadata extends Partial<ObjectFields> {
  name?: string;
  md5Hash?: string;
  crc32c?: string;
}

export function insertObject(context: Context): Reply {
  const { request } = context;
  const type = request.param('uploadType');
  if (type === 'resumable') return resumable(context);
  if (type === 'multipart') {
    const [metadata, contentType, media] = multipart(request.headers['content-type'] ?? '', request.body);
    return finish(context, begin(context, { contentType, ...metadata }), media);
  }
  if (type !== 'media') throw invalid('Value for uploadType is missing or not one of media, multipart, resumable.');
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  return finish(context, begin(context, { contentType }), request.body);
}

function begin(context: Context, metadata: Metadata): Upload {
  const { bucket, request } = context;
  const { name = request.param('name'), md5Hash, crc32c, ...fields } = metadata;
  if (name === undefined || name === '') throw new GcsError(400, 'required', 'Required parameter: name');
  requireWrite(context, bucket, name);
  const acl = request.param('predefinedAcl');
  if (acl !== undefined && bucket.uniform) {
    throw invalid(
      'Cannot insert legacy ACL for an object when uniform bucket-level access is enabled. Read more at https://cloud.google.com/storage/docs/uniform-bucket-level-access',
    );
  }
  return {
    bucket: bucket.name,
    name,
    fields,
    preconditions: preconditions(request),
    publicAcl: acl === 'publicRead',
    received: Buffer.alloc(0),
    claimed: { ...(md5Hash !== undefined && { md5Hash }), ...(crc32c !== undefined && { crc32c }) },
  };
}

/** Overwriting takes the permission to delete as well.
 * @throws {GcsError} 403 */
export function requireWrite(context: Context, bucket: Bucket, name: string): void {
  context.require('storage.objects.create');
  if (bucket.find(name) !== undefined && !context.may('storage.objects.delete')) {
    throw denied(context.caller?.email, 'storage.objects.delete');
  }
}

function finish(context: Context, upload: Upload, body: Buffer): Reply {
  const { bucket, request } = context;
  const { name, fields, preconditions: conditions, publicAcl, claimed } = upload;
  checkHashes(body, claimed);
  const made = bucket.put(name, body, fields, request.now, conditions, publicAcl);
  return json(resource(bucket.name, made));
}

function checkHashes(body: Buffer, claimed: Upload['claimed']): void {
  const computed = hashes(body);
  const kinds = [
    ['md5Hash', 'MD5 hash'],
    ['crc32c', 'CRC32C'],
  ] as const;
  for (const [kind, what] of kinds) {
    const value = claimed[kind];
    if (value === undefined || value === computed[kind]) continue;
    throw invalid(`Provided ${what} "${value}" doesn't match calculated ${what} "${computed[kind]}".`);
  }
}

/** RFC 2387: the resource as JSON, then the media. */
function multipart(contentType: string, body: Buffer): [metadata: Metadata, contentType: string, media: Buffer] {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (!contentType.startsWith('multipart/related') || boundary === undefined) {
    throw new GcsError(400, 'badRequest', 'Missing or malformed boundary in the Content-Type of a multipart upload.');
  }
  const parts = split(body, Buffer.from(`--${boundary}`)).map((part) => {
    const end = part.indexOf('\r\n\r\n');
    return { headers: part.subarray(0, Math.max(0, end)).toString(), content: part.subarray(end + 4, part.length - 2) };
  });
  const [metadata, media] = parts;
  if (metadata === undefined || media === undefined) {
    throw new GcsError(400, 'badContent', 'Multipart must have exactly 2 parts.');
  }
  const type = /^content-type:\s*(.+)$/im.exec(media.headers)?.[1]?.trim() ?? 'application/octet-stream';
  return [parseMetadata(metadata.content), type, media.content];
}

/** What is between the delimiters; what is before the first and after the last falls away. */
function split(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = body.indexOf(delimiter); ; ) {
    const next = at < 0 ? -1 : body.indexOf(delimiter, at + delimiter.length);
    if (next < 0) return parts;
    parts.push(body.subarray(at + delimiter.length, next));
    at = next;
  }
}

function parseMetadata(text: Buffer): Metadata {
  try {
    return JSON.parse(text.toString() || '{}');
  } catch {
    throw new GcsError(400, 'parseError', 'Parse Error');
  }
}

function resumable(context: Context): Reply {
  const { request, world } = context;
  if (request.method === 'POST') {
    const metadata = parseMetadata(request.body);
    const contentType = request.headers['x-upload-content-type'] ?? 'application/octet-stream';
    const upload = begin(context, { contentType, ...metadata });
    const id = randomBytes(32).toString('base64url');
    world.uploads.set(id, upload);
    const scheme = request.secure ? 'https' : 'http';
    const location = `${scheme}://${request.headers.host}${request.path}?uploadType=resumable&upload_id=${id}`;
    return { status: 200, headers: { location, 'x-guploader-uploadid': id } };
  }
  const id = request.param('upload_id') ?? '';
  const upload = world.uploads.get(id);
  if (upload === undefined) throw new GcsError(410, 'uploadGone', 'The requested upload session is gone.');
  if (request.method === 'DELETE') {
    world.uploads.delete(id);
    return { status: 499 };
  }
  const range = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? '');
  const [, from, to, total] = range ?? [];
  if (range === null || from !== undefined) {
    if (Number(from ?? 0) !== upload.received.length) throw invalid('Invalid request. The range does not follow.');
    upload.received = Buffer.concat([upload.received, request.body]);
  }
  const open = range !== null && (total === '*' ? to !== '*' : upload.received.length < Number(total) && to !== '*');
  if (open) {
    const last = upload.received.length - 1;
    return { status: 308, ...(last >= 0 && { headers: { range: `bytes=0-${last}` } }) };
  }
  world.uploads.delete(id);
  return finish(context, upload, upload.received);
}
