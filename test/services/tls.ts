/** Certificates made on the spot: a private authority, what it issues, and certificates that nobody vouches for. */
import 'reflect-metadata';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface Certificate {
  certPem: string;
  /** PKCS #8. */
  keyPem: string;
}

export interface IssueOptions {
  /** DNS names and IP addresses of the certificate: what a client that verifies names accepts. May be empty. */
  names: string[];
  /** Valid from yesterday unless told. */
  notBefore?: Date;
  /** Valid for 30 days unless told. */
  notAfter?: Date;
  /** The first of the names unless told. */
  commonName?: string;
  /** Good for clients too, not for servers only. */
  clientAuth?: boolean;
}

export interface CertificateAuthority extends Certificate {
  /** Signs a new certificate with a new key. `chainPem` is the certificate followed by the authority's. */
  issue(options: IssueOptions): Promise<Certificate & { chainPem: string }>;
  /** An authority below this one. */
  issueAuthority(name: string): Promise<CertificateAuthority>;
}

const { Ecdsa, day } = { Ecdsa: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, day: 86_400_000 };

const newKeys = () => crypto.subtle.generateKey(Ecdsa, true, ['sign', 'verify']);
const inDays = (days: number) => new Date(Date.now() + days * day);
const nameOf = (commonName: string) => [{ CN: [commonName] }];

async function privatePem(keys: { privateKey: CryptoKey }): Promise<string> {
  const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return `${x509.PemConverter.encode(der, x509.PemConverter.PrivateKeyTag)}\n`;
}

const certificatePem = (certificate: x509.X509Certificate) => `${certificate.toString('pem')}\n`;

function leafExtensions({ names, clientAuth = false }: IssueOptions): x509.Extension[] {
  const { serverAuth, clientAuth: client } = x509.ExtendedKeyUsage;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(clientAuth ? [serverAuth, client] : [serverAuth]),
  ];
  if (names.length > 0) {
    const alternatives = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new x509.SubjectAlternativeNameExtension(alternatives));
  }
  return extensions;
}

const validity = (options: IssueOptions) => ({
  notBefore: options.notBefore ?? inDays(-1),
  notAfter: options.notAfter ?? inDays(30),
});

const commonNameOf = ({ commonName, names }: IssueOptions) => commonName ?? names[0] ?? 'unnamed';

/** Makes an authority with an EC P-256 key, valid from a year ago for eleven years, so that it outlives expired leaves. */
export const makeCa = ({ name = 'Preflight test authority' }: { name?: string } = {}): Promise<CertificateAuthority> =>
  newAuthority(name, undefined);

/** @param above the authority that signs the new one; itself otherwise */
async function newAuthority(name: string, above: Signer | undefined): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const signer = above ?? { subject: new x509.Name(nameOf(name)), keys };
  const certificate = await x509.X509CertificateGenerator.create({
    subject: nameOf(name),
    issuer: signer.subject,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: Ecdsa,
    notBefore: inDays(-365),
    notAfter: inDays(3650),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(above === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(above.keys.publicKey)]),
    ],
  });
  const certPem = certificatePem(certificate);
  const own: Signer = { subject: certificate.subjectName, keys };

  const issue = async (options: IssueOptions) => {
    const leafKeys = await newKeys();
    const leaf = await x509.X509CertificateGenerator.create({
      subject: nameOf(commonNameOf(options)),
      issuer: own.subject,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: Ecdsa,
      ...validity(options),
      extensions: [
        ...leafExtensions(options),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
      ],
    });
    const leafPem = certificatePem(leaf);
    return { certPem: leafPem, keyPem: await privatePem(leafKeys), chainPem: leafPem + certPem };
  };
  return {
    certPem,
    keyPem: await privatePem(keys),
    issue,
    issueAuthority: (below) => newAuthority(below, own),
  };
}

interface Signer {
  readonly subject: x509.Name;
  readonly keys: Awaited<ReturnType<typeof newKeys>>;
}

/** Makes a server's certificate that is its own and only issuer. */
export async function selfSigned(options: IssueOptions): Promise<Certificate> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: nameOf(commonNameOf(options)),
    keys,
    signingAlgorithm: Ecdsa,
    ...validity(options),
    extensions: leafExtensions(options),
  });
  return { certPem: certificatePem(certificate), keyPem: await privatePem(keys) };
}
