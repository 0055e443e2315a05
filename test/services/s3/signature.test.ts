import { expect, test } from 'vitest';
import type { S3Server } from './index.ts';
import { raw, start } from './testing.ts';

// The examples of the S3 API reference: "Examples: Signature Calculations in AWS Signature Version 4", "Authenticating
// Requests: Using Query Parameters", and both pages on transferring a payload in chunks.
const example = {
  users: [{ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }],
  flavor: 'aws' as const,
};
const exampleScope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

async function startExample(): Promise<S3Server> {
  const server = await start(example);
  server.faults.clockOffsetMs = Date.UTC(2013, 4, 24) - Date.now();
  server.createBucket('examplebucket').put('test.txt', 'Welcome to S3');
  return server;
}

test('accepts the signatures of the S3 API reference', async () => {
  const server = await startExample();
  const host = 'examplebucket.s3.amazonaws.com';
  const byHeader = await raw(server, 'GET', '/test.txt', {
    host,
    range: 'bytes=0-9',
    'x-amz-date': '20130524T000000Z',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    authorization: `AWS4-HMAC-SHA256 Credential=${exampleScope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
  });
  expect([byHeader.status, byHeader.body]).toEqual([206, 'Welcome to']);
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(exampleScope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;
  expect((await raw(server, 'GET', `/test.txt?${query}`, { host })).body).toBe('Welcome to S3');
  expect((await raw(server, 'GET', `/test.txt?${query}&a=b`, { host })).body).toContain('SignatureDoesNotMatch');
});

test.each([
  {
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    length: { 'content-length': '66824' },
    signedLength: ';content-length',
    trailer: undefined,
    signatures: [
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
  },
  {
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    length: {},
    signedLength: '',
    trailer: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    signatures: [
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
  },
])(
  'accepts the chunks of the S3 API reference: $payload',
  async ({ payload, length, signedLength, trailer, signatures }) => {
    const server = await startExample();
    const [seed, ...chunks] = signatures;
    const sizes = [65536, 1024, 0];
    let body = chunks
      .map((s, i) => `${sizes[i]?.toString(16)};chunk-signature=${s}\r\n${'a'.repeat(sizes[i] ?? 0)}`)
      .join('\r\n');
    body +=
      trailer === undefined
        ? '\r\n\r\n'
        : `\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${trailer}\r\n\r\n`;
    const put = (sent: string) =>
      raw(
        server,
        'PUT',
        '/examplebucket/chunkObject.txt',
        {
          host: 's3.amazonaws.com',
          'x-amz-date': '20130524T000000Z',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '66560',
          'x-amz-content-sha256': payload,
          ...length,
          ...(trailer === undefined ? {} : { 'x-amz-trailer': 'x-amz-checksum-crc32c' }),
          authorization: `AWS4-HMAC-SHA256 Credential=${exampleScope},SignedHeaders=content-encoding${signedLength};host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class${trailer === undefined ? '' : ';x-amz-trailer'},Signature=${seed}`,
        },
        Buffer.from(sent),
      );
    expect(await put(body)).toMatchObject({ status: 200 });
    expect(server.bucket('examplebucket').find('chunkObject.txt')?.body.equals(Buffer.alloc(66560, 'a'))).toBe(true);
    expect((await put(body.replace('aaaa', 'aaba'))).body).toContain('SignatureDoesNotMatch');
  },
);
