/** What can be wrong with the value of ENCRYPTION_RSA_PRIVATE_KEY, and the words for it. The value itself is never quoted. */

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

/** A value that is no RSA key: a kind, and for `algorithm` what it is instead ("EC"). */
export interface KeyFault {
  readonly fault: Fault;
  readonly algorithm?: string;
}

/** Makes a key, and the value that goes into the variable. */
export const GENERATE = pipe(sh`openssl genrsa 4096`, sh`base64 -w0`);
const ENCODING = `set ${KEY} to the output of: base64 -w0 < key.pem   (macOS: base64 -b0 < key.pem)`;
const ENCODE = advice`${ENCODING}`;
const DECODED_ONCE =
  'Kubernetes decodes what is under `data` of a Secret once: put the base64 under `stringData`, or encode it once more.';
const PUT_BACK = 'on a running installation: put back the key that it was installed with';
/** A live installation never needs a new key: it would lose all that the old one encrypts. */
const ANOTHER_KEY = advice`before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`;
const EXPECTED = 'base64 of the PEM file of an RSA private key without a passphrase';

type KeyMessages = Pick<Issue, 'title' | 'detail' | 'fix'>;

const WORDS: Record<Exclude<Fault, 'algorithm'>, KeyMessages> = {
  placeholder: { title: `${KEY} still holds a placeholder`, fix: ANOTHER_KEY },
  quoted: { title: `quotes became part of ${KEY}`, fix: advice`remove the quotes around the value of ${KEY}` },
  path: {
    title: `${KEY} is a file's path, not the key itself`,
    detail: 'Spacelift opens no file for it.',
    fix: advice`set ${KEY} to the output of: base64 -w0 < the-file`,
  },
  'raw-pem': {
    title: `${KEY} is a PEM file as it is, without base64 around it`,
    detail: DECODED_ONCE,
    fix: ENCODE,
  },
  'literal-newlines': {
    title: `${KEY} has a backslash and an n where line breaks belong`,
    detail: 'Something escaped the line breaks on the way: JSON, a quoted dotenv value, a CI variable.',
    fix: ENCODE,
  },
  spaces: {
    title: `${KEY} has white space in its base64`,
    detail: 'Line breaks are fine, spaces and tabs are not: a folded YAML value (`>`) turns the one into the other.',
    fix: ENCODE,
  },
  'url-alphabet': {
    title: `${KEY} is in the URL-safe alphabet of base64 (- and _)`,
    detail: 'Spacelift reads the standard alphabet (+ and /).',
    fix: ENCODE,
  },
  unpadded: {
    title: `${KEY} lacks the = at the end of its base64`,
    detail: 'The key is complete, but the padding was cut off on the way.',
    fix: ENCODE,
  },
  'not-base64': {
    title: `${KEY} is not base64`,
    detail: 'It holds characters that base64 does not have, or has = in its middle.',
    fix: ENCODE,
  },
  'double-base64': {
    title: `${KEY} is encoded twice: base64 of base64`,
    detail: 'Kubernetes encodes what is under `stringData` of a Secret by itself.',
    fix: advice`encode the file once; set ${KEY} to the output of: base64 -w0 < key.pem`,
  },
  der: {
    title: `${KEY} is base64 of the binary form (DER), not of a PEM file`,
    detail: 'Or it is the body of the PEM file without its BEGIN and END lines.',
    fix: advice`set ${KEY} to the output of: ${pipe(sh`openssl rsa -inform DER -in key.der`, sh`base64 -w0`)}`,
  },
  'not-pem': {
    title: `${KEY} is base64, but not of a PEM file`,
    detail: 'What it decodes to has no line -----BEGIN RSA PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----.',
    fix: ENCODE,
  },
  encoding: {
    title: `the PEM file in ${KEY} is saved as UTF-16, or with a byte order mark`,
    detail: 'PowerShell’s > and some editors on Windows do that.',
    fix: advice`save it as ASCII (iconv -f utf-16 -t ascii, or dos2unix), then: base64 -w0 < key.pem`,
  },
  lines: {
    title: `the line structure of the PEM file in ${KEY} is broken`,
    detail:
      'The BEGIN and END lines must stand alone, at the start of a line: an unquoted shell variable loses line breaks, YAML adds spaces.',
    fix: advice`${ENCODING}\nread the file itself, not a variable: echo $VALUE makes one line of it`,
  },
  truncated: {
    title: `${KEY} is cut off`,
    detail: 'The BEGIN or the END line of the PEM file is missing.',
    fix: advice`${ENCODING}\nwithout -w0 some tools keep only the first line of the output`,
  },
  'several-blocks': {
    title: `${KEY} holds more than the one private key`,
    detail: 'The PEM file has several blocks, such as a certificate beside the key.',
    fix: advice`set ${KEY} to the output of: ${pipe(sh`openssl rsa -in key.pem`, sh`base64 -w0`)}`,
  },
  encrypted: {
    title: `the private key in ${KEY} is protected by a passphrase`,
    detail: 'Spacelift has no way to be told the passphrase.',
    fix: advice`openssl rsa -in key.pem -out plain.pem\nthen set ${KEY} to the output of: base64 -w0 < plain.pem`,
  },
  openssh: {
    title: `${KEY} is in OpenSSH’s own format, not PKCS#1 or PKCS#8`,
    fix: advice`if it is an RSA key, convert it in place: ssh-keygen -p -m PEM -N '' -f key.pem\nthen set ${KEY} to the output of: base64 -w0 < key.pem`,
  },
  certificate: {
    title: `${KEY} is a certificate, not a private key`,
    fix: advice`encode the key that belongs to it: base64 -w0 < key.pem\nor, before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`,
  },
  'certificate-request': {
    title: `${KEY} is a certificate signing request, not a private key`,
    detail: '`openssl req -new -keyout spacelift.key` prints the request, and writes the key into the file.',
    fix: advice`set ${KEY} to the output of: base64 -w0 < spacelift.key`,
  },
  'public-key': {
    title: `${KEY} is a public key, not the private one`,
    fix: advice`encode the private key that belongs to it: base64 -w0 < key.pem\nor, before installation: set ${KEY} to the output of: ${GENERATE}\n${PUT_BACK}`,
  },
  damaged: {
    title: `${KEY} is a PEM file, but the key in it is damaged`,
    detail: 'It begins and ends as a private key does; what lies between does not parse.',
    fix: advice`${ENCODING}\nto see whether the file itself is sound: openssl rsa -in key.pem -check -noout`,
  },
  inconsistent: {
    title: `the parts of the RSA key in ${KEY} do not belong together`,
    detail: 'The key parses, but its primes, exponents or CRT values contradict its modulus.',
    fix: advice`${ENCODING}\nto see whether the file itself is sound: openssl rsa -in key.pem -check -noout`,
  },
};

/** Names whose first sound is a vowel. */
const VOWEL = /^[AERX]/;

export function issueOf({ fault, algorithm = '' }: KeyFault): Issue {
  const { title, ...more } = fault === 'algorithm' ? otherAlgorithm(algorithm) : WORDS[fault];
  const evidence = { variable: KEY, fault, ...(algorithm !== '' && { algorithm }) };
  return fail(title, { expected: EXPECTED, ...more, evidence, cause: cause.finding(encryptionFinding('rsa/key')) });
}

const otherAlgorithm = (name: string): KeyMessages => ({
  title: `${KEY} is ${VOWEL.test(name) ? 'an' : 'a'} ${name} key, not an RSA key`,
  ...(name === 'RSA-PSS' && { detail: 'A key of this type can sign, but not encrypt.' }),
  fix: ANOTHER_KEY,
});
