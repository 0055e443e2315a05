/** Finds secrets in text, whatever was done to them on the way: encoded, escaped, wrapped, cut. */

/** Letters and digits in a row that give a secret away, of any of its forms. */
const WINDOW = 12;
/** So many letters and digits are looked at first. */
const GRAM = 4;
/** Every window has a gram at a multiple of this, wherever it starts. */
const STEP = WINDOW - GRAM + 1;
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
  const distinct = new Map(secrets.map((secret) => [`${secret.of}\0${secret.value}`, secret]));
  const sought = [...distinct.values()]
    .filter(({ value }) => value.length >= SHORTEST)
    .map(({ of, value }) => ({ of, ...indexOf(value) }));
  const filter = new Uint8Array(1 << HASH_BITS);
  for (const { hashes } of sought) for (const hash of hashes) filter[hash] = 1;
  const seen = (searched: string, at: number) => filter[hashAt(searched, at)] === 1;
  return (text) => {
    const searched = bare(text);
    const found = new Set<string>();
    for (const { of, short } of sought) {
      for (const [name, form] of short) if (searched.includes(form)) found.add(`${of} ${name}`);
    }
    for (let gram = STEP - 1; gram + GRAM <= searched.length; gram += STEP) {
      if (!seen(searched, gram)) continue;
      for (let at = gram - STEP + 1; at <= gram; at++) {
        if (!seen(searched, at) || !seen(searched, at + WINDOW - GRAM)) continue;
        const window = searched.slice(at, at + WINDOW);
        for (const { of, windows } of sought) {
          const name = windows.get(window);
          if (name !== undefined) found.add(`${of} ${name}`);
        }
      }
    }
    return [...found];
  };
}

type Form = readonly [name: string, form: string];

/** What to look for because of one value. */
interface Index {
  /** The forms that are looked for as a whole. */
  readonly short: readonly Form[];
  /** The name of a form that has these letters and digits. */
  readonly windows: ReadonlyMap<string, string>;
  /** Of all successive letters and digits, {@link GRAM} of them each. */
  readonly hashes: readonly number[];
}

/** Most secrets are looked for again and again, and an RSA key has twenty thousand windows. */
const indices = new Map<string, Index>();
const MOST_INDICES = 200;

function indexOf(value: string): Index {
  const known = indices.get(value);
  if (known !== undefined) return known;
  const windows = new Map<string, string>();
  const forms = formsOf(value).filter(([, form]) => form.length >= SHORTEST);
  const hashes: number[] = [];
  for (const [name, form] of forms) {
    for (let at = 0; at + WINDOW <= form.length; at++) windows.set(form.slice(at, at + WINDOW), name);
    for (let at = 0; at + GRAM <= form.length; at++) hashes.push(hashAt(form, at));
  }
  const index: Index = {
    short: forms.filter(([, form]) => form.length < WINDOW),
    windows,
    hashes,
  };
  if (indices.size >= MOST_INDICES) indices.clear();
  indices.set(value, index);
  return index;
}

/** Wide enough that few of the grams of a text look like one of a key. */
const HASH_BITS = 20;

/** Of {@link GRAM} characters, which are nearly always letters and digits of ASCII. */
const hashAt = (text: string, at: number): number =>
  (((text.charCodeAt(at) * 37 + text.charCodeAt(at + 1)) * 37 + text.charCodeAt(at + 2)) * 37 +
    text.charCodeAt(at + 3)) &
  ((1 << HASH_BITS) - 1);

function formsOf(secret: string): Form[] {
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
