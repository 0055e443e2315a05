/** RSA signatures over a digest that is already made, which Node's crypto can't do (RFC 8017, sections 8.1, 8.2, 9.1). */
import {
  constants,
  createHash,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { digestBytes } from './specs.ts';

/** DER of AlgorithmIdentifier and the octet string's head, before the digest. */
const digestInfo: Record<string, string> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

export function signPkcs1(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const encoded = Buffer.concat([Buffer.from(digestInfo[hash] ?? '', 'hex'), digest]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, encoded);
}

export function verifyPkcs1(key: KeyObject, hash: string, digest: Buffer, signature: Buffer): boolean {
  try {
    const decoded = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return decoded.equals(Buffer.concat([Buffer.from(digestInfo[hash] ?? '', 'hex'), digest]));
  } catch {
    return false;
  }
}

/** With a salt as long as the digest, as KMS does. */
export function signPss(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const length = modulusBytes(key);
  const salt = randomBytes(digest.length);
  const h = saltedHash(hash, digest, salt);
  const masked = Buffer.alloc(length - h.length - 1);
  masked[masked.length - salt.length - 1] = 1;
  salt.copy(masked, masked.length - salt.length);
  const mask = mgf1(hash, h, masked.length);
  for (let i = 0; i < masked.length; i++) masked[i] = (masked[i] ?? 0) ^ (mask[i] ?? 0);
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = Buffer.concat([masked, h, Buffer.from([0xbc])]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

export function verifyPss(key: KeyObject, hash: string, digest: Buffer, signature: Buffer): boolean {
  const length = modulusBytes(key);
  if (signature.length !== length) return false;
  let encoded: Buffer;
  try {
    encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return false;
  }
  const size = digestBytes[hash] ?? 0;
  const data = Buffer.from(encoded.subarray(0, length - size - 1));
  const h = encoded.subarray(length - size - 1, length - 1);
  if (encoded[length - 1] !== 0xbc || ((data[0] ?? 0) & 0x80) !== 0) return false;
  const mask = mgf1(hash, h, data.length);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) ^ (mask[i] ?? 0);
  data[0] = (data[0] ?? 0) & 0x7f;
  const salt = data.subarray(data.length - size);
  const padding = data.subarray(0, data.length - size);
  if (padding.at(-1) !== 1 || padding.subarray(0, -1).some((byte) => byte !== 0)) return false;
  return timingSafeEqual(saltedHash(hash, digest, salt), h);
}

function saltedHash(hash: string, digest: Buffer, salt: Buffer): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

function mgf1(hash: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; blocks.length * (digestBytes[hash] ?? 1) < length; counter++) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    blocks.push(createHash(hash).update(seed).update(suffix).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function modulusBytes(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
}
