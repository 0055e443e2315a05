/** The operations of a store with the S3 protocol that S3 and MinIO have alike. */
import type { HttpAnswer } from '../../../src/net/http.ts';
import { boundPages } from '../../../src/net/limits.ts';
import type { StoreRequest } from '../request.ts';
import { type At, type Store, StoreError, under, versionIn } from '../store.ts';
import type { Element } from '../xml.ts';
import type { DocumentKind } from './document.ts';
import { arePermitted, expiryRules, markerIn, NO_LOCK, removeInTurn, retentionOf } from './protocol.ts';
import type { S3Requests } from './requests.ts';

type Operations = Pick<
  Store,
  | 'put'
  | 'get'
  | 'list'
  | 'remove'
  | 'mayPurge'
  | 'traces'
  | 'purge'
  | 'retention'
  | 'buckets'
  | 'versioning'
  | 'expiry'
> & {
  /** Removes one version; without an id, deletes the object, which may leave a delete marker. */
  removeVersion(bucket: string, key: string, versionId: string | undefined, signal: AbortSignal): Promise<HttpAnswer>;
};

/** Another write makes the same object at the same time. */
const CONFLICT = 'ConditionalRequestConflict';

export function s3Operations({ send, document }: Pick<S3Requests, 'send' | 'document'>): Operations {
  /** All pages of a listing, up to the number of pages that any run reads. */
  const pages = async (
    kind: 'listing' | 'versions',
    request: StoreRequest,
    next: (page: Element) => Readonly<Record<string, string>>,
    entries: readonly string[],
  ): Promise<Element[]> => {
    const found: Element[] = [];
    const another = boundPages();
    for (let query = request.query; query !== undefined; ) {
      const page = await document(kind, { ...request, query });
      const listed = page.all(...entries);
      another(listed.length);
      found.push(...listed);
      const more: Readonly<Record<string, string>> = page.text('IsTruncated') === 'true' ? next(page) : {};
      query = Object.keys(more).length === 0 ? undefined : { ...request.query, ...more };
    }
    return found;
  };

  const versionsOf = async (bucket: string, prefix: string, signal: AbortSignal) => {
    const request = { action: 'delete', bucket, method: 'GET', query: { versions: '', prefix }, signal } as const;
    const next = (page: Element) => ({
      ...given('key-marker', page.text('NextKeyMarker')),
      ...given('version-id-marker', page.text('NextVersionIdMarker')),
    });
    const found = await pages('versions', request, next, ['Version', 'DeleteMarker']);
    const versions = found.map((one) => ({
      key: one.text('Key') ?? '',
      versionId: one.text('VersionId'),
      isLatest: one.text('IsLatest') === 'true',
      isMarker: one.name === 'DeleteMarker',
    }));
    return under(prefix, versions, ({ key }) => key);
  };

  const removeVersion = (bucket: string, key: string, versionId: string | undefined, signal: AbortSignal) => {
    const query = versionId === undefined ? undefined : { versionId };
    return send({ action: 'delete', bucket, method: 'DELETE', key, ...(query && { query }), signal });
  };

  /** A document with a setting of the bucket. */
  const setting = (
    action: At['action'],
    bucket: string,
    name: Exclude<DocumentKind, 'listing' | 'versions'>,
    signal: AbortSignal,
  ) => document(name, { action, bucket, method: 'GET', query: { [name]: '' }, signal });

  return {
    put: async (bucket, key, body, { ifAbsent }, signal) => {
      const at = { action: 'put', bucket } as const;
      try {
        const headers = ifAbsent ? { 'if-none-match': '*' } : {};
        const { status, headers: answer } = await send({ ...at, method: 'PUT', key, headers, body, signal });
        if ((answer.etag ?? answer['x-amz-request-id']) === undefined)
          throw new StoreError('not-a-store', { ...at, status });
        return { existed: false, versionId: versionIn(answer['x-amz-version-id']) };
      } catch (error) {
        if (!ifAbsent || !(error instanceof StoreError)) throw error;
        if (error.status !== 412 && error.code !== CONFLICT) throw error;
        return { existed: true, versionId: undefined };
      }
    },

    get: (bucket, key, signal) =>
      unless('NoSuchKey', undefined, async () => {
        const { headers, body } = await send({ action: 'get', bucket, method: 'GET', key, signal });
        const version = headers['x-amz-version-id'];
        // S3 itself gives an object that is older than the versioning the version `null`; MinIO and others say nothing.
        const isUnversioned = version === undefined && headers.server === 'AmazonS3';
        return { body, versionId: versionIn(version), isUnversioned };
      }),

    list: async (bucket, prefix, signal) => {
      const request = { action: 'list', bucket, method: 'GET', query: { 'list-type': '2', prefix }, signal } as const;
      const next = (page: Element) => given('continuation-token', page.text('NextContinuationToken'));
      const found = await pages('listing', request, next, ['Contents']);
      return found.flatMap((one) => one.text('Key') ?? []);
    },

    remove: async (bucket, key, signal) => markerIn((await removeVersion(bucket, key, undefined, signal)).headers),

    mayPurge: (bucket, prefix, signal) =>
      // A version that never existed: the store still checks the permission.
      arePermitted([removeVersion(bucket, `${prefix}none`, 'null', signal), versionsOf(bucket, prefix, signal)]),

    traces: async (bucket, prefix, signal) => (await versionsOf(bucket, prefix, signal)).map(({ key }) => key),

    purge: (bucket, prefix, signal, markers) =>
      removeInTurn(
        versionsOf(bucket, prefix, signal),
        ({ key, versionId }) => removeVersion(bucket, key, versionId, signal),
        markers,
      ),
    removeVersion,

    retention: (bucket, signal) =>
      unless(NO_LOCK, undefined, async () => {
        const found = await setting('read retention', bucket, 'object-lock', signal);
        const [held] = found.all('Rule').flatMap((rule) => rule.all('DefaultRetention'));
        return retentionOf(held?.text('Mode'), held?.text('Days'), held?.text('Years'));
      }),

    buckets: async (signal) => {
      const request = { action: 'list', bucket: '', method: 'GET', signal } as const;
      const found = await document('listing', request);
      return found
        .all('Buckets')
        .flatMap((all) => all.all('Bucket'))
        .flatMap((one) => one.text('Name') ?? []);
    },

    versioning: async (bucket, signal) => {
      const found = await setting('read versioning', bucket, 'versioning', signal);
      return found.text('Status') === 'Enabled';
    },

    expiry: (bucket, signal) =>
      unless('NoSuchLifecycleConfiguration', [], async () => {
        const found = await setting('read lifecycle', bucket, 'lifecycle', signal);
        return expiryRules(
          found.all('Rule').map((rule) => {
            const [end] = rule.all('Expiration');
            return {
              ID: rule.text('ID'),
              Status: rule.text('Status'),
              ...(end && { Expiration: { Days: end.text('Days'), Date: end.text('Date') } }),
            };
          }),
        );
      }),
  };
}

/** The value instead, if the store responds with this code, for a missing object or setting. */
export async function unless<T, Instead>(code: string, instead: Instead, ask: () => Promise<T>): Promise<T | Instead> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreError && error.code === code) return instead;
    throw error;
  }
}

const given = (name: string, value: string | undefined): Readonly<Record<string, string>> =>
  value === undefined || value === '' ? {} : { [name]: value };
