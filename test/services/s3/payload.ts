/** What must hold of a body: its signed hash or signed chunks, Content-MD5, and x-amz-checksum-*. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { hmac, same, sha256 } from '../sigv4.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Verified } from './signature.ts';
import type { Flavor } from './types.ts';

const signedChunks = ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'];
const plainChunks = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** CRC32C and CRC64NVME are stored and returned, not verified: Node has neither. */
const checksums: Record<string, ((body: Buffer) => string) | undefined> = {
  crc32: (body) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(body));
    return value.toString('base64');
  },
  sha1: (body) => createHash('sha1').update(body).digest('base64'),
  sha256: (body) => createHash('sha256').update(body).digest('base64'),
};

/** Replaces an aws-chunked body by its content, after verifying hash and signatures. `verified` is undefined for an
 * anonymous request.
 * @throws {S3Error} XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody, InvalidArgument. */
export function verifyPayload(request: S3Request, verified: Verified | undefined): void {
  const declared = verified?.payload ?? request.header('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  if (declared === 'UNSIGNED-PAYLOAD') return;
  if (signedChunks.includes(declared) || declared === plainChunks) {
    decodeChunks(request, signedChunks.includes(declared) ? verified : undefined);
    return;
  }
  if (!/^[0-9a-f]{64}$/.test(declared)) {
    const message = `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${[plainChunks, ...signedChunks].join(', ')} or a valid sha256 value.`;
    throw new S3Error('InvalidArgument', { message });
  }
  const actual = sha256(request.body);
  if (actual !== declared) {
    const fields = { ClientComputedContentSHA256: declared, S3ComputedContentSHA256: actual };
    throw new S3Error('XAmzContentSHA256Mismatch', { fields });
  }
}

/** S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks". */
function decodeChunks(request: S3Request, verified: Verified | undefined): void {
  const { body } = request;
  const content: Buffer[] = [];
  let previous = verified?.signature ?? '';
  const check = (kind: string, parts: string[], claimed: string | undefined) => {
    if (verified === undefined) return;
    const text = [`AWS4-HMAC-SHA256-${kind}`, verified.date, verified.scope, previous, ...parts].join('\n');
    previous = hmac(verified.signingKey, text).toString('hex');
    if (!same(previous, claimed ?? '')) throw new S3Error('SignatureDoesNotMatch');
  };
  let at = 0;
  const line = () => {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw new S3Error('IncompleteBody');
    const text = body.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (let size = -1; size !== 0; ) {
    const [length = '', ...extensions] = line().split(';');
    size = Number.parseInt(length, 16);
    if (Number.isNaN(size) || at + size > body.length) throw new S3Error('IncompleteBody');
    const chunk = body.subarray(at, at + size);
    const signature = extensions.find((extension) => extension.startsWith('chunk-signature='))?.slice(16);
    check('PAYLOAD', [sha256(''), sha256(chunk)], signature);
    content.push(chunk);
    at += size;
    if (size > 0 && line() !== '') throw new S3Error('IncompleteBody');
  }
  const trailers: Record<string, string> = {};
  while (at < body.length) {
    const text = line();
    const colon = text.indexOf(':');
    if (colon > 0) trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
  }
  const { 'x-amz-trailer-signature': signature, ...rest } = trailers;
  if (request.header('x-amz-trailer') !== undefined) {
    const canonical = Object.entries(rest).map(([name, value]) => `${name}:${value}\n`);
    check('TRAILER', [sha256(canonical.join(''))], signature);
  }
  request.trailers = rest;
  request.body = Buffer.concat(content);
  const expected = request.header('x-amz-decoded-content-length');
  if (expected !== undefined && Number(expected) !== request.body.length) throw new S3Error('IncompleteBody');
}

/** Verifies Content-MD5 and the checksums of the body, and returns the latter by algorithm.
 * @throws {S3Error} InvalidDigest, BadDigest, XAmzContentChecksumMismatch. */
export function verifyChecksums(request: S3Request, flavor: Flavor): Record<string, string> {
  const { body } = request;
  const md5 = request.header('content-md5');
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16) throw new S3Error('InvalidDigest');
    if (createHash('md5').update(body).digest('base64') !== md5) throw new S3Error('BadDigest');
  }
  const found: Record<string, string> = {};
  // MinIO does not look for a checksum in the query of a pre-signed URL.
  const sent = flavor === 'minio' ? Object.fromEntries(request.headers) : request.amz();
  for (const [name, value] of Object.entries({ ...sent, ...request.trailers })) {
    const algorithm = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.exec(name)?.[1];
    if (algorithm === undefined) continue;
    const actual = checksums[algorithm]?.(body) ?? value;
    if (actual !== value) {
      if (flavor === 'minio') throw new S3Error('XAmzContentChecksumMismatch');
      const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`;
      throw new S3Error('BadDigest', { message });
    }
    found[algorithm] = value;
  }
  return found;
}
