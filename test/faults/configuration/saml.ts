/** What people put into SAML_CERT and SAML_KEY. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { base64, pkcs8, rsa } from '../../checks/encryption/keys.ts';
import { CA, issued } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

const CERT = 'SAML_CERT';
const KEY = 'SAML_KEY';
const days = (count: number) => new Date(Date.now() + count * 86_400_000);
const text = (value = '') => Buffer.from(value, 'base64').toString();

/** The healthy pair, as PEM files, in another form. */
const pair =
  (form: (cert: string, key: string) => { cert?: string; key?: string }): Arrange =>
  ({ variables }) => {
    const { cert, key } = form(text(variables[CERT]), text(variables[KEY]));
    return { variables: { ...(cert !== undefined && { [CERT]: cert }), ...(key !== undefined && { [KEY]: key }) } };
  };

/** A pair that belongs together. */
const valid =
  (from: number, to: number): Arrange =>
  async () => {
    const { cert, key } = await issued(['spacelift.corp.internal'], { notBefore: days(from), notAfter: days(to) });
    return { variables: { [CERT]: base64(cert), [KEY]: base64(key) } };
  };

const encrypted = (key: string) =>
  createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a-passphrase' });

const cert = (name: string, form: (cert: string, key: string) => string, says: RegExp): Fault => ({
  name: `a SAML certificate ${name}`,
  arrange: pair((held, key) => ({ cert: form(held, key) })),
  fail: ['login/saml/certificate'],
  says,
});
const key = (name: string, form: (key: string, cert: string) => string, says: RegExp): Fault => ({
  name: `a SAML key ${name}`,
  arrange: pair((held, its) => ({ key: form(its, held) })),
  fail: ['login/saml/key'],
  says,
});

export const SAML: readonly Fault[] = [
  cert('that is a PEM file', (pem) => pem, /^SAML_CERT is a PEM file that is not base64-encoded$/m),
  cert('encoded twice', (pem) => base64(base64(pem)), /^SAML_CERT is base64-encoded twice$/m),
  cert(
    'in DER form',
    (pem) => new X509Certificate(pem).raw.toString('base64'),
    /^SAML_CERT is base64 of a DER file, not of a PEM file$/m,
  ),
  cert('that is cut off', (pem) => base64(pem.slice(0, 200)), /^SAML_CERT is truncated$/m),
  cert('that is a path', () => '/etc/spacelift/saml.crt', /^SAML_CERT is a file path, not the certificate itself$/m),
  cert(
    'that is a public key',
    (pem) => base64(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'pem' })),
    /^SAML_CERT is a public key, not a certificate$/m,
  ),
  cert(
    'that is another private key',
    () => base64(pkcs8(rsa(2048))),
    /^SAML_CERT is a private key, not a certificate$/m,
  ),
  cert(
    'with a damaged body',
    (pem) => base64(pem.replace(/M/, 'N')),
    /^SAML_CERT is a PEM file with a damaged certificate$/m,
  ),
  cert('behind its private key', (pem, its) => base64(`${its}${pem}`), /^SAML_CERT starts with the private key$/m),
  {
    name: 'a SAML certificate with its private key',
    arrange: pair((held, its) => ({ cert: base64(`${held}${CA.certPem}${its}`) })),
    warn: ['login/saml/certificate'],
    says: /^SAML_CERT also contains the private key$/m,
  },
  key('that is a PEM file', (pem) => pem, /^SAML_KEY is a PEM file that is not base64-encoded$/m),
  key(
    'with a passphrase',
    (pem) => base64(encrypted(pem)),
    /^the private key in SAML_KEY is protected by a passphrase/,
  ),
  key(
    'in DER form',
    (pem) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    /^SAML_KEY is base64 of a DER file, not of a PEM file$/m,
  ),
  key(
    'that is its public half',
    (pem) => base64(createPublicKey(pem).export({ type: 'spki', format: 'pem' })),
    /^SAML_KEY is a public key, not a private key$/m,
  ),
  key('that is the certificate', (_, its) => base64(its), /^SAML_KEY is a certificate, not a private key$/m),
  key(
    'of another certificate',
    () => base64(pkcs8(rsa(2048))),
    /^SAML_KEY does not belong to the certificate in SAML_CERT$/m,
  ),
  {
    name: 'a SAML certificate and its key, swapped',
    arrange: pair((held, its) => ({ cert: base64(its), key: base64(held) })),
    fail: ['login/saml/certificate'],
    says: /^SAML_CERT contains the private key, and SAML_KEY the certificate$/m,
  },
  {
    name: 'a SAML certificate that has expired',
    arrange: valid(-60, -3),
    fail: ['login/saml/certificate'],
    says: /^the SAML certificate expired on \d{4}-\d\d-\d\d$/m,
  },
  {
    name: 'a SAML certificate that is not valid yet',
    arrange: valid(2, 400),
    fail: ['login/saml/certificate'],
    says: /^the SAML certificate is not valid until \d{4}-\d\d-\d\d$/m,
  },
  {
    name: 'a SAML certificate that expires soon',
    arrange: valid(-300, 10.5),
    warn: ['login/saml/certificate'],
    says: /^the SAML certificate expires in 10 days$/m,
  },
  {
    name: 'a SAML pair in base64 of several lines, with the chain of the certificate',
    arrange: pair((held, its) => ({
      cert: base64(`${held}${CA.certPem}`).replace(/.{76}/g, '$&\n'),
      key: base64(its).replace(/.{76}/g, '$&\r\n'),
    })),
  },
];
