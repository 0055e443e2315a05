/** MinIO. Never requests the location or existence of a bucket, and lists buckets only when one is missing: no role needs those permissions. */
import { mustBeAllowed } from '../../../src/clouds/credentials.ts';
import { isTrue } from '../../../src/config/types.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { asksForTls, type HttpAnswer, makeHttpClient } from '../../../src/net/http.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { redirectTarget } from '../../../src/net/redirect.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { openTls } from '../../../src/net/tls.ts';
import { s3Operations, unless } from '../s3/operations.ts';
import { isFromS3, messageIn, opensToEveryone, s3Refusal, strangersHeaders } from '../s3/protocol.ts';
import { makeRequests, type S3Requests } from '../s3/requests.ts';
import { type At, type Store, StoreError } from '../store.ts';
import { openPrefixes } from './anonymous.ts';
import { ownerOfMinio } from './credentials.ts';
import { keySays, minioMessages } from './messages.ts';

const ENDPOINT = 'OBJECT_STORAGE_MINIO_ENDPOINT';
const DEFAULT_REGION = 'us-east-1';
/** For a TLS handshake that identifies the server, after the operation itself has failed. */
const HANDSHAKE_MS = 3000;

/** The store that the `OBJECT_STORAGE_MINIO_*` variables name. */
export async function minio(run: Run): Promise<Store> {
  const endpoint = run.require(ENDPOINT);
  const accessKeyId = run.require('OBJECT_STORAGE_MINIO_ACCESS_KEY_ID');
  const secretAccessKey = run.require('OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY');
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
  /** By bucket: what the policies that were read open to everyone. */
  const open = new Map<string, readonly string[] | undefined>();
  let region = DEFAULT_REGION;
  const keys = { accessKeyId, secretAccessKey };
  const placeOf = async (bucket: string) => ({
    url: new URL(`/${bucket}`, base),
    scope: { keys, region, service: 's3' },
  });
  const requests = makeRequests(run, agents, placeOf, (answer, at) =>
    wantsTls(answer, base) ? new NetworkError('wants-tls') : minioRefusal(answer, at, base),
  );

  let speaksTls: Promise<boolean> | undefined;
  /** On a TLS port, Go's server and others close a plain HTTP connection before their error response is read. */
  const explained = async (problem: unknown): Promise<unknown> => {
    if (secure || !(problem instanceof NetworkError) || problem.kind !== 'closed' || problem.responding) return problem;
    speaksTls ??= openTls(run, { host, port }, { verify: false }, HANDSHAKE_MS).then(
      ({ socket }) => socket.destroy() !== undefined,
      () => false,
    );
    return (await speaksTls) ? new NetworkError('wants-tls') : problem;
  };

  /** Performs one operation, in the region that the server reports. */
  const inRegion = async <T>({ action, bucket }: At, perform: () => Promise<T>): Promise<T> => {
    // As Spacelift's client, which sends no request with another name.
    if (bucket !== '' && !isSendable(bucket)) throw new StoreError('invalid-name', { action, bucket });
    const attempt = async () => {
      try {
        return await perform();
      } catch (error) {
        throw await explained(error);
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
  const send: S3Requests['send'] = (request) => inRegion(request, () => requests.send(request));
  const document: S3Requests['document'] = (kind, request) => inRegion(request, () => requests.document(kind, request));

  return {
    name: 'MinIO',
    target: { what: 'MinIO', host, port, setting: ENDPOINT, tlsSetting: 'OBJECT_STORAGE_MINIO_USE_SSL' },
    messages: minioMessages({ accessKey: accessKeyId, endpoint, secure, open }),
    tellsMissing: true,
    ...s3Operations({ send, document }),

    // MinIO reports the delete marker in its response to a GET, not to a DELETE.
    leftMarker: async (bucket, key, signal) => {
      const { url } = await requests.sign('GET', bucket, key, {});
      const { headers } = await plain.send({ method: 'GET', url, signal });
      return headers['x-amz-delete-marker'] === 'true';
    },

    sign: (method, bucket, key, headers = {}) => requests.sign(method, bucket, key, headers),
    send: (request) => plain.send(request),
    urlOf: (bucket, key) => new URL(`/${bucket}/${key}`, base),
    refusal: (answer, at) => minioRefusal(answer, at, base),
    isOwn: isFromS3,
    seesAuthorization: async () => {
      // Not at a bucket, whose policy may deny everything.
      const answer = await plain.send({ method: 'GET', url: base, headers: strangersHeaders(region) });
      return minioRefusal(answer, { action: 'list', bucket: '' }, base)?.kind !== 'denied';
    },

    isPublic: (bucket, signal) =>
      unless('NoSuchBucketPolicy', false, async () => {
        const at = { action: 'read policy', bucket } as const;
        const { body } = await send({ ...at, method: 'GET', query: { policy: '' }, signal });
        const policy = policyIn(body, at);
        open.set(bucket, openPrefixes(policy, bucket));
        return opensToEveryone(policy);
      }),
  };
}

/** Whether MinIO's client for Go sends requests with this name (`CheckValidBucketName`): stores may have older, laxer rules than S3. */
const isSendable = (bucket: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._:-]{1,61}[A-Za-z0-9]$/.test(bucket) &&
  !/\.\.|\.-|-\./.test(bucket) &&
  !/^(\d+\.){3}\d+$/.test(bucket);

/** @throws StoreError, if it is not JSON */
function policyIn(body: Buffer, at: At): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new StoreError('not-a-store', at);
  }
}

/** A redirect to another port of the same server takes more than TLS to follow. */
function wantsTls(answer: HttpAnswer, base: URL): boolean {
  const to = redirectTarget(answer, base);
  return asksForTls(answer, base) && (to === undefined || to.port === base.port);
}

/** The error in a response, or `undefined` for a success. */
function minioRefusal(answer: HttpAnswer, at: At, base: URL): StoreError | undefined {
  const problem = s3Refusal(answer, at, base);
  if (problem === undefined) return undefined;
  const says = keySays(problem, messageIn(answer));
  // Not `unsupported`, although MinIO says so: the bucket asks for encryption that MinIO can't provide.
  return says === undefined ? problem : new StoreError('other', { ...problem, says });
}
