/** What KMS does (KMS API reference). */
import { createHash, randomBytes, sign as signRaw, verify as verifyRaw } from 'node:crypto';
import { authorize } from '../authorize.ts';
import { blob, type Call, type Operation, optional, text } from '../call.ts';
import { AwsError, RefusedError } from '../errors.ts';
import { keyOf, open, openRsa, seal, sealRsa } from './cipher.ts';
import type { KmsKey } from './keys.ts';
import { signPkcs1, signPss, verifyPkcs1, verifyPss } from './pss.ts';
import { digestBytes, hashOf, type KeyUsage, rsaEncryption, specs } from './specs.ts';

const maxPlaintext = 4096;
const maxCiphertext = 6144;

export const kms: Record<string, Operation> = {
  async Encrypt(call) {
    const key = usable(call, find(call), 'ENCRYPT_DECRYPT');
    const algorithm = encryptionAlgorithm(call, key);
    const plaintext = blob(call, 'Plaintext', maxPlaintext);
    const material = await key.material();
    const sealed =
      'secret' in material
        ? seal(material.secret, key.arn, context(call), plaintext)
        : sealRsa(material.publicKey, algorithm, plaintext);
    return { CiphertextBlob: sealed.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: algorithm };
  },

  async Decrypt(call) {
    const sealed = blob(call, 'CiphertextBlob', maxCiphertext);
    const named = optional(call, 'KeyId') === undefined ? undefined : find(call);
    const key = named ?? keyOfBlob(call, sealed);
    usable(call, key, 'ENCRYPT_DECRYPT');
    const algorithm = encryptionAlgorithm(call, key);
    const material = await key.material();
    if ('secret' in material && keyOf(sealed) !== undefined && keyOf(sealed) !== key.arn) {
      throw new AwsError(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    }
    const plaintext =
      'secret' in material
        ? open(material.secret, key.arn, context(call), sealed)
        : openRsa(material.privateKey, algorithm, sealed);
    if (plaintext === undefined) throw new AwsError('InvalidCiphertextException', '');
    return { Plaintext: plaintext.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: algorithm };
  },

  GenerateDataKey: dataKey,

  async GenerateDataKeyWithoutPlaintext(call) {
    const { CiphertextBlob, KeyId } = await dataKey(call);
    return { CiphertextBlob, KeyId };
  },

  async GetPublicKey(call) {
    const key = find(call);
    checkState(key);
    const material = await key.material();
    if ('secret' in material) {
      throw new AwsError(
        'UnsupportedOperationException',
        `${key.arn} key spec is ${key.spec} which is not valid for GetPublicKey.`,
      );
    }
    return {
      KeyId: key.arn,
      PublicKey: material.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      KeySpec: key.spec,
      CustomerMasterKeySpec: key.spec,
      KeyUsage: key.usage,
      ...algorithms(key),
    };
  },

  async Sign(call) {
    const { key, algorithm, digest, message } = await signing(call);
    const material = await key.material();
    if ('secret' in material) throw incompatible(algorithm, key);
    const hash = hashOf(algorithm);
    let signature: Buffer;
    if (algorithm.startsWith('RSASSA_PSS')) signature = signPss(material.privateKey, hash, digest);
    else if (algorithm.startsWith('RSASSA')) signature = signPkcs1(material.privateKey, hash, digest);
    else signature = signRaw(hash, ecdsaMessage(message), material.privateKey);
    return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: algorithm };
  },

  async Verify(call) {
    const { key, algorithm, digest, message } = await signing(call);
    const signature = blob(call, 'Signature', maxCiphertext);
    const material = await key.material();
    if ('secret' in material) throw incompatible(algorithm, key);
    const hash = hashOf(algorithm);
    let valid: boolean;
    if (algorithm.startsWith('RSASSA_PSS')) valid = verifyPss(material.publicKey, hash, digest, signature);
    else if (algorithm.startsWith('RSASSA')) valid = verifyPkcs1(material.publicKey, hash, digest, signature);
    else valid = verifyRaw(hash, ecdsaMessage(message), material.publicKey, signature);
    if (!valid) throw new AwsError('KMSInvalidSignatureException', '');
    return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: algorithm };
  },

  EnableKey(call) {
    const key = find(call);
    if (key.state !== 'Enabled' && key.state !== 'Disabled') checkState(key);
    key.state = 'Enabled';
    return {};
  },

  /** The key is disabled afterward ("Deleting AWS KMS keys"). */
  CancelKeyDeletion(call) {
    const key = find(call);
    if (key.state !== 'PendingDeletion') {
      throw new AwsError('KMSInvalidStateException', `${key.arn} is not pending deletion.`);
    }
    key.state = 'Disabled';
    return { KeyId: key.arn };
  },

  DescribeKey(call) {
    const key = find(call);
    return {
      KeyMetadata: {
        AWSAccountId: key.account,
        Arn: key.arn,
        KeyId: key.id,
        CreationDate: key.createdAt / 1000,
        CustomerMasterKeySpec: key.spec,
        Description: '',
        Enabled: key.state === 'Enabled',
        KeyManager: 'CUSTOMER',
        KeySpec: key.spec,
        KeyState: key.state,
        KeyUsage: key.usage,
        MultiRegion: key.multiRegion,
        Origin: key.state === 'PendingImport' ? 'EXTERNAL' : 'AWS_KMS',
        ...(key.state === 'PendingDeletion' && { DeletionDate: key.createdAt / 1000 + 30 * 86_400 }),
        ...(key.multiRegion && {
          MultiRegionConfiguration: {
            MultiRegionKeyType: 'PRIMARY',
            PrimaryKey: { Arn: key.arn, Region: key.region },
            ReplicaKeys: [],
          },
        }),
        ...algorithms(key),
      },
    };
  },
};

async function dataKey(call: Call) {
  const key = usable(call, find(call), 'ENCRYPT_DECRYPT');
  const material = await key.material();
  if (!('secret' in material)) throw incompatible('SYMMETRIC_DEFAULT', key);
  const bytes = { AES_128: 16, AES_256: 32 }[optional(call, 'KeySpec') ?? ''] ?? call.input.NumberOfBytes;
  if (typeof bytes !== 'number') {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  const plaintext = randomBytes(bytes);
  const sealed = seal(material.secret, key.arn, context(call), plaintext);
  return { CiphertextBlob: sealed.toString('base64'), Plaintext: plaintext.toString('base64'), KeyId: key.arn };
}

/** The key that the input names, once the caller may do this to it. */
function find(call: Call): KmsKey {
  const { world, user, region, action } = call;
  const key = world.keys.find(text(call, 'KeyId'), region, user, action);
  permit(call, key);
  return key;
}

function permit({ user, region, action }: Call, key: KmsKey): void {
  const { arn: resource, account, policy } = key;
  const context = { 'kms:CallerAccount': account, 'aws:RequestedRegion': region };
  authorize({ user, action, resource, account, policy, onlyThroughResource: true, context });
}

/** The key that a blob was made under: who may not use it is not told whether it exists. */
function keyOfBlob(call: Call, sealed: Buffer): KmsKey {
  const arn = keyOf(sealed);
  if (arn === undefined) throw new AwsError('InvalidCiphertextException', '');
  const hidden = new RefusedError(
    'denied',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
  );
  const key = call.world.keys.byArn(arn);
  if (key === undefined || key.region !== call.region) throw hidden;
  try {
    permit(call, key);
  } catch {
    throw hidden;
  }
  return key;
}

/** @throws {AwsError} for a key state or usage that forbids the operation, in this order. */
function usable(call: Call, key: KmsKey, usage: KeyUsage): KmsKey {
  checkState(key);
  if (key.usage !== usage) {
    const operation = call.action.slice('kms:'.length);
    throw new AwsError(
      'InvalidKeyUsageException',
      `${key.arn} key usage is ${key.usage} which is not valid for ${operation}.`,
    );
  }
  return key;
}

/** @throws {AwsError} (KMS developer guide, "Key states of AWS KMS keys"). */
export function checkState(key: KmsKey): void {
  const invalid = (what: string) => new AwsError('KMSInvalidStateException', `${key.arn} is ${what}.`);
  switch (key.state) {
    case 'Disabled':
      throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    case 'PendingDeletion':
      throw invalid('pending deletion');
    case 'PendingImport':
      throw invalid('pending import');
    case 'Unavailable':
      throw invalid('unavailable');
  }
}

function algorithms(key: KmsKey): Record<string, string[]> {
  if (key.usage === 'SIGN_VERIFY') return { SigningAlgorithms: [...specs[key.spec].signing] };
  if (key.usage === 'GENERATE_VERIFY_MAC') return { MacAlgorithms: [key.spec.replace('HMAC_', 'HMAC_SHA_')] };
  if (key.usage === 'KEY_AGREEMENT') return { KeyAgreementAlgorithms: ['ECDH'] };
  return { EncryptionAlgorithms: key.spec === 'SYMMETRIC_DEFAULT' ? ['SYMMETRIC_DEFAULT'] : rsaEncryption };
}

function encryptionAlgorithm(call: Call, key: KmsKey): string {
  const algorithm = optional(call, 'EncryptionAlgorithm') ?? 'SYMMETRIC_DEFAULT';
  if (!algorithms(key).EncryptionAlgorithms?.includes(algorithm)) throw incompatible(algorithm, key);
  return algorithm;
}

function incompatible(algorithm: string, key: KmsKey): AwsError {
  return new AwsError('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
}

async function signing(call: Call) {
  const key = usable(call, find(call), 'SIGN_VERIFY');
  const algorithm = text(call, 'SigningAlgorithm');
  const allowed: readonly string[] = specs[key.spec].signing;
  if (!allowed.includes(algorithm)) throw incompatible(algorithm, key);
  const raw = (optional(call, 'MessageType') ?? 'RAW') === 'RAW';
  const message = blob(call, 'Message', maxPlaintext);
  const hash = hashOf(algorithm);
  if (!raw && message.length !== digestBytes[hash]) {
    throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`);
  }
  const digest = raw ? createHash(hash).update(message).digest() : message;
  return { key, algorithm, digest, message: raw ? message : undefined };
}

/** Node signs with ECDSA only what it hashes itself. */
function ecdsaMessage(message: Buffer | undefined): Buffer {
  if (message !== undefined) return message;
  throw new AwsError(
    'UnsupportedOperationException',
    'The test server signs no digest with ECDSA, only a raw message.',
  );
}

function context(call: Call): string {
  const given = (call.input.EncryptionContext ?? {}) as Record<string, string>;
  return JSON.stringify(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)));
}
