/** What is checked of the encryption, whichever method is in force. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const RSA = `${DOCS.encryption}#rsa`;
const KMS = `${DOCS.encryption}#kms`;

export const RULES = {
  choice: {
    title: 'the encryption method is a deliberate choice',
    procedure:
      'States the method that ENCRYPTION_TYPE puts in force with, for RSA, the SHA-256 of the public key (of its SPKI DER) and, for KMS, the ARNs of the keys, so that two reports can be compared.',
    rationale:
      'The method can never be changed after installation, and neither can the key: what one has encrypted in the database, no other decrypts.',
    fix: 'Decide before installation: set ENCRYPTION_TYPE to kms or rsa, and keep a copy of the RSA key where it cannot be lost.',
    example: {
      found: 'built-in RSA 4096 + AES-256; cannot be changed later',
      fix: 'keep a copy of the key where it cannot be lost; compare the SHA-256 in the evidence with that of the next report',
    },
    docs: DOCS.encryption,
  },
  'rsa/key': {
    title: 'the RSA key can be read',
    procedure:
      'Decodes ENCRYPTION_RSA_PRIVATE_KEY (standard base64 of a PEM file; line breaks are fine), reads it as PKCS#1 or PKCS#8 without a passphrase, and compares its parts: the primes with the modulus, the exponents and the CRT values with each other, a signature with the public half.',
    rationale: 'Spacelift does not start without a key that it can read.',
    fix: 'Encode the PEM file of an RSA private key once: base64 -w0 < key.pem. Before installation a new one will do: openssl genrsa 4096 | base64 -w0. A running installation needs the key that it was installed with.',
    example: {
      found: 'ENCRYPTION_RSA_PRIVATE_KEY is a PEM file as it is, without base64 around it',
      fix: 'encode it once: base64 -w0 < key.pem',
    },
    docs: RSA,
  },
  'rsa/size': {
    title: 'the RSA key is long enough',
    procedure:
      'Reads the modulus: under 2048 bits fails, under 4096 warns. The public exponent must be one that Go accepts, below 2³¹.',
    rationale:
      'Everything secret in the database, and every token that Spacelift issues, is as safe as this key, and it cannot be replaced later.',
    fix: 'Before installation, generate a key of 4096 bits: openssl genrsa 4096 | base64 -w0.',
    example: {
      found: 'the RSA key has 2048 bits, not 4096',
      fix: 'before installation: openssl genrsa 4096 | base64 -w0',
    },
    docs: RSA,
  },
  'rsa/round-trip': {
    title: 'the RSA key encrypts and signs',
    procedure:
      'Wraps a new AES-256 key with the public half (RSA-OAEP), encrypts with it (AES-256-GCM), unwraps and decrypts, and compares; signs a JSON web token with the private half and verifies it with the public half. Nothing leaves this machine.',
    rationale: 'This is what Spacelift does with the key: for every secret in the database, and for every session.',
    fix: 'Generate the key anew before installation: openssl genrsa 4096 | base64 -w0.',
    example: {
      found: "the RSA key can't encrypt and decrypt",
      fix: 'before installation: openssl genrsa 4096 | base64 -w0',
    },
    docs: RSA,
  },
  'rsa/exposure': {
    title: 'who can read the environment can read the key',
    procedure: 'States where the key comes from, and how to protect it there. This is advice, and always passes.',
    rationale:
      'The key travels in an environment variable. Whoever reads the Secret or the task definition, or has a shell in a container, can decrypt all that Spacelift keeps in its database.',
    fix: 'Restrict who may read the Secret (RBAC: get and list on secrets; exec into pods), encrypt it at rest (etcd encryption, a KMS provider), or keep it in an external secret store; on ECS use `secrets[].valueFrom`, not `environment`.',
    example: {
      found: 'the key travels in an environment variable: restrict who may read it',
      fix: 'see who may: kubectl auth can-i get secrets -n spacelift --as <user>',
    },
    docs: `${DOCS.dependencies}#encryption`,
  },
  'kms/encryption-key': {
    title: 'the KMS encryption key encrypts and decrypts',
    procedure:
      'Encrypts random bytes and decrypts them, asks for a data key (which only a symmetric key can make) and decrypts that, and compares. A key that is missing, disabled, scheduled for deletion, without material, of another usage or spec, or in another region, and a permission that is missing, are told apart.',
    rationale: 'Everything secret in the database is encrypted under this key.',
    permission: 'kms:Encrypt, kms:Decrypt and kms:GenerateDataKey* on the key',
    fix: 'Allow the three on the key in the IAM policy of each service’s role, and enable the key. A usage or spec can’t be changed: before installation, aws kms create-key makes the right one.',
    example: {
      found: 'the encryption key 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 is scheduled for deletion',
      fix: 'aws kms cancel-key-deletion --key-id 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 --region eu-west-1\naws kms enable-key --key-id 8f3a2c1d-0b7d-4d1e-9d57-0f5a7c8e9b21 --region eu-west-1',
    },
    docs: KMS,
  },
  'kms/signing-key': {
    title: 'the KMS signing key signs tokens',
    procedure:
      'Reads usage and spec with GetPublicKey (SIGN_VERIFY and RSA_4096), has a SHA-512 digest signed as PS512 (RSASSA_PSS_SHA_512, MessageType=DIGEST), and verifies the signature on this machine with the public key.',
    rationale: 'Every token that Spacelift issues is signed with this key.',
    permission: 'kms:GetPublicKey and kms:Sign on the key',
    fix: 'Allow the two on the key in the IAM policy of each service’s role, and enable the key. Before installation: aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096.',
    example: {
      found: 'ENCRYPTION_KMS_SIGNING_KEY_ID names an RSA_2048 key, not RSA_4096',
      fix: 'before installation: aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096 --region eu-west-1',
    },
    docs: KMS,
  },
  'kms/distinct': {
    title: 'encryption and signing have a key each',
    procedure:
      'Compares the two variables, and the keys that KMS says they are names of: an alias and an id can be one key.',
    rationale: 'A KMS key either encrypts or signs, so one of the two can’t work.',
    fix: 'Make the key that is missing, and set its variable.',
    example: {
      found: 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID and ENCRYPTION_KMS_SIGNING_KEY_ID name one key: alias/spacelift',
      fix: 'aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096, then set ENCRYPTION_KMS_SIGNING_KEY_ID to the Arn that it prints',
    },
    docs: KMS,
  },
  'kms/multi-region': {
    title: 'the encryption key is a multi-Region key',
    procedure: 'When AWS_SECONDARY_REGION is set: looks whether the id of the encryption key begins with mrk-.',
    rationale:
      'A single-Region key can’t be made a multi-Region key later. After a failover, nothing in the secondary region could decrypt what it has encrypted.',
    fix: 'Before installation: aws kms create-key --multi-region, and replicate it into the secondary region.',
    example: {
      found: 'alias/spacelift is a single-Region key, and AWS_SECONDARY_REGION is us-east-1',
      fix: 'before installation: aws kms create-key --multi-region --region eu-west-1',
    },
    docs: KMS,
  },
} as const satisfies Record<string, Rule>;

export type EncryptionRule = keyof typeof RULES;

export const encryptionFinding = findingIds<EncryptionRule>('encryption');
