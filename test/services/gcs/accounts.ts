/** Who may call: service accounts with real RSA keys, users, federated identities, and the tokens they hold. */
import { createHash, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { invalidCredentials, TokenError } from './errors.ts';
import type { Binding } from './roles.ts';

export interface KeyPair {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export interface ServiceAccount {
  email: string;
  /** Numeric, as `client_id` in key files. */
  uniqueId: string;
  /** Remove one and what it signed is worth nothing any more. */
  keys: KeyPair[];
  /** Google's own key: signs for `signBlob`. */
  managedKey: KeyPair;
  /** Who may act as or sign as this account, itself included. */
  bindings: Binding[];
}

/** A caller as bindings and messages name it. */
export interface Caller {
  email: string;
  member: string;
}

interface Token {
  caller: Caller;
  /** By the server's clock, milliseconds since the epoch. */
  expires: number;
}

const generate = promisify(generateKeyPair);
/** A pair takes a tenth of a second to make, and no test minds which one it gets. */
const spare = new Map<string, Promise<KeyPair>>();

/** An RSA-2048 key pair, the same one for the same name as long as the process lives. */
export function keyPair(name: string): Promise<KeyPair> {
  const known = spare.get(name);
  if (known !== undefined) return known;
  const made = generate('rsa', { modulusLength: 2048 }).then((pair) => ({
    id: createHash('sha1')
      .update(pair.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    ...pair,
  }));
  spare.set(name, made);
  return made;
}

export const serviceAccountCaller = (email: string): Caller => ({ email, member: `serviceAccount:${email}` });

/** Opaque access tokens, each with its caller and its end. */
export class Tokens {
  readonly #issued = new Map<string, Token>();

  issue(caller: Caller, expires: number): string {
    const token = `ya29.${randomBytes(48).toString('base64url')}`;
    this.#issued.set(token, { caller, expires });
    return token;
  }

  /** @throws {GcsError} 401 authError when unknown, revoked or past its end. */
  caller(token: string, now: number): Caller {
    const found = this.#issued.get(token);
    if (found === undefined || found.expires <= now) throw invalidCredentials();
    return found.caller;
  }

  revokeAll(): void {
    this.#issued.clear();
  }
}

export interface Claims {
  iss?: string;
  sub?: string;
  aud?: string;
  scope?: string;
  iat?: number;
  exp?: number;
}

/** The claims of a JWT that one of the account's keys signed.
 * @throws {TokenError} invalid_grant, in the words of Google's token endpoint. */
export async function verifiedClaims(jwt: string, keys: readonly KeyPair[]): Promise<Claims> {
  for (const key of keys) {
    try {
      const { payload } = await compactVerify(jwt, key.publicKey, { algorithms: ['RS256'] });
      return JSON.parse(Buffer.from(payload).toString());
    } catch {
      // Another key may have signed it.
    }
  }
  throw new TokenError('invalid_grant', 'Invalid JWT Signature.');
}

/** The claims as they stand, to learn whose key must have signed them.
 * @throws {TokenError} invalid_grant when it is no JWT. */
export function readClaims(jwt: string): Claims {
  try {
    decodeProtectedHeader(jwt);
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    throw new TokenError('invalid_grant', 'Invalid JWT: failed to parse.');
  }
}

/** At most an hour long, and now within it, give or take five minutes.
 * @throws {TokenError} invalid_grant */
export function checkTimes({ iat = Number.NaN, exp = Number.NaN }: Claims, nowMs: number): void {
  const now = nowMs / 1000;
  if (exp - iat <= 3600 && iat <= now + 300 && exp > now) return;
  throw new TokenError(
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
  );
}
