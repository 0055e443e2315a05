/** Multipart uploads. */
import { createHash, randomUUID } from 'node:crypto';
import { type Context, ownerXml, xmlReply } from './context.ts';
import { S3Error } from './errors.ts';
import { checkNoneMatch, requestFields, versionHeaders } from './objects.ts';
import { verifyChecksums } from './payload.ts';
import type { Upload } from './store.ts';
import type { Reply } from './types.ts';
import { fromXml } from './xml.ts';

const minPartBytes = 5 * 1024 * 1024;

export function createUpload(context: Context): Reply {
  const { bucket, key, request } = context;
  const upload: Upload = {
    id: randomUUID(),
    key,
    fields: requestFields(context),
    initiated: request.now,
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return xmlReply('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: upload.id });
}

export function uploadPart(context: Context): Reply {
  const { request } = context;
  const number = Number(request.param('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    const message = 'Part number must be an integer between 1 and 10000, inclusive';
    throw new S3Error('InvalidArgument', { message });
  }
  const checksums = verifyChecksums(request, context.world.flavor);
  const etag = createHash('md5').update(request.body).digest('hex');
  existing(context).parts.set(number, { etag, body: request.body, lastModified: request.now });
  const headers: Record<string, string> = { etag: `"${etag}"` };
  for (const [name, value] of Object.entries(checksums)) headers[`x-amz-checksum-${name}`] = value;
  return { status: 200, headers };
}

export function completeUpload(context: Context): Reply {
  const { bucket, key, request } = context;
  const upload = existing(context);
  interface Asked {
    Part?: { PartNumber: number; ETag: string }[];
  }
  const asked = fromXml<Asked>(request.body.toString(), 'CompleteMultipartUpload').Part ?? [];
  if (asked.length === 0) throw new S3Error('MalformedXML');
  const parts = asked.map(({ PartNumber, ETag }, index) => {
    const part = upload.parts.get(PartNumber);
    if (part === undefined || ETag.replaceAll('"', '') !== part.etag) throw new S3Error('InvalidPart');
    if (index > 0 && PartNumber <= (asked[index - 1]?.PartNumber ?? 0)) throw new S3Error('InvalidPartOrder');
    if (index < asked.length - 1 && part.body.length < minPartBytes) throw new S3Error('EntityTooSmall');
    return part;
  });
  checkNoneMatch(context);
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')));
  const etag = `${createHash('md5').update(digests).digest('hex')}-${parts.length}`;
  const body = Buffer.concat(parts.map((part) => part.body));
  const stored = bucket.put(key, body, upload.fields, request.now, etag);
  bucket.uploads.delete(upload.id);
  const Location = `${request.secure ? 'https' : 'http'}://${request.header('host')}${request.path}`;
  const result = { Location, Bucket: bucket.name, Key: key, ETag: `"${etag}"` };
  const reply = xmlReply('CompleteMultipartUploadResult', result);
  return { ...reply, headers: { ...reply.headers, ...versionHeaders(context, stored) } };
}

/** MinIO does not mind an upload that is not there. */
export function abortUpload(context: Context): Reply {
  if (context.world.flavor === 'minio' && !context.bucket.uploads.has(context.request.param('uploadId') ?? '')) {
    return { status: 204 };
  }
  context.bucket.uploads.delete(existing(context).id);
  return { status: 204 };
}

export function listParts(context: Context): Reply {
  const upload = existing(context);
  const parts = [...upload.parts].sort(([a], [b]) => a - b);
  return xmlReply('ListPartsResult', {
    Bucket: context.bucket.name,
    Key: upload.key,
    UploadId: upload.id,
    MaxParts: 10_000,
    IsTruncated: false,
    Part: parts.map(([PartNumber, { etag, body, lastModified }]) => ({
      PartNumber,
      ETag: `"${etag}"`,
      Size: body.length,
      LastModified: lastModified.toISOString(),
    })),
  });
}

/** All on one page: the tests have few. */
export function listUploads({ bucket, request }: Context): Reply {
  const prefix = request.param('prefix') ?? '';
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    Prefix: prefix,
    MaxUploads: 1000,
    IsTruncated: false,
    Upload: [...bucket.uploads.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ id, key, initiated }) => ({
        Key: key,
        UploadId: id,
        Initiator: ownerXml(bucket),
        Owner: ownerXml(bucket),
        StorageClass: 'STANDARD',
        Initiated: initiated.toISOString(),
      })),
  });
}

function existing({ bucket, key, request }: Context): Upload {
  const id = request.param('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload === undefined || upload.key !== key) throw new S3Error('NoSuchUpload', { fields: { UploadId: id } });
  return upload;
}
