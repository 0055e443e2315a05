/** What differs from the baseline although it can't be changed after installation. */
import { createHash, createPublicKey } from 'node:crypto';
import { makeDeployment } from '../../src/config/deployment.ts';
import { pinnedInConfig } from '../../src/config/pinned.ts';
import type { Pinned } from '../../src/config/schema.ts';
import { EKS } from '../support/estate.ts';
import { source } from '../support/preflight.ts';
import type { Arrange, Fault, There } from './fault.ts';

/** What the report of the healthy installation says. */
function healthy({ variables }: There): Pinned {
  const { ENCRYPTION_TYPE: method = '', ENCRYPTION_RSA_PRIVATE_KEY: key = '' } = variables;
  const { ENCRYPTION_KMS_ENCRYPTION_KEY_ID: encryptionKey = '', ENCRYPTION_KMS_SIGNING_KEY_ID: signingKey = '' } =
    variables;
  const spki = () => createPublicKey(Buffer.from(key, 'base64')).export({ format: 'der', type: 'spki' });
  const keys =
    method === 'kms'
      ? { encryptionKey, signingKey }
      : { publicKeySha256: createHash('sha256').update(spki()).digest('hex') };
  return {
    encryption: { method, ...keys },
    ...pinnedInConfig(makeDeployment([source(variables)], { service: undefined, release: undefined, environment: {} })),
  };
}

/** The installation as it is, with a baseline that says something else. */
const was =
  (change: (pinned: Pinned, there: There) => Partial<Pinned>): Arrange =>
  (there) => {
    const pinned = healthy(there);
    return { options: { pinned: { ...pinned, ...change(pinned, there) } } };
  };

const FINGERPRINT = 'c0ffee'.repeat(11).slice(0, 64);

const encryption =
  (changes: Readonly<Record<string, string>>): Parameters<typeof was>[0] =>
  (pinned) => ({ encryption: { ...pinned.encryption, ...changes } });

export const PINNED: readonly Fault[] = [
  { name: 'all as in the baseline', arrange: was(() => ({})) },
  { name: 'all as in the baseline, on AWS', at: EKS, arrange: was(() => ({})) },
  {
    name: 'another RSA key than in the baseline',
    arrange: was(encryption({ publicKeySha256: FINGERPRINT })),
    fail: ['encryption/pinned'],
    says: new RegExp(
      `^the RSA key is not the one in the baseline\\nIn the baseline, it is the SHA-256 of its public key: ${FINGERPRINT}; now, it is [0-9a-f]{64}\\.`,
    ),
  },
  {
    name: 'another encryption method than in the baseline',
    arrange: was(() => ({ encryption: { method: 'kms', encryptionKey: 'arn', signingKey: 'arn' } })),
    fail: ['encryption/pinned'],
    says: /^the encryption method is not the one in the baseline\nIn the baseline, it is kms; now, it is rsa\./,
  },
  {
    name: 'another KMS key than in the baseline',
    at: EKS,
    arrange: was((pinned) => ({
      encryption: {
        ...pinned.encryption,
        encryptionKey: 'arn:aws:kms:eu-west-1:012345678901:key/00000000-0000-4000-8000-000000000000',
      },
    })),
    fail: ['encryption/pinned'],
    says: /^the KMS encryption key is not the one in the baseline\nIn the baseline, it is arn:aws:kms:\S+; now, it is arn:aws:kms:\S+\./,
  },
  {
    name: 'another bucket than in the baseline',
    arrange: was(({ objectStorage }) => ({
      objectStorage: { type: 'minio', buckets: { ...objectStorage?.buckets, states: 'old-states' } },
    })),
    warn: ['object-storage/pinned'],
    says: /^OBJECT_STORAGE_BUCKET_STATES was old-states, and is \S+ now\n/,
  },
  {
    name: 'another store than in the baseline',
    arrange: was(({ objectStorage }) => ({
      objectStorage: { type: 'aws', buckets: { ...objectStorage?.buckets } },
    })),
    warn: ['object-storage/pinned'],
    says: /^OBJECT_STORAGE_TYPE was aws, and is minio now\n/,
  },
  {
    name: 'another endpoint of the broker than in the baseline',
    arrange: was(() => ({ mqttBroker: { type: 'builtin', endpoint: 'mqtt.corp.io:1984' } })),
    warn: ['mqtt-broker/pinned'],
    says: /^the endpoint of the broker was mqtt\.corp\.io:1984, and is \S+ now\n/,
  },
  {
    name: 'another type of broker than in the baseline',
    arrange: was(({ mqttBroker }) => ({ mqttBroker: { type: 'iotcore', endpoint: mqttBroker?.endpoint ?? '' } })),
    warn: ['mqtt-broker/pinned'],
    says: /^the type of the broker was iotcore, and is builtin now\n/,
  },
];
