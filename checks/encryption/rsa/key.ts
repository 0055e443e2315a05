/**
 * Reads ENCRYPTION_RSA_PRIVATE_KEY like a Go program: `encoding/base64` (standard alphabet, padded, newlines ignored),
 * `encoding/pem`, `crypto/x509`. OpenSSL's PEM reader differs: for example, it rejects long lines.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isPlaceholder } from '../../../src/config/placeholders.ts';
import { isConsistent } from './components.ts';
import { type Fault, KEY, type KeyFault } from './diagnose.ts';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const FILE = /^(file:\/\/.+|~?\.{0,2}\/[\w./ -]+|[A-Za-z]:[\\/].+|[\w./-]+\.(pem|key|b64|base64|crt|txt))$/i;

/** Whether the whole value is base64, ignoring newlines. */
const isBase64 = (text: string): boolean => BASE64.test(text.replace(/[\r\n]/g, ''));
const holdsPem = (text: string): boolean => text.includes('-----BEGIN');
const decode = (text: string): string => Buffer.from(text, 'base64').toString('latin1');

/** The private key, or the problem with the value. */
export function readRsaKey(value: string): KeyObject | KeyFault {
  const fault = (kind: Fault): KeyFault => ({ fault: kind });
  if (isPlaceholder(KEY, value)) return fault('placeholder');
  if (holdsPem(value)) return notEncoded(value);
  if (/^\s*(['"`]).*\1\s*$/s.test(value)) return fault('quoted');
  if (!isBase64(value)) return fault(whyNotBase64(value.trim()));

  const text = decode(value);
  const unpadded = value.replace(/[\r\n]/g, '').length % 4 !== 0;
  if (holdsPem(text)) {
    const found = readPem(text);
    return unpadded && !('fault' in found) ? fault('unpadded') : found;
  }
  if (text.replaceAll('\0', '').includes('-----BEGIN')) return fault('encoding');
  if (/-----END|^-----|^-*BEGIN [A-Z ]*PRIVATE KEY/.test(text)) return fault('truncated');
  if (isBase64(text) && holdsPem(decode(text))) return fault('double-base64');
  if (FILE.test(value)) return fault('path');
  // 0x30: every DER structure that contains a key starts with it.
  return text.startsWith('0') ? readDer(Buffer.from(value, 'base64')) : fault('not-pem');
}

/** A PEM file that is not encoded. If it contains no RSA key, that is reported first: encoding it would not help. */
function notEncoded(value: string): KeyFault {
  const found = readPem(value);
  if ('fault' in found && !['lines', 'damaged', 'truncated', 'inconsistent'].includes(found.fault)) return found;
  return { fault: 'raw-pem' };
}

function whyNotBase64(value: string): Fault {
  const readable = (text: string) => isBase64(text) && holdsPem(decode(text));
  if (readable(value.replace(/\s/g, ''))) return 'spaces';
  if (readable(value.replace(/\\[rn]/g, ''))) return 'literal-newlines';
  if (readable(value.replaceAll('-', '+').replaceAll('_', '/'))) return 'url-alphabet';
  return FILE.test(value) ? 'path' : 'not-base64';
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

/** What Go's `encoding/pem` accepts: BEGIN and END lines that start at column one, with nothing after them. */
const BLOCK = /(?:^|\n)-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n([\s\S]*?)(?<=\n)-----END \1-----[ \t]*(\r?\n|$)/;

function readPem(text: string): KeyObject | KeyFault {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  const forms = labels.map((label) => LABELS[label]);
  if (labels.length > 1 && forms.includes('readable')) return { fault: 'several-blocks' };
  const form = forms[0] ?? { fault: 'not-pem' };
  if (form !== 'readable') return form;
  if (/^Proc-Type:.*ENCRYPTED/m.test(text)) return { fault: 'encrypted' };
  if (!text.includes(`-----END ${labels[0]}-----`)) return { fault: 'truncated' };
  if (/\\[rn]/.test(text)) return { fault: 'literal-newlines' };
  if (text.startsWith('\u00ef\u00bb\u00bf')) return { fault: 'encoding' };
  const body = BLOCK.exec(text)?.[2]?.replace(/\s/g, '');
  if (body === undefined) return { fault: 'lines' };
  const key = BASE64.test(body) && body.length % 4 === 0 ? parse(Buffer.from(body, 'base64')) : undefined;
  return key === undefined ? { fault: 'damaged' } : judge(key);
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

function judge(key: KeyObject): KeyObject | KeyFault {
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type !== 'rsa') return { fault: 'algorithm', algorithm: nameOf(type) };
  return isConsistent(key) ? key : { fault: 'inconsistent' };
}

/** Identifies the contents of a DER file, which is rejected in any case. */
function readDer(der: Buffer): KeyFault {
  const key = parse(der);
  if (key !== undefined) {
    const found = judge(key);
    return 'fault' in found ? found : { fault: 'der' };
  }
  if (holds(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))) return { fault: 'public-key' };
  return holds(() => new X509Certificate(der)) ? { fault: 'certificate' } : { fault: 'der' };
}

function holds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
