/** Reads the token of a worker pool: base64 of a JSON object, which Spacelift does not document further. */
import { X509Certificate } from 'node:crypto';
import { isBase64, whyNotBase64 } from '../../src/config/pem/envelope.ts';
import { isPlaceholder } from '../../src/config/placeholders.ts';

export type TokenFault =
  | 'placeholder'
  | 'quoted'
  | 'pool-id'
  | 'jwt'
  | 'path'
  | 'decoded'
  | 'pem'
  | 'whitespace'
  | 'literal-newlines'
  | 'url-alphabet'
  | 'unpadded'
  | 'not-base64'
  | 'double-base64'
  | 'truncated'
  | 'other';

export interface Token {
  readonly contents: object;
}

const decode = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

function objectIn(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A ULID or a UUID. */
const ID = /^([0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const JWT = /^(Bearer )?[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/;

/** The token in the value of the variable `name`, or the problem with the value. */
export function readToken(value: string, name: string): Token | { readonly fault: TokenFault } {
  const fault = (kind: TokenFault) => ({ fault: kind });
  const bare = value.trim();
  if (isPlaceholder(name, value)) return fault('placeholder');
  if (/^(['"`]).*\1$/s.test(bare)) return fault('quoted');
  if (ID.test(bare)) return fault('pool-id');
  if (JWT.test(bare)) return fault('jwt');
  // The token itself contains PEM.
  if (bare.startsWith('{')) return fault('decoded');
  if (value.includes('-----BEGIN')) return fault('pem');
  if (!isBase64(value)) return fault(whyNot(bare));

  const text = decode(value);
  const contents = objectIn(text);
  if (contents !== undefined) return value.replace(/[\r\n]/g, '').length % 4 === 0 ? { contents } : fault('unpadded');
  if (isBase64(text) && objectIn(decode(text)) !== undefined) return fault('double-base64');
  if (/^\s*\{"/.test(text)) return fault('truncated');
  return fault(text.includes('-----BEGIN') ? 'pem' : 'other');
}

function whyNot(value: string): TokenFault {
  const why = whyNotBase64(value, (text) => objectIn(text) !== undefined);
  if (why === 'spaces') return 'whitespace';
  return why === 'literal-newlines' || why === 'url-alphabet' || why === 'path' ? why : 'not-base64';
}

/** How deep and how many values are searched: a token is small and flat. */
const MOST_DEPTH = 5;
const MOST_VALUES = 1000;

/** The first certificate in a token, as PEM or base64 of it, wherever it is. */
export function certificateIn({ contents }: Token): X509Certificate | undefined {
  let left = MOST_VALUES;
  const search = (value: unknown, depth: number): X509Certificate | undefined => {
    left -= 1;
    if (left < 0 || depth > MOST_DEPTH) return undefined;
    if (typeof value === 'string') return certificateOf(value);
    if (typeof value !== 'object' || value === null) return undefined;
    for (const member of Object.values(value)) {
      const found = search(member, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(contents, 0);
}

function certificateOf(value: string): X509Certificate | undefined {
  const text = value.includes('-----BEGIN') ? value : isBase64(value) ? decode(value) : '';
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  if (pem === undefined) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
