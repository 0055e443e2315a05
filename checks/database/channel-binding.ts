/** Binding a login to its TLS connection (RFC 5929, `tls-server-end-point`). */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * The hash of the server's certificate, by the hash function of its signature; MD5 and SHA-1 are replaced by SHA-256.
 * `undefined` without TLS, and for signatures without a hash function (Ed25519).
 */
export function certificateHash(socket: Socket): Buffer | undefined {
  const { raw } = socket instanceof TLSSocket ? socket.getPeerCertificate() : {};
  const hash = raw === undefined ? undefined : HASHES[signatureOf(raw)];
  return raw === undefined || hash === undefined ? undefined : createHash(hash).update(raw).digest();
}

/** By the object identifier of the signature, DER in hexadecimal (RFC 4055, RFC 5758). */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010a': 'sha256',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** `Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER … } … }` */
function signatureOf(certificate: Buffer): string {
  const { content: tbs } = element(certificate, 0);
  const { content: algorithm } = element(certificate, element(certificate, tbs).end);
  const { content, end } = element(certificate, algorithm);
  return certificate.toString('hex', content, end);
}

/** Where the content of the DER element at an offset starts and ends. */
function element(der: Buffer, at: number): { content: number; end: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  const bytes = Math.min(first & 0x7f, 4);
  const content = at + 2 + bytes;
  return { content, end: content + (bytes === 0 || content > der.length ? 0 : der.readUIntBE(at + 2, bytes)) };
}
