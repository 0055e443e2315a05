/** Reads a certificate in a variable like a Go program: base64 of a PEM file, of which the first block counts. */
import { X509Certificate } from 'node:crypto';
import { type EnvelopeFault, firstBlock, labelsIn, openEnvelope } from './envelope.ts';

export type CertificateFault =
  | EnvelopeFault
  | 'der'
  | 'lines'
  | 'private-key'
  | 'private-key-first'
  | 'public-key'
  | 'certificate-request'
  | 'damaged';

const LABELS: Readonly<Record<string, CertificateFault | 'readable'>> = {
  CERTIFICATE: 'readable',
  'PUBLIC KEY': 'public-key',
  'RSA PUBLIC KEY': 'public-key',
  'CERTIFICATE REQUEST': 'certificate-request',
  'NEW CERTIFICATE REQUEST': 'certificate-request',
};

/** The certificate in the value of a variable, or the problem with the value. */
export function readCertificate(value: string, name: string): X509Certificate | { readonly fault: CertificateFault } {
  const envelope = openEnvelope(value, name);
  if ('fault' in envelope) return envelope;
  if ('der' in envelope) return { fault: 'der' };
  const [label = '', ...others] = labelsIn(envelope.text);
  const keyed = others.includes('CERTIFICATE') ? 'private-key-first' : 'private-key';
  const form = label.endsWith('PRIVATE KEY') ? keyed : (LABELS[label] ?? 'not-pem');
  if (form !== 'readable') return { fault: form };
  if (envelope.flaw === 'raw-pem') return { fault: 'raw-pem' };
  const body = firstBlock(envelope.text);
  if (typeof body === 'string') return { fault: body };
  const certificate = parse(body);
  if (certificate === undefined) return { fault: 'damaged' };
  return envelope.flaw === undefined ? certificate : { fault: envelope.flaw };
}

function parse(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
