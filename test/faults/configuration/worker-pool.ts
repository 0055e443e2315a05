/** What people put into the Secret of a worker pool, and into the variables of its launcher. */
import { base64, pkcs8, rsa } from '../../checks/encryption/keys.ts';
import { source, type Variables } from '../../support/preflight.ts';
import { makePool } from '../../support/worker-pool.ts';
import type { Arrange, Fault } from '../fault.ts';

const OPTIONS = { service: 'worker', skip: ['network/*', 'object-storage/*', 'mqtt-broker/*'] } as const;
const POOL = await makePool();
const [TOKEN, KEY] = [POOL.SPACELIFT_TOKEN, POOL.SPACELIFT_POOL_PRIVATE_KEY];
const text = (value: string) => Buffer.from(value, 'base64').toString();

interface Held {
  readonly token?: string;
  readonly key?: string;
}

/** In variables of the launcher. */
const variables = ({ token = TOKEN, key = KEY }: Held = {}): Variables => ({
  SPACELIFT_TOKEN: token,
  SPACELIFT_POOL_PRIVATE_KEY: key,
});
const launcher =
  (held: Held): Arrange =>
  () => ({ variables: variables(held) });
/** In a Secret of their own, beside the installation's. */
const secret =
  ({ token = TOKEN, key = KEY }: Held = {}): Arrange =>
  (there) => ({ sources: [source(there.variables), source({ token, privateKey: key })] });

const token = (name: string, value: string, says: RegExp): Fault => ({
  name: `a worker pool’s token ${name}`,
  arrange: launcher({ token: value }),
  options: OPTIONS,
  fail: ['worker-pool/token'],
  says,
});
const key = (name: string, value: string, says: RegExp): Fault => ({
  name: `a worker pool’s private key ${name}`,
  arrange: secret({ key: value }),
  options: OPTIONS,
  fail: ['worker-pool/private-key'],
  says,
});

export const WORKER_POOL: readonly Fault[] = [
  token('that is the ID of the pool', '01HZX3M8W6T5V4R3Q2P1N0K9JH', /^SPACELIFT_TOKEN is the ID of a worker pool/m),
  token('encoded twice', base64(TOKEN), /^SPACELIFT_TOKEN is base64-encoded twice$/m),
  token('that is decoded', text(TOKEN), /^SPACELIFT_TOKEN is JSON: the token was decoded once too often$/m),
  token('that is cut off', TOKEN.slice(0, 400), /^SPACELIFT_TOKEN is truncated$/m),
  token('without its padding', base64('{"broker":{}}').replace(/=+$/, ''), /^SPACELIFT_TOKEN lacks the = padding/m),
  token('in two words', `${TOKEN.slice(0, 40)} ${TOKEN.slice(40)}`, /^SPACELIFT_TOKEN contains whitespace$/m),
  token('in quotes', `"${TOKEN}"`, /^SPACELIFT_TOKEN contains quotes$/m),
  token('that is its file', './worker-pool-01HZX3M8W6.config', /^SPACELIFT_TOKEN is a file path/m),
  token(
    'that is an API key',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhcGkifQ.c2lnbmF0dXJl',
    /^SPACELIFT_TOKEN is a JSON Web Token/m,
  ),
  token('that is no base64', 'hunter22!hunter22', /^SPACELIFT_TOKEN is not base64$/m),
  {
    name: 'a worker pool’s token that is base64 of something else',
    arrange: secret({ token: base64('a text that is not a token') }),
    options: OPTIONS,
    warn: ['worker-pool/token'],
    says: /^token is base64, but does not look like a worker pool’s token$/m,
  },
  {
    name: 'a worker pool’s token and private key, swapped',
    arrange: secret({ token: KEY, key: TOKEN }),
    options: OPTIONS,
    fail: ['worker-pool/token'],
    says: /^token contains the private key, and privateKey the token$/m,
  },
  {
    name: 'a worker pool’s token without its private key',
    arrange: () => ({ variables: { SPACELIFT_TOKEN: TOKEN } }),
    options: OPTIONS,
    fail: ['worker-pool/private-key'],
    says: /^SPACELIFT_POOL_PRIVATE_KEY is not set, but SPACELIFT_TOKEN is$/m,
  },
  key('that is a PEM file', text(KEY), /^privateKey is a PEM file that is not base64-encoded$/m),
  key('encoded twice', base64(KEY), /^privateKey is base64-encoded twice$/m),
  key('that is the token', TOKEN, /^privateKey is a worker pool’s token, not a private key$/m),
  key('of another pool', base64(pkcs8(rsa(2048))), /^privateKey does not belong to the certificate in token$/m),
  key(
    'that is the signing request',
    base64('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n'),
    /^privateKey is a certificate signing request, not a private key$/m,
  ),
  {
    name: 'a worker pool’s token and key that end in a line break, which Go ignores',
    arrange: secret({ token: `${TOKEN}\n`, key: KEY.replace(/.{76}/g, '$&\r\n') }),
    options: OPTIONS,
  },
  {
    name: 'a worker pool’s Secret without its private key',
    arrange: () => ({ sources: [source({ token: TOKEN })] }),
    options: OPTIONS,
    fail: ['worker-pool/private-key'],
    says: /^privateKey is not set, but token is$/m,
  },
  {
    name: 'a worker pool’s private key under another name, in a file beside the installation’s',
    arrange: (there) => ({ sources: [source(there.variables), source({ token: TOKEN, private_key: KEY })] }),
    options: OPTIONS,
    fail: ['worker-pool/private-key'],
    says: /^private_key is set in test \(all\), did you mean privateKey\?$/m,
  },
  { name: 'a worker pool’s Secret alone', arrange: () => ({ sources: [source({ token: TOKEN, privateKey: KEY })] }) },
  {
    name: 'a token among the values of something else',
    arrange: (there) => ({ sources: [source({ ...there.variables, token: 'hunter22' })] }),
    options: OPTIONS,
  },
  {
    name: 'a broken worker pool’s token, which Spacelift’s services do not read',
    arrange: launcher({ token: 'hunter22' }),
    options: { skip: ['object-storage/*'] },
  },
];
