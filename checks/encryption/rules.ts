/** The rules about encryption, for both methods. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const RSA = `${DOCS.encryption}#rsa`;
const KMS = `${DOCS.encryption}#kms`;

export const RULES = {
  choice: {
    title: 'the encryption method is chosen deliberately',
    procedure:
      'States the method set by ENCRYPTION_TYPE and, so that reports can be compared, the SHA-256 of the public key (SPKI DER) for RSA or the key ARNs for KMS.',
    rationale:
      'Neither the method nor the key can be changed after installation: no other key can decrypt the data in the database.',
    fix: 'Decide before installation: set ENCRYPTION_TYPE to kms or rsa, and keep a backup of the RSA key in a safe place.',
    example: {
      found: 'built-in RSA 4096 + AES-256; cannot be changed later',
      fix: 'keep a backup of the key in a safe place; compare the SHA-256 in the evidence with that in the next report',
    },
    docs: DOCS.encryption,
  },
  pinned: {
    title: 'the encryption method and its keys are those of the baseline',
    procedure:
      'With --baseline, compares the method and the SHA-256 of the RSA public key, or the ARNs of the KMS keys, with those in the earlier report. A multi-Region key is compared without its region.',
    rationale:
      'With another key, Spacelift cannot decrypt the data in its database: this is the one mistake after which the data is lost.',
    fix: 'Restore the method and the key that Spacelift was installed with. For another installation, use a baseline of its own.',
    example: {
      found: 'the RSA key is not the one in the baseline',
      fix: 'restore the RSA key that Spacelift was installed with (SHA-256 of its public key: 44645c22…)',
    },
    docs: DOCS.encryption,
  },
  'rsa/key': {
    title: 'the RSA key is readable',
    procedure:
      'Decodes ENCRYPTION_RSA_PRIVATE_KEY (standard base64 of a PEM file; newlines are allowed), parses it as PKCS#1 or PKCS#8 without a passphrase, and verifies that its primes, modulus, exponents and CRT values are consistent and that a signature verifies with the public key.',
    rationale: 'Spacelift does not start without a readable key.',
    fix: 'Base64-encode the PEM file of an RSA private key once: base64 -w0 < key.pem. Before installation, you can generate a new key: openssl genrsa 4096 | base64 -w0. A running installation needs the key that it was installed with.',
    example: {
      found: 'ENCRYPTION_RSA_PRIVATE_KEY is a PEM file that is not base64-encoded',
      fix: 'encode it once: base64 -w0 < key.pem',
    },
    docs: RSA,
  },
  'rsa/size': {
    title: 'the RSA key is long enough',
    procedure:
      'Reads the key size: fails below 2048 bits, warns below 4096. The public exponent must be below 2³¹, the limit in Go.',
    rationale:
      'All secrets in the database and all tokens that Spacelift issues are only as secure as this key, which cannot be replaced later.',
    fix: 'Before installation, generate a 4096-bit key: openssl genrsa 4096 | base64 -w0.',
    example: {
      found: 'the RSA key has 2048 bits, not 4096',
      fix: 'before installation: openssl genrsa 4096 | base64 -w0',
    },
    docs: RSA,
  },
  'rsa/round-trip': {
    title: 'the RSA key encrypts and signs',
    procedure:
      'Wraps a new AES-256 key with the public key (RSA-OAEP), encrypts data with it (AES-256-GCM), then unwraps, decrypts, and compares. Signs a JSON Web Token (JWT) with the private key and verifies it with the public key. Nothing leaves this machine.',
    rationale: 'Spacelift does the same with the key for every secret in the database and every session.',
    fix: 'Before installation, generate a new key: openssl genrsa 4096 | base64 -w0.',
    example: {
      found: "the RSA key can't encrypt and decrypt",
      fix: 'before installation: openssl genrsa 4096 | base64 -w0',
    },
    docs: RSA,
  },
  'rsa/exposure': {
    title: 'reminder: anyone who can read the environment can read the key',
    procedure: 'States the source of the key and how to protect it. This rule is a reminder and always passes.',
    rationale:
      'The key is in an environment variable. Anyone who can read the Secret or task definition, or has a shell in a container, can decrypt everything that Spacelift keeps encrypted in its database.',
    fix: 'Restrict access to the Secret (RBAC: get and list on secrets; exec into pods), encrypt it at rest (etcd encryption, a KMS provider), or keep it in an external secret store. On ECS, use `secrets[].valueFrom`, not `environment`.',
    example: {
      found: 'the key is in an environment variable: restrict who can read it',
      fix: 'check who has access: kubectl auth can-i get secrets -n spacelift --as <user>',
    },
    docs: `${DOCS.dependencies}#encryption`,
  },
  'kms/encryption-key': {
    title: 'the KMS encryption key encrypts and decrypts',
    procedure:
      'Encrypts and decrypts random bytes, generates a data key (which requires a symmetric key) and decrypts it, and compares the results. Distinguishes between a key that is missing, disabled, scheduled for deletion, without key material, of the wrong usage or spec, or in another region, and a missing permission.',
    rationale: 'Spacelift encrypts all secrets in the database with this key.',
    permission: 'kms:Encrypt, kms:Decrypt and kms:GenerateDataKey* on the key',
    fix: 'Allow the three actions on the key in the IAM policy of each service’s role, and enable the key. The usage and spec of a key can’t be changed: before installation, create a new one with aws kms create-key.',
    example: {
      found: 'the encryption key 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 is scheduled for deletion',
      fix: 'aws kms cancel-key-deletion --key-id 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 --region eu-west-1\naws kms enable-key --key-id 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 --region eu-west-1',
    },
    docs: KMS,
  },
  'kms/signing-key': {
    title: 'the KMS signing key signs tokens',
    procedure:
      'Reads usage and spec with GetPublicKey (must be SIGN_VERIFY and RSA_4096), signs a SHA-512 digest as PS512 (RSASSA_PSS_SHA_512, MessageType=DIGEST), and verifies the signature on this machine with the public key.',
    rationale: 'Spacelift signs all its tokens with this key.',
    permission: 'kms:GetPublicKey and kms:Sign on the key',
    fix: 'Allow both actions on the key in the IAM policy of each service’s role, and enable the key. Before installation, you can create a new key: aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096.',
    example: {
      found: 'ENCRYPTION_KMS_SIGNING_KEY_ID is an RSA_2048 key, not RSA_4096',
      fix: 'before installation: aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096 --region eu-west-1',
    },
    docs: KMS,
  },
  'kms/distinct': {
    title: 'encryption and signing use different keys',
    procedure:
      'Compares the two variables, and the keys that KMS resolves them to: an alias and an ID can refer to the same key.',
    rationale: 'A KMS key can either encrypt or sign, so one of the two operations fails.',
    fix: 'Create the missing key, and set its variable.',
    example: {
      found: 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID and ENCRYPTION_KMS_SIGNING_KEY_ID are the same key: alias/spacelift',
      fix: 'aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096, then set ENCRYPTION_KMS_SIGNING_KEY_ID to the Arn in the output',
    },
    docs: KMS,
  },
  'kms/multi-region': {
    title: 'the encryption key is a multi-Region key',
    procedure: 'If AWS_SECONDARY_REGION is set, checks whether the ID of the encryption key starts with mrk-.',
    rationale:
      'A single-Region key can’t be converted to a multi-Region key later. After a failover, Spacelift in the secondary region could not decrypt its data.',
    fix: 'Before installation, create a key with aws kms create-key --multi-region, and replicate it to the secondary region.',
    example: {
      found: 'alias/spacelift is a single-Region key, but AWS_SECONDARY_REGION is us-east-1',
      fix: 'before installation: aws kms create-key --multi-region --region eu-west-1',
    },
    docs: KMS,
  },
} as const satisfies Record<string, Rule>;

export type EncryptionRule = keyof typeof RULES;

export const encryptionFinding = findingIds<EncryptionRule>('encryption');
