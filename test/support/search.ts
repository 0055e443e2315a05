/** Finds secrets in text, whatever was done to them on the way: encoded, escaped, wrapped, cut. */

/** Letters and digits in a row that give a secret away, of any of its forms. */
const WINDOW = 12;
/** What a redactor can mask without blanking out the words around. */
const SHORTEST = 8;

/** A value that must not be seen, and what it is the secret of. */
export interface Secret {
  readonly of: string;
  readonly value: string;
}

/** What was found: `ADMIN_PASSWORD in base64`. */
export type Search = (text: string) => string[];

/**
 * Prepares a search for any 12 successive letters or digits of the secrets, or for a shorter one as a whole, in plain,
 * percent-encoded, JSON-, XML- or HTML-escaped text, in hex, and in base64 or base64url at any alignment, also where
 * white space, box characters, colors or any other punctuation stand in between.
 */
export function searchFor(secrets: readonly Secret[]): Search {
  const windows = new Map<string, string>();
  const short: (readonly [form: string, what: string])[] = [];
  const filter = new Uint8Array(1 << 16);
  for (const { of, value } of secrets) {
    if (value.length < SHORTEST) continue;
    for (const [name, form] of formsOf(value)) {
      const what = `${of} ${name}`;
      if (form.length < SHORTEST) continue;
      if (form.length < WINDOW) short.push([form, what]);
      for (let at = 0; at + WINDOW <= form.length; at++) {
        windows.set(form.slice(at, at + WINDOW), what);
        filter[hashAt(form, at)] = 1;
      }
    }
  }
  return (text) => {
    const searched = bare(text);
    const found = new Set(short.filter(([form]) => searched.includes(form)).map(([, what]) => what));
    for (let at = 0; at + WINDOW <= searched.length; at++) {
      if (filter[hashAt(searched, at)] === 0) continue;
      const what = windows.get(searched.slice(at, at + WINDOW));
      if (what !== undefined) found.add(what);
    }
    return [...found];
  };
}

/** Of the first four characters. */
const hashAt = (text: string, at: number): number =>
  (text.charCodeAt(at) ^
    (text.charCodeAt(at + 1) << 4) ^
    (text.charCodeAt(at + 2) << 8) ^
    (text.charCodeAt(at + 3) << 11)) &
  0xffff;

function formsOf(secret: string): (readonly [name: string, form: string])[] {
  const bytes = Buffer.from(secret);
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // The first and last characters also hold bits of the neighbours.
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
  return [
    ['as it is', bare(secret)],
    ['in hex', bytes.toString('hex')],
    ...inside.map((form) => ['in base64', bare(form)] as const),
  ];
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are sent
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Letters and digits alone, in lower case, of what a reader would make of the text. */
function bare(text: string): string {
  const read = text
    .replace(COLOURS, '')
    .replace(/<\/?(?:br|wbr) ?\/?>/g, '')
    .replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    });
  return percentDecoded(percentDecoded(read))
    .replace(/\\u\{?([0-9a-f]{2,4})\}?/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\[nrt]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9\u00c0-\u024f]+/g, '');
}

const percentDecoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
