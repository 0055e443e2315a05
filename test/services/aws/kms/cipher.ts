/** Encryption under KMS keys. The blob of a symmetric key names its key, as the real one does, in a form of its own. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

const magic = Buffer.from('KMS\u0001');

/** AES-256-GCM; the encryption context is authenticated. */
export function seal(secret: KeyObject, arn: string, context: string, plaintext: Buffer): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(`${arn}\n${context}`));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const name = Buffer.from(arn);
  return Buffer.concat([magic, Buffer.from([name.length]), name, iv, cipher.getAuthTag(), sealed]);
}

/** The ARN of the key that a blob was made under; undefined when it isn't such a blob. */
export function keyOf(blob: Buffer): string | undefined {
  if (!blob.subarray(0, magic.length).equals(magic)) return undefined;
  const length = blob[magic.length] ?? 0;
  return blob.subarray(magic.length + 1, magic.length + 1 + length).toString();
}

/** Undefined when the blob or the context is not what was sealed. */
export function open(secret: KeyObject, arn: string, context: string, blob: Buffer): Buffer | undefined {
  const rest = blob.subarray(magic.length + 1 + Buffer.byteLength(arn));
  if (rest.length < 28) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, rest.subarray(0, 12));
    decipher.setAAD(Buffer.from(`${arn}\n${context}`)).setAuthTag(rest.subarray(12, 28));
    return Buffer.concat([decipher.update(rest.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const oaep = (key: KeyObject, algorithm: string) => ({
  key,
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256',
});

export function sealRsa(key: KeyObject, algorithm: string, plaintext: Buffer): Buffer {
  return publicEncrypt(oaep(key, algorithm), plaintext);
}

export function openRsa(key: KeyObject, algorithm: string, blob: Buffer): Buffer | undefined {
  try {
    return privateDecrypt(oaep(key, algorithm), blob);
  } catch {
    return undefined;
  }
}
