/** Whether the numbers in an RSA private key are consistent (RFC 8017, 3.2). OpenSSL and Node do not check this on parsing. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

interface Prime {
  /** The prime. */
  readonly r: bigint;
  /** d mod (r − 1). */
  readonly d: bigint;
  /** The inverse of the product of the preceding primes, modulo this one; `undefined` for the first two. */
  readonly t: bigint | undefined;
}

const number = (text: unknown): bigint =>
  BigInt(`0x${Buffer.from(String(text ?? ''), 'base64url').toString('hex') || '0'}`);

export function isConsistent(key: KeyObject): boolean {
  const { n, e, d, p, q, dp, dq, qi, oth = [] } = key.export({ format: 'jwk' });
  const [modulus, exponent, secret, inverse] = [number(n), number(e), number(d), number(qi)];
  const primes: Prime[] = [
    { r: number(p), d: number(dp), t: undefined },
    { r: number(q), d: number(dq), t: undefined },
    ...oth.map((other) => ({ r: number(other.r), d: number(other.d), t: number(other.t) })),
  ];
  const [first, second] = primes;
  if (first === undefined || second === undefined || primes.some(({ r }) => r < 3n)) return false;
  if ((inverse * second.r) % first.r !== 1n) return false;
  let product = 1n;
  for (const { r, d: reduced, t } of primes) {
    if ((exponent * secret) % (r - 1n) !== 1n || secret % (r - 1n) !== reduced) return false;
    if (t !== undefined && (t * product) % r !== 1n) return false;
    product *= r;
  }
  return product === modulus && signs(key);
}

/** A modulus below 512 bits can be too short for an RS256 signature; such a key is rejected for its size anyway. */
function signs(key: KeyObject): boolean {
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 512) return true;
  const text = Buffer.from('spacelift-preflight');
  try {
    return verify('sha256', text, createPublicKey(key), sign('sha256', text, key));
  } catch {
    return false;
  }
}
