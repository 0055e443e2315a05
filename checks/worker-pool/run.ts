/** Checks the token and the private key of a worker pool, which no request reveals. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type PemVariable, pemIssue } from '../../src/config/pem/messages.ts';
import { readPrivateKey } from '../../src/config/pem/private-key.ts';
import type { Context } from '../../src/engine/check.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix, sh } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import type { Credential, Credentials } from './credentials.ts';
import { type WorkerPoolRule, workerPoolFinding } from './rules.ts';
import { certificateIn, readToken, type TokenFault } from './token.ts';

const TOKEN = cause.finding(workerPoolFinding('token'));
const KEY = cause.finding(workerPoolFinding('private-key'));

export async function checkCredentials({ check }: Context<WorkerPoolRule>, held: Credentials): Promise<void> {
  await check('token', () => checkToken(held));
  await check('private-key', () => checkKey(held));
}

/** @throws CheckStopped if the value is missing, unusable or not known here */
function valueIn({ name, found, near }: Credential, other: Credential): string {
  if (found.state === 'set') return found.value;
  if (found.state === 'unusable') throw new CheckStopped(found.outcome);
  if (found.state === 'unknown') {
    throw new CheckStopped(skip(`${name} is set in ${found.origin}, and not known here`, { fix: found.fix }));
  }
  throw new CheckStopped(
    fail(`${name} is not set, but ${other.name} is`, {
      expected: 'both, or neither if the worker pool registers itself',
      ...(near === undefined
        ? { fix: advice`set ${name}` }
        : {
            detail: `${near.name} is set in ${near.origin}, did you mean ${name}?`,
            fix: advice`rename ${near.name} to ${name}`,
          }),
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}

const known = ({ found }: Credential): string => (found.state === 'set' ? found.value : '');
const isToken = ({ name, found }: Credential): boolean =>
  found.state === 'set' && !('fault' in readToken(found.value, name));
const isKey = ({ name, found }: Credential): boolean =>
  found.state === 'set' && !('fault' in readPrivateKey(found.value, name));

function checkToken({ token, key }: Credentials): Outcome {
  const read = readToken(valueIn(token, key), token.name);
  if (!('fault' in read)) return pass('the worker pool’s token is readable', { evidence: { variable: token.name } });
  if (read.fault === 'pem' && isKey(token) && isToken(key)) return swapped({ token, key });
  return tokenIssue(token.name, read.fault);
}

function checkKey({ token, key }: Credentials): Outcome {
  const value = valueIn(key, token);
  if (isToken(key)) return isKey(token) ? swapped({ token, key }) : isTheToken(key.name);
  const read = readPrivateKey(value, key.name);
  return 'fault' in read ? pemIssue(variable(key.name), read) : judgeKey(read, { token, key });
}

function judgeKey(read: KeyObject, { token, key }: Credentials): Outcome {
  const evidence = { variable: key.name };
  const contents = readToken(known(token), token.name);
  const certificate = 'fault' in contents ? undefined : certificateIn(contents);
  if (certificate === undefined) return pass('the worker pool’s private key is readable', { evidence });
  if (certificate.publicKey.equals(createPublicKey(read)))
    return pass('the worker pool’s private key belongs to its certificate', { evidence });
  return fail(`${key.name} does not belong to the certificate in ${token.name}`, {
    expected: 'the key that the worker pool’s certificate signing request was created with',
    fix: ANOTHER(key.name),
    evidence,
    cause: KEY,
  });
}

const ANOTHER = (name: string): Fix =>
  advice`set ${name} to base64 of the key that the worker pool was created with; if it is lost, reset the worker pool with a new certificate signing request: ${sh`openssl req -new -newkey rsa:4096 -nodes -keyout spacelift.key -out spacelift.csr`}`;

const variable = (name: string): PemVariable => ({
  name,
  holds: 'private key',
  expected: 'base64 of the PEM file of the worker pool’s RSA private key, without a passphrase',
  file: 'spacelift.key',
  another: ANOTHER(name),
  cause: KEY,
});

const swapped = ({ token, key }: Credentials): Issue =>
  fail(`${token.name} contains the private key, and ${key.name} the token`, {
    expected: `the token in ${token.name}, and the private key in ${key.name}`,
    fix: advice`swap the values of ${token.name} and ${key.name}`,
    evidence: { variables: [token.name, key.name] },
    cause: TOKEN,
  });

const isTheToken = (name: string): Issue =>
  fail(`${name} is a worker pool’s token, not a private key`, {
    expected: variable(name).expected,
    fix: ANOTHER(name),
    evidence: { variable: name },
    cause: KEY,
  });

/** What a value is, if it is no token. */
const IS: Readonly<Record<Exclude<TokenFault, 'other'>, string>> = {
  placeholder: 'still contains a placeholder',
  quoted: 'contains quotes',
  'pool-id': 'is the ID of a worker pool, not its token',
  jwt: 'is a JSON Web Token (JWT), such as an API key, not a worker pool’s token',
  path: 'is a file path, not the token itself',
  decoded: 'is JSON: the token was decoded once too often',
  pem: 'is a PEM file, not a worker pool’s token',
  whitespace: 'contains whitespace',
  'literal-newlines': 'contains backslash-n sequences',
  'url-alphabet': 'uses the URL-safe base64 alphabet (- and _)',
  unpadded: 'lacks the = padding at the end of its base64',
  'not-base64': 'is not base64',
  'double-base64': 'is base64-encoded twice',
  truncated: 'is truncated',
};

/** Kubernetes decodes and encodes values. */
const DETAILS: Partial<Record<TokenFault, string>> = {
  decoded: 'Kubernetes decodes values under `data` in a Secret once: put the token under `stringData`.',
  'double-base64':
    'Kubernetes encodes values under `stringData` in a Secret automatically; the token is base64 already.',
};

function tokenIssue(name: string, fault: TokenFault): Issue {
  const more = {
    expected: 'the worker pool’s token: base64 of a JSON object, on one line',
    fix: advice`set ${name} to the contents of the file worker-pool-ID.config, unchanged; if it is lost, reset the worker pool`,
    evidence: { variable: name, fault },
    cause: TOKEN,
  };
  if (fault === 'other') return warn(`${name} is base64, but does not look like a worker pool’s token`, more);
  const detail = DETAILS[fault];
  return fail(`${name} ${IS[fault]}`, { ...(detail !== undefined && { detail }), ...more });
}
