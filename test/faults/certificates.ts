/** Certificates that are wrong, each in its way, and what is said of them. */
import type { TlsOptions } from 'node:tls';
import { type CertificateAuthority, makeCa, selfSigned } from '../services/tls.ts';
import { OLD_TLS } from '../services/tls-front.ts';

/** An authority that nobody trusts unless told. */
export const CA: CertificateAuthority = await makeCa({ name: 'Corp CA' });

/** The value of ADDITIONAL_ROOT_CAS that has Spacelift trust `CA`. */
export const ROOT_CAS = Buffer.from(
  JSON.stringify({ caCertificates: [Buffer.from(CA.certPem).toString('base64')] }),
).toString('base64');

const days = (count: number) => new Date(Date.now() + count * 86_400_000);
/** 2026-01-31, so many days from now. */
const on = (count: number) => days(count).toISOString().slice(0, 10);

export interface WrongTls {
  /** "certificate that has expired". */
  readonly name: string;
  readonly says: RegExp;
  /** Whether `CA` is to be trusted, so that this one thing alone is wrong. */
  readonly trusted: boolean;
  readonly make: (host: string) => Promise<TlsOptions>;
}

/** What a server shows that has a certificate of the authority. */
export async function issued(
  names: string[],
  validity: { notBefore?: Date; notAfter?: Date } = {},
): Promise<{ cert: string; key: string }> {
  const { chainPem, keyPem } = await CA.issue({ names, ...validity });
  return { cert: chainPem, key: keyPem };
}

export const WRONG_TLS: readonly WrongTls[] = [
  {
    name: 'a certificate that is self-signed',
    says: /self-signed/,
    trusted: false,
    make: async (host) => {
      const { certPem, keyPem } = await selfSigned({ names: [host] });
      return { cert: certPem, key: keyPem };
    },
  },
  {
    name: 'a certificate that has expired',
    says: new RegExp(`expired on ${on(-1)}`),
    trusted: true,
    make: (host) => issued([host], { notBefore: days(-20), notAfter: days(-1) }),
  },
  {
    name: 'a certificate that is not valid yet',
    says: new RegExp(`not valid until ${on(2)}`),
    trusted: true,
    make: (host) => issued([host], { notBefore: days(2) }),
  },
  {
    name: 'a certificate of another name',
    says: /is for other\.corp\.io, not for /,
    trusted: true,
    make: () => issued(['other.corp.io']),
  },
  {
    name: 'a certificate of an unknown authority',
    says: /signed by Corp CA, a certificate authority \(CA\) that is not trusted here/,
    trusted: false,
    make: (host) => issued([host]),
  },
  {
    name: 'TLS 1.1 at most',
    says: /a TLS version that is in use/,
    trusted: true,
    make: async (host) => ({ ...(await issued([host])), ...OLD_TLS }),
  },
];
