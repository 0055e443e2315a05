/** Real key material, made when first needed. */
import { createSecretKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type KeySpec, specs } from './specs.ts';

const generate = promisify(generateKeyPair);

export type Material = { privateKey: KeyObject; publicKey: KeyObject } | { secret: KeyObject };

/** RSA-4096 takes a second to make, so each server of a process gets the same pairs, in the order in which it makes keys of
 * a spec: two keys of one server never share a pair. */
const pairs = new Map<KeySpec, Promise<Material>[]>();

/** The `index`th material of a spec; symmetric material is always new. */
export function material(spec: KeySpec, index: number): Promise<Material> {
  const { material: kind } = specs[spec];
  if (kind.type === 'aes' || kind.type === 'hmac') {
    return Promise.resolve({ secret: createSecretKey(randomBytes(kind.bytes)) });
  }
  const made = pairs.get(spec) ?? [];
  pairs.set(spec, made);
  made[index] ??=
    kind.type === 'rsa' ? generate('rsa', { modulusLength: kind.bits }) : generate('ec', { namedCurve: kind.curve });
  return made[index];
}
