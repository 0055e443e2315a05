/**
 * Reads a private key in a variable like a Go program: `encoding/base64`, `encoding/pem`, `crypto/x509`. OpenSSL's PEM reader
 * differs: for example, it rejects long lines.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type EnvelopeFault, firstBlock, labelsIn, openEnvelope } from './envelope.ts';
import { isConsistent } from './rsa-components.ts';

export type PrivateKeyFault =
  | EnvelopeFault
  | 'der'
  | 'lines'
  | 'several-blocks'
  | 'encrypted'
  | 'openssh'
  | 'certificate'
  | 'certificate-request'
  | 'public-key'
  | 'algorithm'
  | 'damaged'
  | 'inconsistent';

/** Why a value is not a private key, with the actual algorithm ("EC") for `algorithm`. */
export interface KeyFault {
  readonly fault: PrivateKeyFault;
  readonly algorithm?: string;
}

const fault = (kind: PrivateKeyFault): KeyFault => ({ fault: kind });

/**
 * The RSA private key in the value of a variable, or the problem with the value.
 * @param any whether keys of other algorithms are accepted too
 */
export function readPrivateKey(value: string, name: string, { any = false } = {}): KeyObject | KeyFault {
  const envelope = openEnvelope(value, name);
  if ('fault' in envelope) return envelope;
  if ('der' in envelope) return readDer(envelope.der, any);
  const found = readPem(envelope.text, any);
  if (envelope.flaw === 'raw-pem') return notEncoded(found);
  return envelope.flaw === undefined || 'fault' in found ? found : fault(envelope.flaw);
}

/** A PEM file that is not encoded. If it contains no such key, that is reported first: encoding it would not help. */
function notEncoded(found: KeyObject | KeyFault): KeyFault {
  if ('fault' in found && !['lines', 'damaged', 'truncated', 'inconsistent'].includes(found.fault)) return found;
  return fault('raw-pem');
}

/** The problem by the label of a PEM block. */
const LABELS: Readonly<Record<string, KeyFault | 'readable'>> = {
  'RSA PRIVATE KEY': 'readable',
  'PRIVATE KEY': 'readable',
  'ENCRYPTED PRIVATE KEY': { fault: 'encrypted' },
  'OPENSSH PRIVATE KEY': { fault: 'openssh' },
  'EC PRIVATE KEY': { fault: 'algorithm', algorithm: 'EC' },
  'EC PARAMETERS': { fault: 'algorithm', algorithm: 'EC' },
  'DSA PRIVATE KEY': { fault: 'algorithm', algorithm: 'DSA' },
  'PUBLIC KEY': { fault: 'public-key' },
  'RSA PUBLIC KEY': { fault: 'public-key' },
  CERTIFICATE: { fault: 'certificate' },
  'X509 CERTIFICATE': { fault: 'certificate' },
  'TRUSTED CERTIFICATE': { fault: 'certificate' },
  'CERTIFICATE REQUEST': { fault: 'certificate-request' },
  'NEW CERTIFICATE REQUEST': { fault: 'certificate-request' },
};

function readPem(text: string, any: boolean): KeyObject | KeyFault {
  const labels = labelsIn(text);
  const forms = labels.map((label) => (any && label === 'EC PRIVATE KEY' ? 'readable' : LABELS[label]));
  if (labels.length > 1 && forms.includes('readable')) return fault('several-blocks');
  const form = forms[0] ?? fault('not-pem');
  if (form !== 'readable') return form;
  if (/^Proc-Type:.*ENCRYPTED/m.test(text)) return fault('encrypted');
  const body = firstBlock(text);
  if (typeof body === 'string') return fault(body);
  const key = parse(body);
  return key === undefined ? fault('damaged') : judge(key, any);
}

/** PKCS#8, PKCS#1 or SEC 1. */
function parse(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {}
  }
  return undefined;
}

/** The usual spelling of a key type: "EC", "Ed25519", "RSA-PSS". */
const nameOf = (type: string): string =>
  /^(ed|x)\d/.test(type) ? type.replace(/^./, (c) => c.toUpperCase()) : type.toUpperCase();

function judge(key: KeyObject, any: boolean): KeyObject | KeyFault {
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type !== 'rsa') return any ? key : { fault: 'algorithm', algorithm: nameOf(type) };
  return isConsistent(key) ? key : fault('inconsistent');
}

/** Identifies the contents of a DER file, which is rejected in any case. */
function readDer(der: Buffer, any: boolean): KeyFault {
  const key = parse(der);
  if (key !== undefined) {
    const found = judge(key, any);
    return 'fault' in found ? found : fault('der');
  }
  if (holds(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))) return fault('public-key');
  return holds(() => new X509Certificate(der)) ? fault('certificate') : fault('der');
}

function holds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
