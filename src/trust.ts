/** Whom TLS trusts: Node's own roots, the system's store, and what the deployment and the options add. */
import { readFileSync } from 'node:fs';
import tls, { type SecureContext } from 'node:tls';
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

const contexts = new WeakMap<readonly string[], SecureContext>();

/**
 * What trusts these authorities. The same list gives the same one, for all connections of a run: reading hundreds of
 * certificates takes longer than a hand-shake, and keeps everything else waiting.
 */
export function trusting(authorities: readonly string[]): SecureContext {
  const context = contexts.get(authorities) ?? tls.createSecureContext({ ca: [...authorities] });
  contexts.set(authorities, context);
  return context;
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
