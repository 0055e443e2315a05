/** The certificate authorities that the system trusts. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';

export interface Places {
  /** The first of these that can be read counts. */
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** Where Go, in which Spacelift is written, finds them on Linux (`crypto/x509`, `root_linux.go`). */
const LINUX: Places = {
  files: [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/pki/tls/cacert.pem',
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    '/etc/ssl/cert.pem',
  ],
  directories: ['/etc/ssl/certs', '/etc/pki/tls/certs'],
};

/**
 * PEM. On Linux, read as Go does: OpenSSL, and with it Node, reads each of them three times there, which takes a run longer than
 * all of its handshakes.
 * @param more directories, as in SSL_CERT_DIR
 */
export function systemAuthorities(more: readonly string[] = [], platform = process.platform): string[] {
  if (platform !== 'linux') return tls.getCACertificates('system');
  return authoritiesAt({ ...LINUX, directories: [...LINUX.directories, ...more] });
}

/** Those in the first of the files that has any, and in all other files of the directories. */
export function authoritiesAt({ files, directories }: Places): string[] {
  const read = new Map<string, readonly string[]>();
  for (const path of files) {
    const found = certificatesIn(readIfThere(path));
    read.set(path, found);
    if (found.length > 0) break;
  }
  for (const path of directories.flatMap(entriesOf)) {
    if (!read.has(path)) read.set(path, certificatesIn(readIfThere(path)));
  }
  return [...read.values()].flat();
}

/** Without what only points to another entry: OpenSSL finds certificates by links that have hashes for names. */
function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .map((entry) => ({ entry, path: join(directory, entry.name) }))
      .filter(({ entry, path }) => !entry.isSymbolicLink() || readlinkSync(path).includes('/'))
      .map(({ path }) => path);
  } catch {
    return [];
  }
}

/** The text of a file; empty if it is not there, not a regular file, or must not be read. */
export function readIfThere(path: string | undefined): string {
  if (path === undefined || path === '') return '';
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** The individual certificates in a PEM bundle. As for Go, each has lines of its own: a byte order mark hides the first one. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----(?=[ \t]*$)/gm) ?? [];
}
