/** What people put into ENCRYPTION_RSA_PRIVATE_KEY. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { altered, base64, pkcs1, pkcs8, rsa } from '../../checks/encryption/keys.ts';
import { makeCa } from '../../services/tls.ts';
import type { Arrange, Fault } from '../fault.ts';

const NAME = 'ENCRYPTION_RSA_PRIVATE_KEY';
const KEY = ['encryption/rsa/key'];
const SIZE = ['encryption/rsa/size'];

/** The healthy key in another form. */
const key =
  (form: (key: KeyObject) => string | Promise<string>): Arrange =>
  async ({ variables }) => ({
    variables: { [NAME]: await form(createPrivateKey(Buffer.from(variables[NAME] ?? '', 'base64'))) },
  });
const pem = (form: (key: KeyObject) => string | Buffer): Arrange => key((good) => base64(form(good)));
const relabelled = (text: string, label: string) => text.replaceAll('PRIVATE KEY', label);
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const alone = (rule: string) => ({ only: [`encryption/${rule}`] });

export const RSA: readonly Fault[] = [
  {
    name: 'PEM not base64-encoded',
    arrange: key(pkcs8),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a PEM file that is not base64-encoded$/m,
  },
  {
    name: 'key encoded twice',
    arrange: pem((good) => base64(pkcs8(good))),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is base64-encoded twice$/m,
  },
  {
    name: 'EC key instead of RSA',
    arrange: pem(() => pkcs8(ec())),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is an EC key, not an RSA key$/m,
  },
  {
    name: 'key that can sign only',
    arrange: pem(() => pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey)),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is an RSA-PSS key, not an RSA key\nA key of this type can sign but not encrypt/,
  },
  {
    name: 'passphrase-protected key',
    arrange: pem((good) =>
      good.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret-passphrase' }),
    ),
    fail: KEY,
    says: /^the private key in ENCRYPTION_RSA_PRIVATE_KEY is protected by a passphrase$/m,
  },
  {
    name: 'public key instead of the private one',
    arrange: pem((good) => createPublicKey(good).export({ format: 'pem', type: 'spki' })),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a public key, not a private key$/m,
  },
  {
    name: 'certificate instead of the key',
    arrange: key(async () => base64((await makeCa()).certPem)),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a certificate, not a private key$/m,
  },
  {
    name: 'certificate request instead of the key',
    arrange: pem((good) => relabelled(pkcs8(good), 'CERTIFICATE REQUEST')),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a certificate signing request, not a private key$/m,
  },
  {
    name: 'key in OpenSSH’s format',
    arrange: pem((good) => relabelled(pkcs8(good), 'OPENSSH PRIVATE KEY')),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is in OpenSSH format/m,
  },
  {
    name: 'key in the binary form',
    arrange: pem((good) => good.export({ format: 'der', type: 'pkcs8' })),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is base64 of a DER file, not of a PEM file$/m,
  },
  {
    name: 'key with a certificate beside it',
    arrange: key(async (good) => base64(`${pkcs8(good)}${(await makeCa()).certPem}`)),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY contains more than one PEM block$/m,
  },
  {
    name: 'key whose first line alone is left',
    arrange: key((good) => base64(pkcs8(good)).slice(0, 76)),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is truncated$/m,
  },
  {
    name: 'key that lost its line breaks in a shell',
    arrange: pem((good) => pkcs8(good).replaceAll('\n', ' ')),
    fail: KEY,
    says: /^the line structure of the PEM file in ENCRYPTION_RSA_PRIVATE_KEY is broken$/m,
  },
  {
    name: 'key with escaped line breaks',
    arrange: pem((good) => pkcs8(good).replaceAll('\n', '\\n')),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY contains backslash-n sequences instead of newlines$/m,
  },
  {
    name: 'key folded by YAML',
    arrange: key((good) => base64(pkcs8(good)).replace(/.{76}/g, '$& ')),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY contains whitespace in its base64$/m,
  },
  {
    name: 'key saved by PowerShell',
    arrange: pem((good) => Buffer.from(`\ufeff${pkcs8(good)}`, 'utf16le')),
    fail: KEY,
    says: /^the PEM file in ENCRYPTION_RSA_PRIVATE_KEY is saved as UTF-16 or with a byte order mark$/m,
  },
  {
    name: 'key in quotes',
    arrange: key((good) => `"${base64(pkcs8(good))}"`),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY contains quotes$/m,
  },
  {
    name: 'path of the key',
    arrange: key(() => '/etc/spacelift/rsa.pem'),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a file path, not the key itself$/m,
  },
  {
    name: 'key as the guide has it',
    arrange: key(() => '<base64-encoded-key>'),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY still contains a placeholder$/m,
  },
  {
    name: 'key with lines missing',
    arrange: pem((good) => pkcs8(good).split('\n').toSpliced(3, 2).join('\n')),
    fail: KEY,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a PEM file with a damaged key$/m,
  },
  {
    name: 'key with parts of another',
    arrange: pem((good) => altered(good, ({ d }) => ({ d: d + 2n }))),
    fail: KEY,
    says: /^the parts of the RSA key in ENCRYPTION_RSA_PRIVATE_KEY are inconsistent$/m,
  },
  {
    name: 'key of 1024 bits',
    arrange: pem(() => pkcs8(rsa(1024))),
    fail: SIZE,
    says: /^the RSA key has only 1024 bits$/m,
  },
  {
    name: 'key of 2048 bits',
    arrange: pem(() => pkcs8(rsa(2048))),
    warn: SIZE,
    says: /^the RSA key has 2048 bits, not 4096$/m,
  },
  {
    name: 'key with an exponent that Go refuses',
    arrange: pem(() => pkcs8(rsa(2048, 2 ** 31 + 11))),
    fail: SIZE,
    says: /^the public exponent of the RSA key exceeds the limit in Go$/m,
  },
  {
    name: 'key too short to wrap another, tried alone',
    arrange: pem(() => pkcs8(rsa(512))),
    fail: ['encryption/rsa/round-trip'],
    says: /^the RSA key can't encrypt and decrypt$/m,
    options: alone('rsa/round-trip'),
  },
  {
    name: 'PEM not base64-encoded, and the choice looked at alone',
    arrange: key(pkcs8),
    fail: ['encryption/choice'],
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a PEM file that is not base64-encoded$/m,
    options: alone('choice'),
  },
  {
    name: 'public key instead of the private one, and its exposure looked at alone',
    arrange: pem((good) => createPublicKey(good).export({ format: 'pem', type: 'spki' })),
    fail: ['encryption/rsa/exposure'],
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is a public key, not a private key$/m,
    options: alone('rsa/exposure'),
  },
  { name: 'key in PKCS#1', arrange: pem(pkcs1) },
  { name: 'key with line breaks in its base64', arrange: key((good) => base64(pkcs8(good)).replace(/.{76}/g, '$&\n')) },
  { name: 'key with the line ends of Windows', arrange: pem((good) => pkcs8(good).replaceAll('\n', '\r\n')) },
];
