import { describe, expect, test } from 'vitest';
import { searchFor } from './search.ts';

const SECRET = 'Canary7+/=&%"\'<>\\ ü-of-the-9tests';
const bytes = Buffer.from(SECRET);
const search = searchFor([{ of: 'SOME_PASSWORD', value: SECRET }]);
const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const every = (between: string) => [...SECRET].join(between);

/** How a secret could slip through. */
const FORMS: Readonly<Record<string, string>> = {
  plain: SECRET,
  'URL-encoded': encodeURIComponent(SECRET),
  'URL-encoded in lower case': lower(encodeURIComponent(SECRET)),
  'URL-encoded twice': encodeURIComponent(encodeURIComponent(SECRET)),
  'URL-encoded in part': encodeURI(SECRET),
  'as a form': new URLSearchParams({ v: SECRET }).toString(),
  'JSON-escaped': JSON.stringify({ a: SECRET }),
  'JSON-escaped twice': JSON.stringify(JSON.stringify(SECRET)),
  'JSON in ASCII': JSON.stringify(SECRET).replaceAll('ü', '\\u00fc'),
  'XML-escaped': escaped(SECRET).replaceAll("'", '&apos;'),
  'HTML-escaped, decimal': escaped(SECRET).replaceAll("'", '&#39;'),
  'HTML-escaped, hex': escaped(SECRET).replaceAll("'", '&#x27;').replaceAll('/', '&#x2F;'),
  'in hex': bytes.toString('hex'),
  'in upper-case hex': bytes.toString('hex').toUpperCase(),
  'in hex with colons': [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
  base64: bytes.toString('base64'),
  base64url: bytes.toString('base64url'),
  'base64 behind three characters': Buffer.from(`abc${SECRET}`).toString('base64'),
  'base64 behind four': Buffer.from(`abcd${SECRET}:tail`).toString('base64'),
  'base64 behind five': Buffer.from(`abcde${SECRET}:tail`).toString('base64url'),
  'base64 in lines': (bytes.toString('base64').match(/.{1,10}/g) ?? []).join('\n   │ '),
  'split at lines': every('\n'),
  'split at indented lines': every('\n        '),
  'split in a frame': every(' │\n│ '),
  'split at continued lines': every(' \\\n    '),
  'split by colors': every('\u001b[39m\u001b[31m'),
  'split by line breaks of HTML': every('<wbr>').replace('\\', '<br>\\'),
  'split in JSON': JSON.stringify(every('\n')),
  'split in an annotation': every('%0A'),
  'its beginning': SECRET.slice(0, -5),
  'its end': SECRET.slice(-19),
};

describe('is found', () => {
  test.each(Object.entries(FORMS))('%s', (_, form) => {
    expect(search(`before ${form} after`)).toContainEqual(expect.stringMatching(/^SOME_PASSWORD /));
  });

  test('short', () => {
    const short = searchFor([{ of: 'PIN', value: '12-34-56-78' }]);
    expect(short('my 12%2D34-56-78!')).toEqual(['PIN as it is']);
  });
});

test.each(['', 'before after', 'Canary8 of the tests', 'SOME_PASSWORD', '‹redacted›'.repeat(9)])(
  'is not in %j',
  (text) => {
    expect(search(text)).toEqual([]);
  },
);
