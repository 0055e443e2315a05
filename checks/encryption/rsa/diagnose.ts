/** Possible problems with ENCRYPTION_RSA_PRIVATE_KEY, and their messages. The value itself is never quoted. */

import { cause } from '../../../src/outcome/cause.ts';
import { advice, pipe, sh } from '../../../src/outcome/fix.ts';
import { fail, type Issue } from '../../../src/outcome/outcome.ts';
import { encryptionFinding } from '../rules.ts';

export const KEY = 'ENCRYPTION_RSA_PRIVATE_KEY';

export type Fault =
  | 'placeholder'
  | 'quoted'
  | 'path'
  | 'raw-pem'
  | 'literal-newlines'
  | 'spaces'
  | 'url-alphabet'
  | 'unpadded'
  | 'not-base64'
  | 'double-base64'
  | 'der'
  | 'not-pem'
  | 'encoding'
  | 'lines'
  | 'truncated'
  | 'several-blocks'
  | 'encrypted'
  | 'openssh'
  | 'certificate'
  | 'certificate-request'
  | 'public-key'
  | 'algorithm'
  | 'damaged'
  | 'inconsistent';

/** Why a value is not an RSA key, with the actual algorithm ("EC") for `algorithm`. */
export interface KeyFault {
  readonly fault: Fault;
  readonly algorithm?: string;
}

/** Generates a key and prints the value for the variable. */
export const GENERATE = pipe(sh`openssl genrsa 4096`, sh`base64 -w0`);
const ENCODING = `set ${KEY} to the output of: base64 -w0 < key.pem   (macOS: base64 -b0 < key.pem)`;
const ENCODE = advice`${ENCODING}`;
const DECODED_ONCE =
  'Kubernetes decodes values under `data` in a Secret once: put the base64 under `stringData`, or encode it once more.';
const PUT_BACK = 'on a running installation: restore the key that it was installed with';
/** A running installation must never get a new key: it would lose all data encrypted with the old one. */
const ANOTHER_KEY = advice`before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`;
const EXPECTED = 'base64 of the PEM file of an RSA private key without a passphrase';

type KeyMessages = Pick<Issue, 'title' | 'detail' | 'fix'>;

const WORDS: Record<Exclude<Fault, 'algorithm'>, KeyMessages> = {
  placeholder: { title: `${KEY} still contains a placeholder`, fix: ANOTHER_KEY },
  quoted: { title: `${KEY} contains quotes`, fix: advice`remove the quotes around the value of ${KEY}` },
  path: {
    title: `${KEY} is a file path, not the key itself`,
    detail: 'Spacelift does not read the key from a file.',
    fix: advice`set ${KEY} to the output of: base64 -w0 < the-file`,
  },
  'raw-pem': {
    title: `${KEY} is a PEM file that is not base64-encoded`,
    detail: DECODED_ONCE,
    fix: ENCODE,
  },
  'literal-newlines': {
    title: `${KEY} contains backslash-n sequences instead of newlines`,
    detail: 'The newlines were escaped in transit: by JSON, a quoted dotenv value, or a CI variable.',
    fix: ENCODE,
  },
  spaces: {
    title: `${KEY} contains whitespace in its base64`,
    detail: 'Newlines are allowed, but spaces and tabs are not: a folded YAML value (`>`) turns newlines into spaces.',
    fix: ENCODE,
  },
  'url-alphabet': {
    title: `${KEY} uses the URL-safe base64 alphabet (- and _)`,
    detail: 'Spacelift accepts only the standard alphabet (+ and /).',
    fix: ENCODE,
  },
  unpadded: {
    title: `${KEY} lacks the = padding at the end of its base64`,
    detail: 'The key is complete, but the padding was cut off in transit.',
    fix: ENCODE,
  },
  'not-base64': {
    title: `${KEY} is not base64`,
    detail: 'It contains characters that are not valid in base64, or has = before the end.',
    fix: ENCODE,
  },
  'double-base64': {
    title: `${KEY} is base64-encoded twice`,
    detail: 'Kubernetes encodes values under `stringData` in a Secret automatically.',
    fix: advice`encode the file once; set ${KEY} to the output of: base64 -w0 < key.pem`,
  },
  der: {
    title: `${KEY} is base64 of a DER file, not of a PEM file`,
    detail: 'Alternatively, it is the body of the PEM file without its BEGIN and END lines.',
    fix: advice`set ${KEY} to the output of: ${pipe(sh`openssl rsa -inform DER -in key.der`, sh`base64 -w0`)}`,
  },
  'not-pem': {
    title: `${KEY} is base64, but not of a PEM file`,
    detail: 'The decoded text contains no -----BEGIN RSA PRIVATE KEY----- or -----BEGIN PRIVATE KEY----- line.',
    fix: ENCODE,
  },
  encoding: {
    title: `the PEM file in ${KEY} is saved as UTF-16 or with a byte order mark`,
    detail: 'PowerShell’s > operator and some Windows editors do this.',
    fix: advice`save it as ASCII (iconv -f utf-16 -t ascii, or dos2unix), then: base64 -w0 < key.pem`,
  },
  lines: {
    title: `the line structure of the PEM file in ${KEY} is broken`,
    detail:
      'The BEGIN and END lines must be on their own lines without indentation: an unquoted shell variable loses newlines, and YAML can add spaces.',
    fix: advice`${ENCODING}\nread the file itself, not a variable: echo $VALUE joins all lines`,
  },
  truncated: {
    title: `${KEY} is truncated`,
    detail: 'The BEGIN or END line of the PEM file is missing.',
    fix: advice`${ENCODING}\nwithout -w0, some tools keep only the first line of the output`,
  },
  'several-blocks': {
    title: `${KEY} contains more than one PEM block`,
    detail: 'The PEM file contains other blocks in addition to the key, such as a certificate.',
    fix: advice`set ${KEY} to the output of: ${pipe(sh`openssl rsa -in key.pem`, sh`base64 -w0`)}`,
  },
  encrypted: {
    title: `the private key in ${KEY} is protected by a passphrase`,
    detail: 'Spacelift does not support a passphrase.',
    fix: advice`openssl rsa -in key.pem -out plain.pem\nthen set ${KEY} to the output of: base64 -w0 < plain.pem`,
  },
  openssh: {
    title: `${KEY} is in OpenSSH format, not PKCS#1 or PKCS#8`,
    fix: advice`if it is an RSA key, convert it in place: ssh-keygen -p -m PEM -N '' -f key.pem\nthen set ${KEY} to the output of: base64 -w0 < key.pem`,
  },
  certificate: {
    title: `${KEY} is a certificate, not a private key`,
    fix: advice`encode the key that belongs to the certificate: base64 -w0 < key.pem\nor, before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`,
  },
  'certificate-request': {
    title: `${KEY} is a certificate signing request, not a private key`,
    detail: '`openssl req -new -keyout spacelift.key` prints the request and writes the key to the file.',
    fix: advice`set ${KEY} to the output of: base64 -w0 < spacelift.key`,
  },
  'public-key': {
    title: `${KEY} is a public key, not a private key`,
    fix: advice`encode the matching private key: base64 -w0 < key.pem\nor, before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`,
  },
  damaged: {
    title: `${KEY} is a PEM file with a damaged key`,
    detail: 'The BEGIN and END lines are those of a private key, but the content between them does not parse.',
    fix: advice`${ENCODING}\nto verify the file itself: openssl rsa -in key.pem -check -noout`,
  },
  inconsistent: {
    title: `the parts of the RSA key in ${KEY} are inconsistent`,
    detail: 'The key parses, but its primes, exponents or CRT values do not match its modulus.',
    fix: advice`${ENCODING}\nto verify the file itself: openssl rsa -in key.pem -check -noout`,
  },
};

/** Names that start with a vowel sound. */
const VOWEL = /^[AERX]/;

export function issueOf({ fault, algorithm = '' }: KeyFault): Issue {
  const { title, ...more } = fault === 'algorithm' ? otherAlgorithm(algorithm) : WORDS[fault];
  const evidence = { variable: KEY, fault, ...(algorithm !== '' && { algorithm }) };
  return fail(title, { expected: EXPECTED, ...more, evidence, cause: cause.finding(encryptionFinding('rsa/key')) });
}

const otherAlgorithm = (name: string): KeyMessages => ({
  title: `${KEY} is ${VOWEL.test(name) ? 'an' : 'a'} ${name} key, not an RSA key`,
  ...(name === 'RSA-PSS' && { detail: 'A key of this type can sign but not encrypt.' }),
  fix: ANOTHER_KEY,
});
