/** RSA keys, and what people mistake for them. */
import { generateKeyPairSync, generatePrimeSync, type KeyObject } from 'node:crypto';

export const rsa = (modulusLength: number, publicExponent = 65_537): KeyObject =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;

export const pkcs1 = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'pkcs1' }));
export const pkcs8 = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'pkcs8' }));
export const base64 = (data: string | Buffer): string => Buffer.from(data).toString('base64');

const PARTS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
export type Parts = Record<(typeof PARTS)[number], bigint>;

/** PKCS#1 PEM of the key with some of its numbers changed (RFC 8017, A.1.2): it still parses. */
export function altered(key: KeyObject, change: (parts: Parts) => Partial<Parts>): string {
  const parts = partsOf(key);
  const changed = { ...parts, ...change(parts) };
  return pemOf([0n, ...PARTS.map((name) => changed[name])].map(integer));
}

/** PKCS#1 PEM of a key of three primes, 4096 bits or a little more; `wrong` is added to the third prime's coefficient. */
export function threePrimes(wrong = 0n): string {
  const e = 65_537n;
  const prime = (): bigint => {
    const found = generatePrimeSync(1366, { bigint: true });
    return (found - 1n) % e === 0n ? prime() : found;
  };
  const [p, q, r] = [prime(), prime(), prime()];
  const d = inverse(e, (p - 1n) * (q - 1n) * (r - 1n));
  const third = tagged(0x30, Buffer.concat([r, d % (r - 1n), inverse(p * q, r) + wrong].map(integer)));
  const two = [1n, p * q * r, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)].map(integer);
  return pemOf([...two, tagged(0x30, third)]);
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return (x + modulus) % modulus;
}

function pemOf(members: readonly Buffer[]): string {
  const lines = base64(tagged(0x30, Buffer.concat(members))).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN RSA PRIVATE KEY-----', ...lines, '-----END RSA PRIVATE KEY-----', ''].join('\n');
}

export function partsOf(key: KeyObject): Parts {
  const jwk: Record<string, unknown> = { ...key.export({ format: 'jwk' }) };
  const number = (name: string) => BigInt(`0x${Buffer.from(String(jwk[name]), 'base64url').toString('hex')}`);
  return Object.fromEntries(PARTS.map((name) => [name, number(name)])) as Parts;
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return tagged(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function tagged(tag: number, body: Buffer): Buffer {
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
