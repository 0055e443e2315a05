import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { Client } from 'minio';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { queryOf, signedHeaders, signedQuery } from '../../../src/clouds/aws/sigv4.ts';
import { percentEncoded } from '../../../src/util/percent.ts';

const NOW = new Date('2026-03-04T05:06:07.891Z');
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** The hash that the SDK asks for. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset() {}
}

const sdk = (keys: typeof KEYS & { sessionToken?: string }, region: string) =>
  new SignatureV4({
    credentials: keys,
    region,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: true,
  });

const REQUESTS = [
  { method: 'GET', key: 'spacelift-preflight/one', query: {}, headers: {} },
  { method: 'PUT', key: "a b/ü!'()*~-._/日本+&=%?#", query: {}, headers: { 'if-none-match': '*' }, body: 'text' },
  { method: 'DELETE', key: 'one', query: { versionId: 'a.B_c-d/+=' }, headers: {} },
  { method: 'GET', key: '', query: { versions: '', prefix: 'a/b c', 'key-marker': '~*' }, headers: {} },
  { method: 'PUT', key: 'x', query: {}, headers: { 'x-amz-meta-b': ' two   spaces ', 'x-amz-meta-a_b': 'é' } },
];
const SCOPES = [
  { keys: KEYS, region: 'us-east-1' },
  { keys: { ...KEYS, sessionToken: 'token+/=with' }, region: 'cn-north-1' },
];
const CASES = SCOPES.flatMap((scope) => REQUESTS.map((request) => ({ ...request, ...scope })));

test.each(CASES)('$method $key in $region: the signature of the AWS SDK', async ({ body, key, ...request }) => {
  const { method, headers, query, keys, region } = request;
  const [host, path] = ['bucket.s3.example.com:9000', `/${key.split('/').map(percentEncoded).join('/')}`];
  const bytes = body === undefined ? {} : { body: Buffer.from(body) };
  const ours = signedHeaders(
    { method, host, path, query: queryOf(query), headers, ...bytes },
    { keys, region, service: 's3' },
    NOW,
  );
  const theirs = await sdk(keys, region).sign(
    { method, protocol: 'https:', hostname: host, path, query, headers: { ...headers, host }, ...bytes },
    { signingDate: NOW },
  );
  expect(ours).toEqual(Object.fromEntries(Object.entries(theirs.headers).filter(([name]) => name !== 'host')));
});

test.each(CASES)('$method $key in $region: the pre-signed URL of the AWS SDK', async ({ body: _, key, ...request }) => {
  const { method, headers, query, keys, region } = request;
  const [host, path] = ['bucket.s3.example.com', `/${key.split('/').map(percentEncoded).join('/')}`];
  // The SDK also writes into the URL that its body is not signed, which is so in any case.
  const all = { ...query, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const ours = signedQuery({ method, host, path, query: all, headers }, { keys, region, service: 's3' }, 900, NOW);
  const theirs = await sdk(keys, region).presign(
    {
      method,
      protocol: 'https:',
      hostname: host,
      path,
      query,
      headers: { ...headers, host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    {
      expiresIn: 900,
      signingDate: NOW,
      unhoistableHeaders: new Set(Object.keys(headers)),
      unsignableHeaders: new Set(['x-amz-content-sha256']),
    },
  );
  expect(Object.fromEntries(new URLSearchParams(ours))).toEqual(theirs.query);
});

test('the order of the query, and the key of another day, do not come from the request before', () => {
  const request = { method: 'GET', host: 'h', path: '/' };
  const scope = { keys: KEYS, region: 'r', service: 's3' };
  const [one, two] = [
    { b: '1', a: '2' },
    { a: '2', b: '1' },
  ].map((query) => signedHeaders({ ...request, query: queryOf(query) }, scope, NOW));
  expect(one).toEqual(two);
  const tomorrow = new Date(NOW.getTime() + 86_400_000);
  const first = signedHeaders(request, scope, tomorrow);
  signedHeaders(request, { ...scope, keys: { ...KEYS, secretAccessKey: 'another' } }, tomorrow);
  expect(signedHeaders(request, scope, tomorrow)).toEqual(first);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(['spacelift-preflight/one', "a b/ü!'()*~-._/日本+&=%?#"])(
  '%s: the pre-signed URL of MinIO’s client',
  async (key) => {
    const options = { endPoint: 'minio.example.com', port: 9000, useSSL: true, region: 'us-east-1' };
    const client = new Client({ ...options, accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey });
    const path = `/states/${key.split('/').map(percentEncoded).join('/')}`;
    const query = signedQuery(
      { method: 'GET', host: 'minio.example.com:9000', path },
      { keys: KEYS, region: 'us-east-1', service: 's3' },
      900,
      NOW,
    );
    expect(`https://minio.example.com:9000${path}?${query}`).toBe(await client.presignedUrl('GET', 'states', key, 900));
  },
);
