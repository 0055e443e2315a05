/**
 * The base64 around a PEM file in a variable, decoded like a Go program does: `encoding/base64` (standard alphabet, padded,
 * newlines ignored).
 */
import { isPlaceholder } from '../placeholders.ts';

/** Why a value is not base64 of a PEM file. */
export type EnvelopeFault =
  | 'placeholder'
  | 'quoted'
  | 'path'
  | 'raw-pem'
  | 'literal-newlines'
  | 'spaces'
  | 'url-alphabet'
  | 'unpadded'
  | 'not-base64'
  | 'double-base64'
  | 'not-pem'
  | 'encoding'
  | 'truncated';

export type Envelope =
  /** `unpadded`: the text is complete, but its base64 is not. `raw`: it is not encoded at all. */
  | { readonly text: string; readonly flaw: 'unpadded' | 'raw-pem' | undefined }
  /** Starts like a DER file. */
  | { readonly der: Buffer }
  | { readonly fault: EnvelopeFault };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const FILE = /^(file:\/\/.+|~?\.{0,2}\/[\w./ -]+|[A-Za-z]:[\\/].+|[\w./-]+\.(pem|key|b64|base64|crt|cer|txt|config))$/i;

/** Whether the whole value is base64, ignoring newlines. */
export const isBase64 = (text: string): boolean => BASE64.test(text.replace(/[\r\n]/g, ''));
const holdsPem = (text: string): boolean => text.includes('-----BEGIN');
const decode = (text: string): string => Buffer.from(text, 'base64').toString('latin1');

/** The PEM file in the value of the variable `name`, or why there is none. */
export function openEnvelope(value: string, name: string): Envelope {
  const fault = (kind: EnvelopeFault): Envelope => ({ fault: kind });
  if (isPlaceholder(name, value)) return fault('placeholder');
  if (holdsPem(value)) return { text: value, flaw: 'raw-pem' };
  if (/^\s*(['"`]).*\1\s*$/s.test(value)) return fault('quoted');
  if (!isBase64(value)) return fault(whyNotBase64(value.trim()));

  const text = decode(value);
  const unpadded = value.replace(/[\r\n]/g, '').length % 4 !== 0;
  if (holdsPem(text)) return { text, flaw: unpadded ? 'unpadded' : undefined };
  if (text.replaceAll('\0', '').includes('-----BEGIN')) return fault('encoding');
  if (/-----END|^-----|^-*BEGIN [A-Z ]*(PRIVATE KEY|CERTIFICATE)/.test(text)) return fault('truncated');
  if (isBase64(text) && holdsPem(decode(text))) return fault('double-base64');
  if (FILE.test(value)) return fault('path');
  // 0x30: every DER structure that contains a key or a certificate starts with it.
  return text.startsWith('0') ? { der: Buffer.from(value, 'base64') } : fault('not-pem');
}

/** Why a value that is not base64 is not; a file path, a damaged encoding, or something else. */
export function whyNotBase64(value: string, isMeant = holdsPem): EnvelopeFault {
  const readable = (text: string) => isBase64(text) && isMeant(decode(text));
  if (readable(value.replace(/\s/g, ''))) return 'spaces';
  if (readable(value.replace(/\\[rn]/g, ''))) return 'literal-newlines';
  if (readable(value.replaceAll('-', '+').replaceAll('_', '/'))) return 'url-alphabet';
  return FILE.test(value) ? 'path' : 'not-base64';
}

/** What Go's `encoding/pem` accepts: BEGIN and END lines that start at column one, with nothing after them. */
const BLOCK = /(?:^|\n)-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n([\s\S]*?)(?<=\n)-----END \1-----[ \t]*(\r?\n|$)/;

/** The labels of all blocks in a PEM file. */
export const labelsIn = (text: string): string[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');

/** Shorter than any. */
const SHORTEST_KEY = 100;

/** Whether a value contains a private key, as a PEM file or as base64 of one. */
export function holdsPrivateKey(value: string): boolean {
  if (value.length < SHORTEST_KEY) return false;
  return [value, decode(value)].some((text) => text.includes('PRIVATE KEY-----'));
}

/** The contents of the first block, or why Go can't read it. */
export function firstBlock(text: string): Buffer | 'truncated' | 'literal-newlines' | 'encoding' | 'lines' | 'damaged' {
  if (!text.includes(`-----END ${labelsIn(text)[0]}-----`)) return 'truncated';
  if (/\\[rn]/.test(text)) return 'literal-newlines';
  if (text.startsWith('\u00ef\u00bb\u00bf')) return 'encoding';
  const body = BLOCK.exec(text)?.[2]?.replace(/\s/g, '');
  if (body === undefined) return 'lines';
  return BASE64.test(body) && body.length % 4 === 0 ? Buffer.from(body, 'base64') : 'damaged';
}
