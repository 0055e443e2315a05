/** Faults that can be seen in the config alone: values, pairing, RSA keys and the licence. */
import { generateKeyPairSync } from 'node:crypto';
import type { Variables } from '../support/preflight.ts';
import { config } from './arrange.ts';
import type { Fault } from './fault.ts';

const pem = (text: string | Buffer) => Buffer.from(text).toString('base64');
const key = (variables: Variables) => Buffer.from(variables.ENCRYPTION_RSA_PRIVATE_KEY ?? '', 'base64').toString();

export const CONFIGURATION: readonly Fault[] = [
  {
    name: 'EC key instead of RSA',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'passphrase-protected key',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret-passphrase' };
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher })) };
    }),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'PEM not base64-encoded',
    arrange: config((variables) => ({ ENCRYPTION_RSA_PRIVATE_KEY: key(variables) })),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'key of 1024 bits',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    fail: ['encryption/rsa/size'],
  },
  {
    name: 'key of 2048 bits',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    warn: ['encryption/rsa/size'],
  },
  {
    name: 'broker type unset with PostgreSQL queues',
    arrange: config(() => ({ MQTT_BROKER_TYPE: '' })),
    fail: ['pairing/iotcore-needs-sqs'],
  },
  {
    name: 'no database URL',
    arrange: config(() => ({ DATABASE_URL: '' })),
    fail: ['configuration/required'],
  },
  {
    name: 'an expired licence',
    arrange: config(() => ({ LICENSE_TOKEN: licence(-1) })),
    fail: ['licence/token'],
  },
  {
    name: 'a licence that expires soon',
    arrange: config(() => ({ LICENSE_TOKEN: licence(20) })),
    warn: ['licence/token'],
  },
];

/** A token that expires in so many days. */
function licence(days: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ exp: Math.floor(Date.now() / 1000) + days * 86_400 })}.c2lnbmF0dXJl`;
}
