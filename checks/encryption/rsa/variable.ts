/** ENCRYPTION_RSA_PRIVATE_KEY, and how to replace it. */
import type { PemVariable } from '../../../src/config/pem/messages.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, pipe, sh } from '../../../src/outcome/fix.ts';
import { encryptionFinding } from '../rules.ts';

export const KEY = 'ENCRYPTION_RSA_PRIVATE_KEY';

/** Generates a key and prints the value for the variable. */
export const GENERATE = pipe(sh`openssl genrsa 4096`, sh`base64 -w0`);
const PUT_BACK = 'on a running installation: restore the key that it was installed with';

export const VARIABLE: PemVariable = {
  name: KEY,
  holds: 'private key',
  expected: 'base64 of the PEM file of an RSA private key without a passphrase',
  file: 'key.pem',
  // A running installation must never get a new key: it would lose all data encrypted with the old one.
  another: advice`before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`,
  cause: cause.finding(encryptionFinding('rsa/key')),
};
