/** AWS S3: endpoints and credentials by the AWS SDK. Never requests a location or the identity, and lists buckets only when one is missing: no role needs those permissions. */
import { awsSettings } from '../../../src/clouds/aws/client.ts';
import { findCredentials } from '../../../src/clouds/aws/credentials.ts';
import { withoutEndpoint } from '../../../src/clouds/aws/custom-endpoint.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { isLoopback, makeHttpClient } from '../../../src/net/http.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import { isIP } from '../../../src/util/ip.ts';
import { s3Operations, unless } from '../s3/operations.ts';
import { isErrorResponse, isFromS3, markerIn, s3Refusal, strangersHeaders } from '../s3/protocol.ts';
import { makeRequests, type S3Requests } from '../s3/requests.ts';
import { type At, type Store, StoreError, type StoreKind } from '../store.ts';
import { awsRefusal, withCredentials } from './errors.ts';
import { awsMessages, type Names } from './messages.ts';

/** Errors of a public access block that is missing or can't be read; a store that fails says nothing about public access. */
const LIMITS_UNKNOWN: readonly StoreKind[] = ['denied', 'unsupported', 'not-a-store', 'other'];

/** The store in AWS_REGION, with the SDK's default credentials and endpoints. */
export async function aws(run: Run): Promise<Store> {
  const agents = makeAgents(run);
  const { config, endpoint } = awsSettings(run, 'S3', isErrorResponse, agents);
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client(config);
  const placeOf = (Bucket?: string) => {
    try {
      const { url, properties } = client.config.endpointProvider({
        Region: config.region,
        UseFIPS: config.useFipsEndpoint,
        UseDualStack: config.useDualstackEndpoint,
        DisableS3ExpressSessionAuth: true,
        ForcePathStyle: endpoint !== undefined && isAddress(endpoint.url.hostname),
        ...(config.endpoint !== undefined && { Endpoint: config.endpoint }),
        ...(Bucket !== undefined && { Bucket }),
      });
      const [scheme] = (properties?.authSchemes ?? []) as readonly SigningScheme[];
      return { url, region: scheme?.signingRegion ?? config.region, service: scheme?.signingName ?? 's3' };
    } catch (error) {
      throw withoutEndpoint(run, error);
    }
  };
  const { hostname, port, protocol } = placeOf().url;
  const plain = makeHttpClient(run, agents);
  const names: Names = {
    region: config.region,
    partition: run.get('AWS_PARTITION') ?? 'aws',
    account: run.get('AWS_ACCOUNT_ID'),
    endpointFrom: endpoint?.setting,
  };

  const requests = makeRequests(
    run,
    agents,
    async (bucket) => {
      const { url, region, service } = placeOf(bucket === '' ? undefined : bucket);
      return { url, scope: { keys: await client.config.credentials(), region, service } };
    },
    (answer, at) => awsRefusal(answer, at, names),
  );
  let found: Promise<void> | undefined;
  /** Performs one operation, once the credentials are found. */
  const call = async <T>(at: At, perform: () => Promise<T>): Promise<T> => {
    try {
      found ??= findCredentials(run, client);
      await found;
      return await perform();
    } catch (error) {
      throw withCredentials(error, at);
    }
  };
  const send: S3Requests['send'] = (request) => call(request, () => requests.send(request));
  const document: S3Requests['document'] = (kind, request) => call(request, () => requests.document(kind, request));
  const operations = s3Operations({ send, document });
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
    ...operations,

    remove: async (bucket, key, signal) => {
      const { headers } = await operations.removeVersion(bucket, key, undefined, signal);
      if (headers['x-amz-delete-marker'] === 'true') marked.add(`${bucket}/${key}`);
      return markerIn(headers);
    },

    leftMarker: async (bucket, key) => marked.has(`${bucket}/${key}`),

    purge: async (bucket, prefix, signal, markers) => {
      const purged = await operations.purge(bucket, prefix, signal, markers);
      for (const { key } of purged) marked.delete(`${bucket}/${key}`);
      return purged;
    },

    sign: (method, bucket, key, headers = {}) =>
      call({ action: method === 'PUT' ? 'put' : 'get', bucket }, () => requests.sign(method, bucket, key, headers)),

    send: (request) => plain.send(request),
    urlOf: (bucket, key) => new URL(`${placeOf(bucket).url.href.replace(/\/$/, '')}/${key}`),
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

    isPublic: (bucket, signal) =>
      unless('NoSuchBucketPolicy', false, async () => {
        const at = { action: 'read policy', bucket, method: 'GET', signal } as const;
        const status = await document('policyStatus', { ...at, query: { policyStatus: '' } });
        if (status.text('IsPublic')?.toLowerCase() !== 'true') return false;
        const block = document('publicAccessBlock', { ...at, query: { publicAccessBlock: '' } });
        const limits = await block.catch((error: unknown) => {
          if (error instanceof StoreError && LIMITS_UNKNOWN.includes(error.kind)) return undefined;
          throw error;
        });
        return limits?.text('RestrictPublicBuckets')?.toLowerCase() !== 'true';
      }),
  };
}

/** How the SDK's rules for endpoints say that requests there are signed. */
interface SigningScheme {
  readonly signingName?: string;
  readonly signingRegion?: string;
}

/** `https://bucket.127.0.0.1` is not a valid address. */
const isAddress = (hostname: string): boolean => isIP(unbracketed(hostname)) !== 0 || isLoopback(hostname);
