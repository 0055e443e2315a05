/** Encryption with an RSA key, which wraps an AES-256 key that is stored in the database, and signs tokens. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { pemIssue } from '../../../src/config/pem/messages.ts';
import { readPrivateKey } from '../../../src/config/pem/private-key.ts';
import type { Context, Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { advice, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, warn } from '../../../src/outcome/outcome.ts';
import type { Identity } from '../pinned.ts';
import type { EncryptionRule } from '../rules.ts';
import { GENERATE, KEY, VARIABLE } from './variable.ts';

const SHORTEST_BITS = 2048;
const GOOD_BITS = 4096;
/** Go rejects larger ones (crypto/rsa). */
const LARGEST_EXPONENT = 2n ** 31n - 1n;
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
/** The algorithm of the tokens (RFC 7518, 3.5). */
const PS512 = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

const read = oncePerRun(async (run) => readPrivateKey(run.require(KEY), KEY));

/** @throws CheckStopped with the failure of `rsa/key` when the value is not an RSA key */
async function keyOf(run: Run): Promise<KeyObject> {
  const found = await read(run);
  if ('fault' in found) throw new CheckStopped(pemIssue(VARIABLE, found));
  return found;
}

export async function run(context: Context<EncryptionRule>): Promise<void> {
  const { check, gate } = context;
  await check('choice', async () => choice(isUnknown(context) ? undefined : await keyOf(context)));
  await gate('rsa/key', async () => {
    const found = await read(context);
    if ('fault' in found) return pemIssue(VARIABLE, found);
    return pass(`an RSA private key without a passphrase, all parts consistent`, { evidence: { variable: KEY } });
  });
  await gate('rsa/size', async () => size(await keyOf(context)));
  await check('rsa/round-trip', async () => roundTrip(await keyOf(context)));
  await check('rsa/exposure', async () => {
    await keyOf(context);
    return exposure(context);
  });
}

const bitsOf = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

/** Set in a place that this run can't read; the method is known anyway. */
const isUnknown = ({ deployment }: Run): boolean => deployment.lookup(KEY).state === 'unknown';

export const identity = async (run: Run): Promise<Identity> =>
  identityOf(isUnknown(run) ? undefined : await keyOf(run));

function identityOf(key: KeyObject | undefined): Identity {
  const spki = key && createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { method: 'rsa', ...(spki && { publicKeySha256: createHash('sha256').update(spki).digest('hex') }) };
}

function choice(key: KeyObject | undefined): Outcome {
  return pass(`built-in RSA${key ? ` ${bitsOf(key)}` : ''} + AES-256; cannot be changed later`, {
    detail:
      'Neither the method nor the key can be changed after installation: keep a backup of the key in a safe place.',
    evidence: { ...identityOf(key) },
  });
}

function size(key: KeyObject): Outcome {
  const bits = bitsOf(key);
  const exponent = key.asymmetricKeyDetails?.publicExponent ?? 0n;
  const evidence = { bits, publicExponent: exponent.toString() };
  const expected = `${GOOD_BITS} bits, public exponent 65537`;
  const issue: Omit<Issue, 'status' | 'title'> = {
    expected,
    fix: advice`before installation: set ${KEY} to the output of: ${GENERATE}\nafter installation, the key cannot be replaced`,
    evidence,
  };
  if (bits < SHORTEST_BITS) return fail(`the RSA key has only ${bits} bits`, issue);
  if (exponent > LARGEST_EXPONENT) return fail('the public exponent of the RSA key exceeds the limit in Go', issue);
  if (bits < GOOD_BITS) return warn(`the RSA key has ${bits} bits, not ${GOOD_BITS}`, issue);
  return pass(`${bits} bits`, { evidence });
}

function roundTrip(key: KeyObject): Outcome {
  const broken = firstBroken(key);
  if (broken === undefined) return pass('the key wraps an AES-256 key, encrypts and decrypts, and signs a token');
  return fail(`the RSA key can't ${broken}`, {
    expected: 'the private key decrypts data encrypted with the public key, and signatures verify',
    fix: advice`check the key file: ${sh`openssl rsa -in key.pem -check -noout`}\nbefore installation: set ${KEY} to the output of: ${GENERATE}`,
    evidence: { broken },
  });
}

/** The first of Spacelift's uses of the key that fails. */
function firstBroken(key: KeyObject): string | undefined {
  const publicKey = createPublicKey(key);
  const steps: readonly [what: string, holds: () => boolean][] = [
    ['encrypt and decrypt', () => decrypts(key, publicKey)],
    ['sign a token', () => signs(key, publicKey)],
  ];
  for (const [what, holds] of steps) {
    if (!succeeds(holds)) return what;
  }
  return undefined;
}

function succeeds(holds: () => boolean): boolean {
  try {
    return holds();
  } catch {
    return false;
  }
}

function decrypts(key: KeyObject, publicKey: KeyObject): boolean {
  const [aesKey, nonce, secret] = [randomBytes(32), randomBytes(12), randomBytes(64)];
  const wrapped = publicEncrypt({ key: publicKey, ...OAEP }, aesKey);
  const cipher = createCipheriv('aes-256-gcm', aesKey, nonce);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  const decipher = createDecipheriv('aes-256-gcm', privateDecrypt({ key, ...OAEP }, wrapped), nonce);
  decipher.setAuthTag(cipher.getAuthTag());
  return Buffer.concat([decipher.update(sealed), decipher.final()]).equals(secret);
}

function signs(key: KeyObject, publicKey: KeyObject): boolean {
  const claims = randomBytes(64);
  return verify('sha512', claims, { key: publicKey, ...PS512 }, sign('sha512', claims, { key, ...PS512 }));
}

function exposure({ deployment }: Run): Outcome {
  const found = deployment.lookup(KEY);
  const origin = found.state === 'set' ? found.origin : 'a default';
  return pass('the key is in an environment variable: restrict who can read it', {
    detail:
      'Anyone who can read the Secret or task definition, or has a shell in a container, can decrypt everything that Spacelift keeps encrypted. Restrict get and list on the Secret and exec into pods, encrypt Secrets at rest, or use an external secret store (on ECS: secrets[].valueFrom).',
    evidence: { variable: KEY, origin },
  });
}
