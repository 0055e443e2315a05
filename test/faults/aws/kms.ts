/** Faults of the two KMS keys. */
import type { KeyOptions } from '../../services/aws/index.ts';
import type { Who } from '../../support/estate.ts';
import { config, once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { awsFaults, both, key, lacks } from './arrange.ts';

const ENCRYPTION = 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID';
const SIGNING = 'ENCRYPTION_KMS_SIGNING_KEY_ID';
const encryption = ['encryption/kms/encryption-key'];
const signing = ['encryption/kms/signing-key'];

/** A further key, which a variable then names. */
const another =
  (variable: string, options: KeyOptions, written: 'arn' | 'alias' = 'arn'): Arrange =>
  ({ estate: { eks } }) => {
    const made = eks.aws.keys.create({ ...options, ...(written === 'alias' && { aliases: ['spacelift'] }) });
    return {
      variables: { [variable]: written === 'alias' ? 'alias/spacelift' : made.arn },
      undo: () => eks.aws.keys.delete(made),
    };
  };

const ofKey = (who: Who, action: string, fail: readonly string[]): Fault => ({
  name: `kms:${action} denied to the ${who}`,
  as: who,
  arrange: lacks(who, [`kms:${action}`]),
  fail,
  says: new RegExp(
    `kms:${action.replace('*', '')}( and [\\w:]+)? (is|are) denied on the (encryption|signing) key [0-9a-f-]{36}`,
  ),
  ...(who !== 'scheduler' && { leaves: true }),
});

const failing = (code: string, status: number, when: (request: string) => boolean = () => true): Arrange =>
  awsFaults({
    statusFor: ({ service, action }) =>
      service === 'kms' && when(action) ? { status, code, headers: { 'retry-after': '1' } } : undefined,
  });

/** With a custom domain, which workers can follow. */
const SECONDARY = { AWS_SECONDARY_REGION: 'eu-west-1', MQTT_BROKER_ENDPOINT: 'worker-iot.spacelift.corp.io' };

export const KMS: readonly Fault[] = [
  {
    name: 'the encryption key disabled',
    arrange: key('encryption', { state: 'Disabled' }),
    fail: encryption,
    says: /the encryption key [0-9a-f-]{36} is disabled/,
  },
  {
    name: 'the signing key disabled',
    arrange: key('signing', { state: 'Disabled' }),
    fail: signing,
    says: /the signing key [0-9a-f-]{36} is disabled/,
  },
  {
    name: 'the encryption key scheduled for deletion',
    arrange: key('encryption', { state: 'PendingDeletion' }),
    fail: encryption,
    says: /the encryption key [0-9a-f-]{36} is scheduled for deletion/,
  },
  {
    name: 'an encryption key that waits for its material',
    arrange: key('encryption', { state: 'PendingImport' }),
    fail: encryption,
    says: /the encryption key [0-9a-f-]{36} has no key material: it is pending import/,
  },
  {
    name: 'a signing key whose key store is disconnected',
    arrange: key('signing', { state: 'Unavailable' }),
    fail: signing,
    says: /the signing key [0-9a-f-]{36} is not available/,
  },
  {
    name: 'an RSA key that encrypts as encryption key',
    arrange: another(ENCRYPTION, { spec: 'RSA_4096', usage: 'ENCRYPT_DECRYPT' }),
    fail: encryption,
    says: /ENCRYPTION_KMS_ENCRYPTION_KEY_ID is an RSA_4096 key, not SYMMETRIC_DEFAULT/,
  },
  {
    name: 'an HMAC key as encryption key',
    arrange: another(ENCRYPTION, { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' }),
    fail: encryption,
    says: /ENCRYPTION_KMS_ENCRYPTION_KEY_ID is a key for GENERATE_VERIFY_MAC, not for ENCRYPT_DECRYPT/,
  },
  {
    name: 'a signing key of 2048 bits',
    arrange: another(SIGNING, { spec: 'RSA_2048', usage: 'SIGN_VERIFY' }),
    fail: signing,
    says: /ENCRYPTION_KMS_SIGNING_KEY_ID is an RSA_2048 key, not RSA_4096/,
  },
  {
    name: 'an elliptic curve as signing key',
    arrange: another(SIGNING, { spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' }),
    fail: signing,
    says: /ENCRYPTION_KMS_SIGNING_KEY_ID is an ECC_NIST_P256 key, not RSA_4096/,
  },
  {
    name: 'an RSA key that encrypts as signing key',
    arrange: another(SIGNING, { spec: 'RSA_4096', usage: 'ENCRYPT_DECRYPT' }),
    fail: signing,
    says: /ENCRYPTION_KMS_SIGNING_KEY_ID is a key for ENCRYPT_DECRYPT, not for SIGN_VERIFY/,
  },
  {
    name: 'the two KMS keys swapped',
    arrange: config((variables) => ({ [ENCRYPTION]: variables[SIGNING], [SIGNING]: variables[ENCRYPTION] })),
    fail: encryption,
    says: /ENCRYPTION_KMS_ENCRYPTION_KEY_ID and ENCRYPTION_KMS_SIGNING_KEY_ID are swapped/,
  },
  {
    name: 'one KMS key for both',
    arrange: config((variables) => ({ [SIGNING]: variables[ENCRYPTION] })),
    fail: ['encryption/kms/distinct'],
    says: /ENCRYPTION_KMS_ENCRYPTION_KEY_ID and ENCRYPTION_KMS_SIGNING_KEY_ID are the same key: [0-9a-f-]{36}/,
  },
  {
    name: 'one KMS key for both, by two names',
    arrange: (there) => {
      const { keys } = there.estate.eks.aws;
      const made = keys.create({ aliases: ['spacelift'] });
      return {
        variables: { [ENCRYPTION]: made.arn, [SIGNING]: 'alias/spacelift' },
        undo: () => keys.delete(made),
      };
    },
    fail: ['encryption/kms/distinct'],
    says: /ENCRYPTION_KMS_ENCRYPTION_KEY_ID and ENCRYPTION_KMS_SIGNING_KEY_ID are the same key: [0-9a-f-]{36}\nalias\/spacelift refers to it too/,
  },
  {
    name: 'an encryption key that does not exist',
    arrange: config(() => ({ [ENCRYPTION]: '0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21' })),
    fail: encryption,
    says: /KMS key 0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21 does not exist in eu-central-1/,
  },
  {
    name: 'an alias of a KMS key that does not exist',
    arrange: config(() => ({ [SIGNING]: 'alias/spacelift-sining' })),
    fail: signing,
    says: /KMS key alias\/spacelift-sining does not exist in eu-central-1/,
  },
  {
    name: 'a signing key of another region',
    arrange: config((variables) => ({ [SIGNING]: variables[SIGNING]?.replace('eu-central-1', 'eu-west-1') })),
    fail: signing,
    says: /the signing key is in eu-west-1, but AWS_REGION is eu-central-1/,
  },
  {
    name: 'an encryption key of another account',
    arrange: config((variables) => ({ [ENCRYPTION]: variables[ENCRYPTION]?.replace('123456789012', '210987654321') })),
    fail: encryption,
    says: /kms:Encrypt and kms:GenerateDataKey are denied on the encryption key .*\nThe key belongs to account 210987654321/,
  },
  {
    name: 'a single-Region key with a secondary region',
    arrange: config(() => SECONDARY),
    warn: ['encryption/kms/multi-region'],
    says: /[0-9a-f-]{36} is a single-Region key, but AWS_SECONDARY_REGION is eu-west-1/,
  },
  {
    name: 'a multi-Region key with a secondary region',
    arrange: both(
      another(ENCRYPTION, { multiRegion: true }),
      config(() => SECONDARY),
    ),
  },
  { name: 'an encryption key that is named by an alias', arrange: another(ENCRYPTION, {}, 'alias') },
  {
    name: 'a key policy that lets nobody in',
    arrange: key('encryption', { policy: { Version: '2012-10-17', Statement: [] } }),
    fail: encryption,
    says: /kms:Encrypt and kms:GenerateDataKey are denied on the encryption key [0-9a-f-]{36}\n.*no key policy allows it/,
  },
  ofKey('server', 'Encrypt', encryption),
  ofKey('server', 'GetPublicKey', signing),
  ofKey('drain', 'Decrypt', encryption),
  ofKey('drain', 'Sign', signing),
  ofKey('scheduler', 'GenerateDataKey*', encryption),
  { name: 'a KMS that fails once', arrange: (there) => failing('KMSInternalException', 500, once())(there) },
  { name: 'a KMS that throttles once', arrange: (there) => failing('ThrottlingException', 400, once())(there) },
  {
    name: 'a KMS that always fails',
    arrange: failing('KMSInternalException', 500),
    fail: encryption,
    says: /KMS failed \(HTTP 500\)/,
  },
  {
    name: 'a KMS that always throttles',
    arrange: failing('ThrottlingException', 400),
    warn: ['encryption/kms/encryption-key'],
    says: /KMS could not be tested: it throttles this account’s requests/,
  },
];
