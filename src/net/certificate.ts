/** The contents of a certificate, as a report shows them. */
import type { X509Certificate } from 'node:crypto';

export interface PeerCertificate {
  /** Distinguished names, one line: "CN=spacelift.example.com, O=…". */
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and addresses that it is valid for. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint: string;
}

/** A longer chain is a loop. */
const LONGEST_CHAIN = 10;

/** The certificate followed by its issuers. */
export function chainOf(certificate: X509Certificate | undefined): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  for (let next = certificate; next !== undefined && chain.length < LONGEST_CHAIN; next = next.issuerCertificate) {
    chain.push(describe(next));
  }
  return chain;
}

/** The contents of one certificate. */
export function describe(certificate: X509Certificate): PeerCertificate {
  const oneLine = (name: string | undefined) => (name ?? '').split('\n').join(', ');
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: (certificate.subjectAltName ?? '').match(/(?<=(DNS|IP Address):)[^,"]+/g) ?? [],
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

const DAY_MS = 86_400_000;
/** Soon is within this many days or this share of the lifetime, whichever is less: short-lived certificates are renewed late. */
const SOON = { days: 14, share: 1 / 5 };

/** The number of whole days until a certificate expires, if that is soon; `undefined` if it is not. Negative once it has. */
export function daysLeft({ validFrom, validTo }: Pick<PeerCertificate, 'validFrom' | 'validTo'>): number | undefined {
  const left = validTo.getTime() - Date.now();
  const lifetime = validTo.getTime() - validFrom.getTime();
  return left > Math.min(SOON.days * DAY_MS, lifetime * SOON.share) ? undefined : Math.floor(left / DAY_MS);
}

/** The common name in a distinguished name, or the whole name if it has none. */
export const commonName = (name: string): string => /(?:^|, )CN=([^,]+)/.exec(name)?.[1] ?? name;
