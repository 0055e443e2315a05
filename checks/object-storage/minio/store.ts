/** MinIO, through its own client. Never requests a bucket's location or existence: no role needs those permissions. */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Client, ClientOptions } from 'minio';
import { mustBeAllowed } from '../../../src/clouds/credentials.ts';
import { isTrue } from '../../../src/config/types.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { asksForTls, makeHttpClient, readUpTo } from '../../../src/net/http.ts';
import { makeExplainError } from '../../../src/net/http-errors.ts';
import { boundBody, boundHints, boundPages } from '../../../src/net/limits.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { reportRequest } from '../../../src/net/stages.ts';
import { addressOf, unbracketed } from '../../../src/net/tcp.ts';
import { openTls } from '../../../src/net/tls.ts';
import { arePermitted, expiryRules, type LifecycleRule, opensToEveryone, s3Refusal } from '../s3-protocol.ts';
import { type Store, type StoreAction, StoreError, under, versionIn } from '../store.ts';
import { ownerOfMinio } from './credentials.ts';
import { minioMessages } from './messages.ts';

const ENDPOINT = 'OBJECT_STORAGE_MINIO_ENDPOINT';
const DEFAULT_REGION = 'us-east-1';
/** For a TLS handshake that identifies the server, after the operation itself has failed. */
const HANDSHAKE_MS = 3000;
/** In seconds: how long a pre-signed URL works. */
const EXPIRES_S = 900;
/** In bytes: a thousand versions of a run's objects need half of it. */
const LONGEST_PAGE = 1.5 * 1024 * 1024;
/** Per page: a thousand versions have 20,000. A hundred thousand tiny tags would fit in a page, but need half a gigabyte to parse. */
const MOST_TAGS = 40_000;
/** The number of objects that the library requests at once. */
const PAGE = 1000;
const LESS_THAN = 0x3c;

interface At {
  readonly action: StoreAction;
  readonly bucket: string;
}

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
  const clientFor = await clients({
    endPoint: host,
    port,
    useSSL: secure,
    accessKey,
    secretKey,
    transportAgent: agents.agentFor({ secure, host, port }),
  });
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
      )) as { name: string; versionId: string }[],
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
      call({ action: 'delete', bucket }, signal, (client) => client.removeObject(bucket, key)),

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

    purge: async (bucket, prefix, signal) => {
      const versions = await listVersions(bucket, prefix, signal);
      await Promise.all(versions.map(({ name, versionId }) => removeVersion(bucket, name, versionId, signal)));
    },

    sign: async (method, bucket, key, headers = {}) => {
      const signer = clientFor({ region, at: { action: 'get', bucket }, headers });
      return { method, url: new URL(await signer.presignedUrl(method, bucket, key, EXPIRES_S)), headers };
    },

    send: (request) => plain.send(request),
    urlOf: (bucket, key) => new URL(`/${bucket}/${key}`, base),
    refusal: s3Refusal,

    versioning: async (bucket, signal) => {
      const found = await call({ action: 'read versioning', bucket }, signal, (client) =>
        client.getBucketVersioning(bucket),
      );
      return (found as { Status?: string } | undefined)?.Status === 'Enabled';
    },

    expiry: async (bucket, signal) => {
      try {
        const found = await call({ action: 'read lifecycle', bucket }, signal, (client) =>
          client.getBucketLifecycle(bucket),
        );
        return expiryRules([(found as { Rule?: LifecycleRule | LifecycleRule[] } | null)?.Rule ?? []].flat());
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

interface Use {
  readonly region: string;
  readonly at: At;
  readonly signal?: AbortSignal;
  /** Headers to include in the signature of a pre-signed URL. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The library accepts neither a signal nor headers to sign, retries on its own, and loses the responses that it retries.
 * So each operation has its own client, with a transport that knows the signal and reads error responses.
 */
async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  const another = boundPages();
  for await (const item of items) {
    if (found.length % PAGE === 0) another(PAGE);
    found.push(item);
  }
  return found;
}

async function clients(options: ClientOptions): Promise<(use: Use) => Client> {
  const { Client } = await import('minio');
  class OneCall extends Client {
    readonly headers: Use['headers'];
    constructor({ region, at, signal, headers }: Use) {
      const transport = observed({ secure: options.useSSL === true, at, ...(signal !== undefined && { signal }) });
      super({ ...options, region, transport, pathStyle: true, retryOptions: { disableRetry: true } });
      this.headers = headers;
    }
    protected override getRequestOptions(request: Parameters<Client['getRequestOptions']>[0]) {
      return super.getRequestOptions({ ...request, headers: { ...request.headers, ...this.headers } });
    }
  }
  return (use) => new OneCall(use);
}

/** Sends like `node:http`; a response other than a success becomes an error of the request. */
function observed({ secure, at, signal }: { secure: boolean; at: At; signal?: AbortSignal }): typeof http {
  // The library requests page after page on its own.
  const another = boundPages();
  const request = (options: http.RequestOptions, onAnswer: (answer: IncomingMessage) => void): ClientRequest => {
    another(0);
    const sent = (secure ? https : http).request({ ...options, ...(signal !== undefined && { signal }) });
    boundHints(sent);
    reportRequest(sent, unbracketed(options.host ?? ''));
    sent.on('response', async (answer: IncomingMessage) => {
      const { statusCode: status = 0, headers } = answer;
      if (s3Refusal({ status, headers, body: Buffer.alloc(0) }, at) === undefined) {
        onAnswer(boundTags(boundBody(answer, LONGEST_PAGE)));
        return;
      }
      const whole = { status, headers, body: await readUpTo(answer).catch(() => Buffer.alloc(0)) };
      sent.emit('error', !secure && asksForTls(whole) ? new NetworkError('wants-tls') : s3Refusal(whole, at));
    });
    return sent;
  };
  return { request } as typeof http;
}

/** The reader gets a NetworkError of kind `flood` when the response has more elements than any page. */
function boundTags(answer: IncomingMessage): IncomingMessage {
  const push = answer.push.bind(answer);
  let tags = 0;
  answer.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) for (const byte of chunk) if (byte === LESS_THAN) tags++;
    if (tags <= MOST_TAGS) return push(chunk, encoding);
    answer.destroy(new NetworkError('flood'));
    return false;
  };
  return answer;
}

/** Errors that the library and the transport throw after a response, or before a request. */
function notOfTheWay(error: unknown, at: At): StoreError | undefined {
  if (error instanceof StoreError) return error;
  const name = error instanceof Error ? error.constructor.name : '';
  if (name === 'InvalidBucketNameError') return new StoreError('invalid-name', at);
  // For a success response that is not XML or JSON, the library and its parser throw plain errors.
  const unread =
    name === 'InvalidXMLError' || name === 'SyntaxError' || (name === 'Error' && !('code' in (error as Error)));
  if (unread) return new StoreError('not-a-store', at);
  return undefined;
}
