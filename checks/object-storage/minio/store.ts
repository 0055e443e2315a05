/** MinIO, through its own client. Never requests the location or existence of a bucket, and lists buckets only when one is missing: no role needs those permissions. */
import type { Client } from 'minio';
import { mustBeAllowed } from '../../../src/clouds/credentials.ts';
import { isTrue } from '../../../src/config/types.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { makeHttpClient, readUpTo } from '../../../src/net/http.ts';
import { makeExplainError } from '../../../src/net/http-errors.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { openTls } from '../../../src/net/tls.ts';
import {
  arePermitted,
  expiryRules,
  isFromS3,
  type LifecycleRule,
  markerIn,
  NO_LOCK,
  opensToEveryone,
  removeInTurn,
  retentionOf,
  strangersHeaders,
} from '../s3-protocol.ts';
import { type Store, StoreError, under, versionIn } from '../store.ts';
import { ownerOfMinio } from './credentials.ts';
import { minioMessages } from './messages.ts';
import { type At, clients, listed, minioRefusal, notOfTheWay } from './transport.ts';

const ENDPOINT = 'OBJECT_STORAGE_MINIO_ENDPOINT';
const DEFAULT_REGION = 'us-east-1';
/** For a TLS handshake that identifies the server, after the operation itself has failed. */
const HANDSHAKE_MS = 3000;
/** In seconds: how long a pre-signed URL works. */
const EXPIRES_S = 900;

/** The store that the `OBJECT_STORAGE_MINIO_*` variables name. */
export async function minio(run: Run): Promise<Store> {
  const endpoint = run.require(ENDPOINT);
  const accessKey = run.require('OBJECT_STORAGE_MINIO_ACCESS_KEY_ID');
  const secretKey = run.require('OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY');
  const secure = isTrue(run.get('OBJECT_STORAGE_MINIO_USE_SSL'));
  const base = new URL(`${secure ? 'https' : 'http'}://${endpoint}`);
  const { host, port } = addressOf(base);
  const [owner, party] = [ownerOfMinio(run), run.deployment.partyOf(ENDPOINT)];
  mustBeAllowed(run, owner, { url: base, party, setting: ENDPOINT, overTls: 'OBJECT_STORAGE_MINIO_USE_SSL=true' });
  // The config alone must not send the caller's keys to a server without a verified certificate.
  const mustProve = owner === 'process' && party === 'config';
  const rejectUnauthorized = mustProve || !isTrue(run.get('OBJECT_STORAGE_MINIO_ALLOW_INSECURE'));

  const agents = makeAgents(run, { rejectUnauthorized });
  const plain = makeHttpClient(run, agents);
  const transportAgent = agents.agentFor({ secure, host, port });
  const clientFor = await clients({ endPoint: host, port, useSSL: secure, accessKey, secretKey, transportAgent }, base);
  const meaningOf = makeExplainError(run);
  let region = DEFAULT_REGION;
  let speaksTls: Promise<boolean> | undefined;

  /** On a TLS port, Go's server and others close a plain HTTP connection before their error response is read. */
  const explained = async (error: unknown, at: At): Promise<unknown> => {
    const problem = notOfTheWay(error, at) ?? (await meaningOf(error, { secure, host, port }));
    if (secure || !(problem instanceof NetworkError) || problem.kind !== 'closed') return problem;
    speaksTls ??= openTls(run, { host, port }, { verify: false }, HANDSHAKE_MS).then(
      ({ socket }) => socket.destroy() !== undefined,
      () => false,
    );
    return (await speaksTls) ? new NetworkError('wants-tls') : problem;
  };

  /** Performs one operation, in the region that the server reports. */
  const call = async <T>(at: At, signal: AbortSignal, perform: (client: Client) => Promise<T>): Promise<T> => {
    const attempt = async () => {
      try {
        return await perform(clientFor({ region, at, signal }));
      } catch (error) {
        throw await explained(error, at);
      }
    };
    try {
      return await attempt();
    } catch (error) {
      const elsewhere = error instanceof StoreError && error.kind === 'wrong-region' ? error.region : undefined;
      if (elsewhere === undefined) throw error;
      region = elsewhere;
    }
    return attempt();
  };

  const listVersions = async (bucket: string, prefix: string, signal: AbortSignal) =>
    under(
      prefix,
      (await call({ action: 'delete', bucket }, signal, (client) =>
        listed(client.listObjects(bucket, prefix, true, { IncludeVersion: true })),
      )) as { name: string; versionId: string; isLatest: unknown }[],
      ({ name }) => name,
    );
  const removeVersion = (bucket: string, objectName: string, versionId: string, signal: AbortSignal) =>
    call({ action: 'delete', bucket }, signal, (client) => client.removeObject(bucket, objectName, { versionId }));

  return {
    name: 'MinIO',
    target: { what: 'MinIO', host, port, setting: ENDPOINT },
    messages: minioMessages({ accessKey, endpoint, secure }),
    tellsMissing: true,

    put: async (bucket, key, body, { ifAbsent }, signal) => {
      const headers = ifAbsent ? { 'if-none-match': '*' } : {};
      try {
        return await call({ action: 'put', bucket }, signal, async (client) => {
          const request = { method: 'PUT', bucketName: bucket, objectName: key, headers };
          const { headers: answer } = await client.makeRequestAsyncOmit(request, body, [200]);
          if ((answer.etag ?? answer['x-amz-request-id']) === undefined)
            throw new StoreError('not-a-store', { action: 'put', bucket, status: 200 });
          return { existed: false, versionId: versionIn(answer['x-amz-version-id']) };
        });
      } catch (error) {
        if (!ifAbsent || !(error instanceof StoreError) || error.status !== 412) throw error;
        return { existed: true, versionId: undefined };
      }
    },

    get: async (bucket, key, signal) => {
      try {
        return await call({ action: 'get', bucket }, signal, async (client) => {
          const answer = await client.makeRequestAsync({ method: 'GET', bucketName: bucket, objectName: key });
          return { body: await readUpTo(answer), versionId: versionIn(answer.headers['x-amz-version-id']) };
        });
      } catch (error) {
        if (error instanceof StoreError && error.code === 'NoSuchKey') return undefined;
        throw error;
      }
    },

    list: (bucket, prefix, signal) =>
      call({ action: 'list', bucket }, signal, async (client) => {
        const items = (await listed(client.listObjectsV2(bucket, prefix, true))) as { name: string }[];
        return items.map(({ name }) => name);
      }),

    remove: (bucket, key, signal) =>
      call({ action: 'delete', bucket }, signal, async (client) => {
        const request = { method: 'DELETE', bucketName: bucket, objectName: key };
        const { headers } = await client.makeRequestAsyncOmit(request, '', [200, 204]);
        return markerIn(headers);
      }),

    // MinIO reports the delete marker in its response to a GET, not to a DELETE.
    leftMarker: async (bucket, key, signal) => {
      const signer = clientFor({ region, at: { action: 'get', bucket }, signal });
      const url = new URL(await signer.presignedUrl('GET', bucket, key, EXPIRES_S));
      const { headers } = await plain.send({ method: 'GET', url, signal });
      return headers['x-amz-delete-marker'] === 'true';
    },

    mayPurge: (bucket, prefix, signal) =>
      // A version that never existed: MinIO still checks the permission.
      arePermitted([removeVersion(bucket, `${prefix}none`, 'null', signal), listVersions(bucket, prefix, signal)]),

    traces: async (bucket, prefix, signal) => (await listVersions(bucket, prefix, signal)).map(({ name }) => name),

    purge: async (bucket, prefix, signal, markers) => {
      const listing = listVersions(bucket, prefix, signal).then((versions) =>
        versions.map(({ name, versionId, isLatest }) => ({
          key: name,
          versionId,
          isLatest: String(isLatest) === 'true',
        })),
      );
      return removeInTurn(listing, ({ key, versionId = '' }) => removeVersion(bucket, key, versionId, signal), markers);
    },
    removeVersion,

    retention: async (bucket, signal) => {
      type Found = { mode?: unknown; unit?: unknown; validity?: unknown };
      try {
        const at = { action: 'read retention', bucket } as const;
        // Its type comes from an older form of the library, which called back.
        const found = await call(
          at,
          signal,
          (client) => client.getObjectLockConfig(bucket) as unknown as Promise<Found>,
        );
        const { mode, unit, validity } = found;
        return unit === 'Years' ? retentionOf(mode, 0, validity) : retentionOf(mode, validity, 0);
      } catch (error) {
        if (error instanceof StoreError && error.code === NO_LOCK) return undefined;
        throw error;
      }
    },

    buckets: async (signal) => {
      const found = await call({ action: 'list', bucket: '' }, signal, (client) => client.listBuckets());
      return found.map(({ name }) => name);
    },

    sign: async (method, bucket, key, headers = {}) => {
      const signer = clientFor({ region, at: { action: 'get', bucket }, headers });
      return { method, url: new URL(await signer.presignedUrl(method, bucket, key, EXPIRES_S)), headers };
    },

    send: (request) => plain.send(request),
    urlOf: (bucket, key) => new URL(`/${bucket}/${key}`, base),
    refusal: (answer, at) => minioRefusal(answer, at, base),
    isOwn: isFromS3,
    seesAuthorization: async () => {
      // Not at a bucket, whose policy may deny everything.
      const answer = await plain.send({ method: 'GET', url: base, headers: strangersHeaders(region) });
      return minioRefusal(answer, { action: 'list', bucket: '' }, base)?.kind !== 'denied';
    },

    versioning: async (bucket, signal) => {
      const found = await call({ action: 'read versioning', bucket }, signal, (client) =>
        client.getBucketVersioning(bucket),
      );
      return known(found, { action: 'read versioning', bucket }).Status === 'Enabled';
    },

    expiry: async (bucket, signal) => {
      try {
        const at = { action: 'read lifecycle', bucket } as const;
        const found = await call(at, signal, (client) => client.getBucketLifecycle(bucket));
        return expiryRules([known<{ Rule?: LifecycleRule | LifecycleRule[] }>(found, at).Rule ?? []].flat());
      } catch (error) {
        if (error instanceof StoreError && error.code === 'NoSuchLifecycleConfiguration') return [];
        throw error;
      }
    },

    isPublic: async (bucket, signal) => {
      try {
        const at = { action: 'read policy', bucket } as const;
        return await call(at, signal, async (client) =>
          opensToEveryone(JSON.parse(await client.getBucketPolicy(bucket))),
        );
      } catch (error) {
        if (error instanceof StoreError && error.code === 'NoSuchBucketPolicy') return false;
        throw error;
      }
    },
  };
}

/**
 * A setting as the library has parsed it: nothing, if the response is another document, as some stores send that do not know
 * the setting and list the bucket instead. @throws StoreError
 */
function known<T extends object>(found: unknown, at: At): Partial<T> & { readonly Status?: unknown } {
  if (found === undefined) throw new StoreError('unsupported', { ...at, status: 200 });
  return (found ?? {}) as Partial<T>;
}
