/** Key specs and what they can do (KMS developer guide, "Key spec reference"). */

export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC' | 'KEY_AGREEMENT';

type Material =
  | { type: 'aes'; bytes: number }
  | { type: 'hmac'; bytes: number }
  | { type: 'rsa'; bits: number }
  | { type: 'ec'; curve: string };

export interface Spec {
  material: Material;
  usages: KeyUsage[];
  signing: string[];
}

const rsaSigning = ['RSASSA_PSS', 'RSASSA_PKCS1_V1_5'].flatMap((scheme) =>
  ['SHA_256', 'SHA_384', 'SHA_512'].map((hash) => `${scheme}_${hash}`),
);

const rsa = (bits: number): Spec => ({
  material: { type: 'rsa', bits },
  usages: ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'],
  signing: rsaSigning,
});
const ec = (curve: string, hash: string, agrees = true): Spec => ({
  material: { type: 'ec', curve },
  usages: agrees ? ['SIGN_VERIFY', 'KEY_AGREEMENT'] : ['SIGN_VERIFY'],
  signing: [`ECDSA_${hash}`],
});
const hmac = (bits: number): Spec => ({
  material: { type: 'hmac', bytes: bits / 8 },
  usages: ['GENERATE_VERIFY_MAC'],
  signing: [],
});

export const specs = {
  SYMMETRIC_DEFAULT: { material: { type: 'aes', bytes: 32 }, usages: ['ENCRYPT_DECRYPT'], signing: [] },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: ec('prime256v1', 'SHA_256'),
  ECC_NIST_P384: ec('secp384r1', 'SHA_384'),
  ECC_NIST_P521: ec('secp521r1', 'SHA_512'),
  ECC_SECG_P256K1: ec('secp256k1', 'SHA_256', false),
  HMAC_224: hmac(224),
  HMAC_256: hmac(256),
  HMAC_384: hmac(384),
  HMAC_512: hmac(512),
} as const satisfies Record<string, Spec>;

export type KeySpec = keyof typeof specs;

export const rsaEncryption = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];

/** The hash that an algorithm's name ends with, as Node calls it. */
export function hashOf(algorithm: string): string {
  return `sha${algorithm.slice(algorithm.lastIndexOf('_') + 1)}`;
}

export const digestBytes: Record<string, number> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
