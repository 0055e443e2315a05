/** Whom TLS trusts: Node's own roots, the system's store, and what the deployment and the options add. */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { Deployment } from './config/deployment.ts';

/** The certificate authorities as PEM, read when first asked for: the system's store costs tens of milliseconds. */
export function authorities(deployment: Deployment, extra: string | undefined): () => readonly string[] {
  let known: readonly string[] | undefined;
  return () => {
    known ??= [
      ...new Set([
        ...tls.getCACertificates('default'),
        ...tls.getCACertificates('system'),
        ...tls.getCACertificates('extra'),
        ...certificatesIn(extra ?? ''),
        ...deployment.authorities.flatMap(certificatesIn),
        ...[deployment.environment.SSL_CERT_FILE].flatMap((path) => certificatesIn(readIfThere(path))),
      ]),
    ];
    return known;
  };
}

/** The single certificates of a PEM bundle. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function readIfThere(path: string | undefined): string {
  if (path === undefined || path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
