/** ListObjects (both versions) and ListObjectVersions. */
import { type Context, ownerXml, xmlReply } from './context.ts';
import { S3Error } from './errors.ts';
import { byBytes, type ObjectVersion } from './store.ts';
import type { Reply } from './types.ts';

interface Page {
  entries: ObjectVersion[];
  prefixes: string[];
  truncated: boolean;
  /** The last entry or common prefix on the page. */
  last: { key: string; version: ObjectVersion | undefined } | undefined;
}

/** One page of what is after `after`, common prefixes rolled up. */
function page(
  context: Context,
  all: ObjectVersion[],
  isAfter: (version: ObjectVersion, group: string) => boolean,
): Page {
  const { request } = context;
  const prefix = request.param('prefix') ?? '';
  const delimiter = request.param('delimiter') ?? '';
  const limit = maxKeys(context);
  const result: Page = { entries: [], prefixes: [], truncated: false, last: undefined };
  for (const version of all) {
    if (!version.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : version.key.indexOf(delimiter, prefix.length);
    const group = end < 0 ? '' : version.key.slice(0, end + delimiter.length);
    if (!isAfter(version, group) || (group !== '' && result.prefixes.includes(group))) continue;
    if (result.entries.length + result.prefixes.length >= limit) {
      result.truncated = limit > 0;
      break;
    }
    if (group === '') result.entries.push(version);
    else result.prefixes.push(group);
    result.last = group === '' ? { key: version.key, version } : { key: group, version: undefined };
  }
  return result;
}

export function listObjects(context: Context): Reply {
  const { bucket, request } = context;
  const second = request.param('list-type') === '2';
  const token = request.param('continuation-token');
  const start = second
    ? token === undefined
      ? (request.param('start-after') ?? '')
      : Buffer.from(token, 'base64url').toString()
    : (request.param('marker') ?? '');
  const name = namer(context);
  const found = page(context, bucket.objects(), ({ key }, group) => byBytes(group || key, start) > 0);
  const owner = !second || request.param('fetch-owner') === 'true' ? ownerXml(bucket) : undefined;
  const common = {
    Name: bucket.name,
    Prefix: name(request.param('prefix') ?? ''),
    Delimiter: request.param('delimiter'),
    EncodingType: request.param('encoding-type'),
    MaxKeys: maxKeys(context),
    IsTruncated: found.truncated,
    Contents: found.entries.map((version) => ({ ...entry(version, name), Owner: owner, StorageClass: 'STANDARD' })),
    CommonPrefixes: found.prefixes.map((prefix) => ({ Prefix: name(prefix) })),
  };
  const next = found.truncated ? (found.last?.key ?? '') : undefined;
  if (!second) {
    return xmlReply('ListBucketResult', {
      ...common,
      Marker: name(start),
      NextMarker: next === undefined ? undefined : name(next),
    });
  }
  return xmlReply('ListBucketResult', {
    ...common,
    KeyCount: found.entries.length + found.prefixes.length,
    ContinuationToken: token,
    StartAfter: request.param('start-after'),
    NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
  });
}

export function listVersions(context: Context): Reply {
  const { bucket, request } = context;
  const keyMarker = request.param('key-marker') ?? '';
  const versionMarker = request.param('version-id-marker') || undefined;
  const name = namer(context);
  let passed = versionMarker === undefined;
  const found = page(context, bucket.versions(), (version, group) => {
    const order = byBytes(group || version.key, keyMarker);
    if (order !== 0 || passed) return order > 0 || (order === 0 && versionMarker !== undefined && passed);
    passed = version.versionId === versionMarker;
    return false;
  });
  const row = (version: ObjectVersion) => ({
    Key: name(version.key),
    VersionId: version.versionId,
    IsLatest: bucket.isLatest(version),
    LastModified: version.lastModified.toISOString(),
    Owner: ownerXml(bucket),
  });
  return xmlReply('ListVersionsResult', {
    Name: bucket.name,
    Prefix: name(request.param('prefix') ?? ''),
    KeyMarker: name(keyMarker),
    VersionIdMarker: versionMarker,
    NextKeyMarker: found.truncated ? name(found.last?.key ?? '') : undefined,
    NextVersionIdMarker: found.truncated ? found.last?.version?.versionId : undefined,
    Delimiter: request.param('delimiter'),
    EncodingType: request.param('encoding-type'),
    MaxKeys: maxKeys(context),
    IsTruncated: found.truncated,
    Version: found.entries
      .filter(({ deleteMarker }) => !deleteMarker)
      .map((version) => ({ ...row(version), ...entry(version, name), StorageClass: 'STANDARD' })),
    DeleteMarker: found.entries.filter(({ deleteMarker }) => deleteMarker).map(row),
    CommonPrefixes: found.prefixes.map((prefix) => ({ Prefix: name(prefix) })),
  });
}

function entry(version: ObjectVersion, name: (key: string) => string) {
  return {
    Key: name(version.key),
    LastModified: version.lastModified.toISOString(),
    ETag: `"${version.etag}"`,
    Size: version.body.length,
  };
}

/** S3 answers at most 1000 entries. */
function maxKeys({ request }: Context): number {
  const asked = request.param('max-keys') ?? '1000';
  if (!/^\d+$/.test(asked)) {
    throw new S3Error('InvalidArgument', { message: 'Provided max-keys not an integer or within integer range' });
  }
  return Math.min(Number(asked), 1000);
}

function namer({ request }: Context): (key: string) => string {
  return request.param('encoding-type') === 'url'
    ? (key) => encodeURIComponent(key).replaceAll('%2F', '/')
    : (key) => key;
}
