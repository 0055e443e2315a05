/** The messages for variables that must be base64 of a PEM file. The value itself is never quoted. */
import type { Cause } from '../../outcome/cause.ts';
import { advice, type Fix, pipe, sh } from '../../outcome/fix.ts';
import { fail, type Issue } from '../../outcome/outcome.ts';
import type { CertificateFault } from './certificate.ts';
import type { PrivateKeyFault } from './private-key.ts';

/** A variable that contains such a file. */
export interface PemVariable {
  readonly name: string;
  readonly holds: 'private key' | 'certificate';
  readonly expected: string;
  /** The PEM file in fixes. */
  readonly file: string;
  /** The fix if the file is none that can be used: "before installation: set …". */
  readonly another: Fix;
  readonly cause: Cause;
}

export type PemFault = PrivateKeyFault | CertificateFault;

type Messages = Pick<Issue, 'title' | 'detail' | 'fix'>;

const DECODED_ONCE =
  'Kubernetes decodes values under `data` in a Secret once: put the base64 under `stringData`, or encode it once more.';

const messagesOf = ({ name, holds, file, another }: PemVariable): Record<Exclude<PemFault, 'algorithm'>, Messages> => {
  const encoding = `set ${name} to the output of: base64 -w0 < ${file}   (macOS: base64 -b0 < ${file})`;
  const encode = advice`${encoding}`;
  const verify = holds === 'certificate' ? `openssl x509 -in ${file} -noout` : `openssl rsa -in ${file} -check -noout`;
  const verifying = advice`${encoding}\nto verify the file itself: ${verify}`;
  const line =
    holds === 'certificate' ? 'CERTIFICATE----- line' : 'RSA PRIVATE KEY----- or -----BEGIN PRIVATE KEY----- line';
  const instead = (what: string) => advice`encode ${what}: base64 -w0 < ${file}\nor, ${another}`;
  const is = (what: string) => `${name} is a ${what}, not a ${holds}`;
  return {
    placeholder: { title: `${name} still contains a placeholder`, fix: another },
    quoted: { title: `${name} contains quotes`, fix: advice`remove the quotes around the value of ${name}` },
    path: {
      title: `${name} is a file path, not the ${holds === 'certificate' ? 'certificate' : 'key'} itself`,
      detail: `Spacelift does not read the ${holds === 'certificate' ? 'certificate' : 'key'} from a file.`,
      fix: advice`set ${name} to the output of: base64 -w0 < the-file`,
    },
    'raw-pem': { title: `${name} is a PEM file that is not base64-encoded`, detail: DECODED_ONCE, fix: encode },
    'literal-newlines': {
      title: `${name} contains backslash-n sequences instead of newlines`,
      detail: 'The newlines were escaped in transit: by JSON, a quoted dotenv value, or a CI variable.',
      fix: encode,
    },
    spaces: {
      title: `${name} contains whitespace in its base64`,
      detail:
        'Newlines are allowed, but spaces and tabs are not: a folded YAML value (`>`) turns newlines into spaces.',
      fix: encode,
    },
    'url-alphabet': {
      title: `${name} uses the URL-safe base64 alphabet (- and _)`,
      detail: 'Spacelift accepts only the standard alphabet (+ and /).',
      fix: encode,
    },
    unpadded: {
      title: `${name} lacks the = padding at the end of its base64`,
      detail: `The ${holds === 'certificate' ? 'certificate' : 'key'} is complete, but the padding was cut off in transit.`,
      fix: encode,
    },
    'not-base64': {
      title: `${name} is not base64`,
      detail: 'It contains characters that are not valid in base64, or has = before the end.',
      fix: encode,
    },
    'double-base64': {
      title: `${name} is base64-encoded twice`,
      detail: 'Kubernetes encodes values under `stringData` in a Secret automatically.',
      fix: advice`encode the file once; set ${name} to the output of: base64 -w0 < ${file}`,
    },
    der: {
      title: `${name} is base64 of a DER file, not of a PEM file`,
      detail: 'Alternatively, it is the body of the PEM file without its BEGIN and END lines.',
      fix: advice`set ${name} to the output of: ${fromDer(holds, file)}`,
    },
    'not-pem': {
      title: `${name} is base64, but not of a PEM file`,
      detail: `The decoded text contains no -----BEGIN ${line}.`,
      fix: encode,
    },
    encoding: {
      title: `the PEM file in ${name} is saved as UTF-16 or with a byte order mark`,
      detail: 'PowerShell’s > operator and some Windows editors do this.',
      fix: advice`save it as ASCII (iconv -f utf-16 -t ascii, or dos2unix), then: base64 -w0 < ${file}`,
    },
    lines: {
      title: `the line structure of the PEM file in ${name} is broken`,
      detail:
        'The BEGIN and END lines must be on their own lines without indentation: an unquoted shell variable loses newlines, and YAML can add spaces.',
      fix: advice`${encoding}\nread the file itself, not a variable: echo $VALUE joins all lines`,
    },
    truncated: {
      title: `${name} is truncated`,
      detail: 'The BEGIN or END line of the PEM file is missing.',
      fix: advice`${encoding}\nwithout -w0, some tools keep only the first line of the output`,
    },
    'several-blocks': {
      title: `${name} contains more than one PEM block`,
      detail: 'The PEM file contains other blocks in addition to the key, such as a certificate.',
      fix: advice`set ${name} to the output of: ${pipe(sh`openssl rsa -in ${file}`, sh`base64 -w0`)}`,
    },
    encrypted: {
      title: `the private key in ${name} is protected by a passphrase`,
      detail: 'Spacelift does not support a passphrase.',
      fix: advice`openssl rsa -in ${file} -out plain.pem\nthen set ${name} to the output of: base64 -w0 < plain.pem`,
    },
    openssh: {
      title: `${name} is in OpenSSH format, not PKCS#1 or PKCS#8`,
      fix: advice`if it is an RSA key, convert it in place: ssh-keygen -p -m PEM -N '' -f ${file}\nthen set ${name} to the output of: base64 -w0 < ${file}`,
    },
    certificate: { title: is('certificate'), fix: instead('the key that belongs to the certificate') },
    'private-key': { title: is('private key'), fix: instead('the certificate that belongs to the key') },
    'private-key-first': {
      title: `${name} starts with the private key`,
      detail: LEAKED_KEY,
      fix: withoutKey(name, file),
    },
    'certificate-request': {
      title: is('certificate signing request'),
      ...(holds === 'private key' && {
        detail: '`openssl req -new -keyout spacelift.key` prints the request and writes the key to the file.',
      }),
      fix:
        holds === 'private key'
          ? advice`set ${name} to the output of: base64 -w0 < spacelift.key`
          : instead('the certificate that was issued for it'),
    },
    'public-key': { title: is('public key'), fix: instead(`the matching ${holds}`) },
    damaged: {
      title: `${name} is a PEM file with a damaged ${holds === 'certificate' ? 'certificate' : 'key'}`,
      detail: `The BEGIN and END lines are those of a ${holds}, but the content between them does not parse.`,
      fix: verifying,
    },
    inconsistent: {
      title: `the parts of the RSA key in ${name} are inconsistent`,
      detail: 'The key parses, but its primes, exponents or CRT values do not match its modulus.',
      fix: verifying,
    },
  };
};

/** Of a certificate with its private key in the same file. */
export const LEAKED_KEY =
  'A certificate is public: it is stored and passed on without the protection that its private key needs.';
export const withoutKey = (name: string, file: string): Fix =>
  advice`set ${name} to the output of: ${pipe(sh`openssl x509 -in ${file}`, sh`base64 -w0`)}\nif others could read ${name}, create a new key and certificate`;

const fromDer = (holds: PemVariable['holds'], file: string) => {
  const der = file.replace(/\.\w+$/, '.der');
  const read =
    holds === 'certificate' ? sh`openssl x509 -inform DER -in ${der}` : sh`openssl rsa -inform DER -in ${der}`;
  return pipe(read, sh`base64 -w0`);
};

/** Names that start with a vowel sound. */
const VOWEL = /^[AERX]/;

const otherAlgorithm = ({ name, another }: PemVariable, algorithm: string): Messages => ({
  title: `${name} is ${VOWEL.test(algorithm) ? 'an' : 'a'} ${algorithm} key, not an RSA key`,
  ...(algorithm === 'RSA-PSS' && { detail: 'A key of this type can sign but not encrypt.' }),
  fix: another,
});

/** The failure for a value that is not what the variable must contain. */
export function pemIssue(
  variable: PemVariable,
  { fault, algorithm = '' }: { readonly fault: PemFault; readonly algorithm?: string },
): Issue {
  const { title, ...more } = fault === 'algorithm' ? otherAlgorithm(variable, algorithm) : messagesOf(variable)[fault];
  const evidence = { variable: variable.name, fault, ...(algorithm !== '' && { algorithm }) };
  return fail(title, { expected: variable.expected, ...more, evidence, cause: variable.cause });
}
