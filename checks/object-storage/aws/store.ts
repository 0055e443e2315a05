/** AWS S3, through the AWS SDK. Never requests a location or the identity, and lists buckets only when one is missing: no role needs those permissions. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { awsSettings } from '../../../src/clouds/aws/client.ts';
import { findCredentials } from '../../../src/clouds/aws/credentials.ts';
import { withoutEndpoint } from '../../../src/clouds/aws/custom-endpoint.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { isLoopback, makeHttpClient, readUpTo } from '../../../src/net/http.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import {
  arePermitted,
  expiryRules,
  isErrorResponse,
  isFromS3,
  NO_LOCK,
  removeInTurn,
  retentionOf,
  s3Refusal,
  strangersHeaders,
} from '../s3-protocol.ts';
import { type Store, StoreError, under, versionIn } from '../store.ts';
import { type At, awsRefusal, meaningOf } from './errors.ts';
import { awsMessages, type Names } from './messages.ts';

/** In seconds: how long a pre-signed URL works. */
const EXPIRES_S = 900;

/** The SDK moves headers into the query of a pre-signed URL; headers that the client must send have to be kept out of it. */
type Middleware = (next: (args: Build) => Promise<unknown>) => (args: Build) => Promise<unknown>;
interface Stack {
  add(middleware: Middleware, options: { step: 'build' }): void;
}
interface Build {
  readonly request: { readonly headers: Record<string, string> };
}

/** The store in AWS_REGION, with the SDK's default credentials and endpoints. */
export async function aws(run: Run): Promise<Store> {
  const agents = makeAgents(run);
  const { config, endpoint } = awsSettings(run, 'S3', isErrorResponse, agents);
  const {
    S3Client,
    DeleteObjectCommand,
    GetBucketLifecycleConfigurationCommand,
    GetBucketPolicyStatusCommand,
    GetBucketVersioningCommand,
    GetObjectCommand,
    GetObjectLockConfigurationCommand,
    GetPublicAccessBlockCommand,
    HeadObjectCommand,
    ListBucketsCommand,
    ListObjectVersionsCommand,
    ListObjectsV2Command,
    PutObjectCommand,
  } = await import('@aws-sdk/client-s3');
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const forcePathStyle = endpoint !== undefined && isAddress(endpoint.url.hostname);
  const client = new S3Client({
    ...config,
    forcePathStyle,
    // Like the variables that would set them, these do not apply to the names of buckets.
    useArnRegion: false,
    disableS3ExpressSessionAuth: true,
    // A checksum of the empty body would otherwise be part of every pre-signed PUT.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const urlOf = (Bucket?: string): URL => {
    try {
      return client.config.endpointProvider({
        Region: config.region,
        UseFIPS: config.useFipsEndpoint,
        UseDualStack: config.useDualstackEndpoint,
        ForcePathStyle: forcePathStyle,
        ...(config.endpoint !== undefined && { Endpoint: config.endpoint }),
        ...(Bucket !== undefined && { Bucket }),
      }).url;
    } catch (error) {
      throw withoutEndpoint(run, error);
    }
  };
  const { hostname, port, protocol } = urlOf();
  const plain = makeHttpClient(run, agents);
  const names: Names = {
    region: config.region,
    partition: run.get('AWS_PARTITION') ?? 'aws',
    account: run.get('AWS_ACCOUNT_ID'),
    endpointFrom: endpoint?.setting,
  };

  let found: Promise<void> | undefined;
  /** Performs one operation, once the credentials are found. */
  const call = async <T>(at: At, perform: () => Promise<T>): Promise<T> => {
    try {
      found ??= findCredentials(run, client);
      await found;
      return await perform();
    } catch (error) {
      throw meaningOf(error, at, names);
    }
  };
  /** `undefined` if the store responds with this code, for a missing object or setting. */
  const unless = async <T>(code: string, asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof StoreError && error.code === code) return undefined;
      throw error;
    }
  };

  const listVersions = (Bucket: string, Prefix: string, abortSignal: AbortSignal) =>
    call({ action: 'delete', bucket: Bucket }, async () => {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket, Prefix }),
        { abortSignal },
      );
      return under(Prefix, [...Versions, ...DeleteMarkers], ({ Key }) => Key);
    });
  const removeObject = (
    Bucket: string,
    object: { Key: string | undefined; VersionId?: string | undefined },
    abortSignal: AbortSignal,
  ) =>
    call({ action: 'delete', bucket: Bucket }, async () => {
      const { Key, VersionId } = object;
      return client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }), { abortSignal });
    });
  /** Objects whose deletion left a delete marker; without permission to list, a GET would not show it. */
  const marked = new Set<string>();

  return {
    name: 'S3',
    target: {
      what: 'S3',
      host: hostname,
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      setting: endpoint?.setting ?? 'AWS_REGION',
    },
    messages: awsMessages(names),

    put: async (Bucket, Key, Body, { ifAbsent }, abortSignal) => {
      const command = new PutObjectCommand({ Bucket, Key, Body, ...(ifAbsent && { IfNoneMatch: '*' }) });
      const put = async () => {
        const { VersionId, ETag, $metadata } = await client.send(command, { abortSignal });
        if ((ETag ?? $metadata.requestId) === undefined)
          throw new StoreError('not-a-store', { action: 'put', bucket: Bucket, status: 200 });
        return { existed: false, versionId: versionIn(VersionId) };
      };
      try {
        return await call({ action: 'put', bucket: Bucket }, put);
      } catch (error) {
        if (!ifAbsent || !(error instanceof StoreError)) throw error;
        if (error.status === 412) return { existed: true, versionId: undefined };
        // Another run is writing the same object at the same time.
        if (error.code === 'ConditionalRequestConflict') return { existed: true, versionId: undefined };
        throw error;
      }
    },

    get: (Bucket, Key, abortSignal) =>
      unless(
        'NoSuchKey',
        call({ action: 'get', bucket: Bucket }, async () => {
          const { Body, VersionId } = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
          return { body: await readUpTo(Body as IncomingMessage), versionId: versionIn(VersionId) };
        }),
      ),

    list: (Bucket, Prefix, abortSignal) =>
      call({ action: 'list', bucket: Bucket }, async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }), { abortSignal });
        return Contents.flatMap(({ Key }) => Key ?? []);
      }),

    remove: async (bucket, Key, signal) => {
      const { DeleteMarker, VersionId } = await removeObject(bucket, { Key }, signal);
      if (!DeleteMarker) return undefined;
      marked.add(`${bucket}/${Key}`);
      return versionIn(VersionId);
    },

    leftMarker: async (bucket, key) => marked.has(`${bucket}/${key}`),

    mayPurge: (bucket, prefix, signal) =>
      // A version that never existed: S3 still checks the permission.
      arePermitted([
        removeObject(bucket, { Key: `${prefix}none`, VersionId: 'null' }, signal),
        listVersions(bucket, prefix, signal),
      ]),

    traces: async (bucket, prefix, signal) =>
      (await listVersions(bucket, prefix, signal)).flatMap(({ Key }) => Key ?? []),

    purge: async (bucket, prefix, signal, markers) => {
      const listing = listVersions(bucket, prefix, signal).then((versions) =>
        versions.map(({ Key = '', VersionId, IsLatest = false }) => ({
          key: Key,
          versionId: VersionId,
          isLatest: IsLatest,
        })),
      );
      const remove = ({ key, versionId }: { key: string; versionId: string | undefined }) =>
        removeObject(bucket, { Key: key, VersionId: versionId }, signal);
      const keys = await removeInTurn(listing, remove, markers);
      for (const key of keys) marked.delete(`${bucket}/${key}`);
      return keys;
    },
    removeVersion: (bucket, Key, VersionId, signal) => removeObject(bucket, { Key, VersionId }, signal),

    retention: async (Bucket, abortSignal) => {
      const asked = call({ action: 'read retention', bucket: Bucket }, () =>
        client.send(new GetObjectLockConfigurationCommand({ Bucket }), { abortSignal }),
      );
      const found = (await unless(NO_LOCK, asked))?.ObjectLockConfiguration?.Rule?.DefaultRetention;
      return retentionOf(found?.Mode, found?.Days, found?.Years);
    },

    buckets: (abortSignal) =>
      call({ action: 'list', bucket: '' }, async () => {
        const { Buckets = [] } = await client.send(new ListBucketsCommand({}), { abortSignal });
        return Buckets.flatMap(({ Name }) => Name ?? []);
      }),

    sign: (method, Bucket, Key, headers = {}) =>
      call({ action: method === 'PUT' ? 'put' : 'get', bucket: Bucket }, async () => {
        const command =
          method === 'PUT'
            ? new PutObjectCommand({ Bucket, Key })
            : method === 'HEAD'
              ? new HeadObjectCommand({ Bucket, Key })
              : new GetObjectCommand({ Bucket, Key });
        const bind: Middleware = (next) => (args) => {
          Object.assign(args.request.headers, headers);
          return next(args);
        };
        (command.middlewareStack as unknown as Stack).add(bind, { step: 'build' });
        const unhoistableHeaders = new Set(Object.keys(headers));
        const url = await getSignedUrl(client, command, { expiresIn: EXPIRES_S, unhoistableHeaders });
        return { method, url: new URL(url), headers };
      }),

    send: (request) => plain.send(request),
    urlOf: (bucket, key) => new URL(`${urlOf(bucket).href.replace(/\/$/, '')}/${key}`),
    refusal: (answer, at) => awsRefusal(answer, at, names),
    isOwn: isFromS3,
    // Between here and S3's own endpoints, TLS is not ended.
    ...(endpoint !== undefined && {
      seesAuthorization: async () => {
        const headers = strangersHeaders(config.region);
        // Not at a bucket, whose policy may deny everything.
        const answer = await plain.send({ method: 'GET', url: new URL('/', endpoint.url), headers });
        return s3Refusal(answer, { action: 'list', bucket: '' })?.kind !== 'denied';
      },
    }),

    versioning: (Bucket, abortSignal) =>
      call({ action: 'read versioning', bucket: Bucket }, async () => {
        const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), { abortSignal });
        return Status === 'Enabled';
      }),

    expiry: async (Bucket, abortSignal) => {
      const asked = call({ action: 'read lifecycle', bucket: Bucket }, () =>
        client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal }),
      );
      return expiryRules((await unless('NoSuchLifecycleConfiguration', asked))?.Rules ?? []);
    },

    isPublic: async (Bucket, abortSignal) => {
      const at = { action: 'read policy', bucket: Bucket } as const;
      const asked = call(at, () => client.send(new GetBucketPolicyStatusCommand({ Bucket }), { abortSignal }));
      const status = await unless('NoSuchBucketPolicy', asked);
      if (status?.PolicyStatus?.IsPublic !== true) return false;
      const block = call(at, () => client.send(new GetPublicAccessBlockCommand({ Bucket }), { abortSignal }));
      const limits = await block.catch((error: unknown) => {
        if (error instanceof StoreError) return undefined;
        throw error;
      });
      return limits?.PublicAccessBlockConfiguration?.RestrictPublicBuckets !== true;
    },
  };
}

/** `https://bucket.127.0.0.1` is not a valid address. */
const isAddress = (hostname: string): boolean => isIP(unbracketed(hostname)) !== 0 || isLoopback(hostname);
