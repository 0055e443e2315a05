/** Secret values never pass: they are replaced by value, in every form in which they could occur. */

/** Shorter secrets would blank out every other word; they never enter a message in the first place. */
const SHORTEST = 8;
/** Words of the report itself: masking a password `postgres` would blank them out, and hide nothing. */
const OWN_WORDS = ['postgres', 'postgresql', 'spacelift', 'database', 'password'];
const MASK = '‹redacted›';

/** Removes the secrets from a text. */
export type Redact = (text: string) => string;

/**
 * @param secrets values that must never be seen: passwords, keys, tokens. Those under 8 characters, and words of the report, are ignored.
 */
export function redactor(secrets: readonly string[]): Redact {
  const values = [...new Set(secrets)].flatMap(valuesOf);
  const index = new Index(values);
  const formsAt = remembering(values);
  return (text) => {
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      const length = longestAt(text, at, index, values, formsAt);
      if (length === 0) continue;
      parts.push(text.slice(from, at), MASK);
      from = at + length;
      at = from - 1;
    }
    return parts.length === 0 ? text : parts.join('') + text.slice(from);
  };
}

/** Of the forms that stand at a place of the text: how long the longest is. */
function longestAt(
  text: string,
  at: number,
  index: Index,
  values: readonly string[],
  formsAt: (value: number) => readonly string[],
): number {
  let longest = 0;
  for (let entry = index.first(text, at); entry !== 0; entry = index.next(entry)) {
    const value = index.valueOf(entry);
    // No form is shorter than the value itself.
    if ((values[value]?.length ?? 0) > text.length - at) continue;
    for (const form of formsAt(value)) if (form.length > longest && text.startsWith(form, at)) longest = form.length;
  }
  return longest;
}

/** Characters of forms that are kept: those of a few keys, or of many passwords. */
const MOST_KEPT = 1_000_000;

/** All forms of a value, which are dozens of times its size: they are made when its beginning was seen. */
function remembering(values: readonly string[]): (value: number) => readonly string[] {
  const known = new Map<number, readonly string[]>();
  let kept = 0;
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const forms = [...new Set(formsOf(values[value] ?? ''))].filter((form) => form.length >= SHORTEST);
    kept += forms.reduce((sum, { length }) => sum + length, 0);
    if (kept > MOST_KEPT) {
      known.clear();
      kept = 0;
    }
    known.set(value, forms);
    return forms;
  };
}

/** Of a value, whose forms begin as the forms of the whole do; none needs more for its first 8 characters. */
const BEGINNING = 16;

/**
 * Which values have a form that begins so: a hash table of numbers, since the beginnings themselves, as strings, would take a
 * hundred bytes each, and there can be a million.
 */
class Index {
  #hashes = new Uint32Array(1024);
  #values = new Uint32Array(1024);
  #nexts = new Uint32Array(1024);
  #size = 1;
  readonly #heads: Uint32Array;

  constructor(values: readonly string[]) {
    for (const [value, text] of values.entries()) {
      const starts = new Set(
        formsOf(beginningOf(text))
          .filter((form) => form.length >= SHORTEST)
          .map(hashAtStart),
      );
      for (const hash of starts) this.#add(hash, value);
    }
    this.#heads = new Uint32Array(2 ** Math.ceil(Math.log2(2 * this.#size)));
    for (let entry = 1; entry < this.#size; entry++) {
      const head = (this.#hashes[entry] ?? 0) & (this.#heads.length - 1);
      this.#nexts[entry] = this.#heads[head] ?? 0;
      this.#heads[head] = entry;
    }
  }

  #add(hash: number, value: number): void {
    if (this.#size === this.#hashes.length) {
      const larger = (all: Uint32Array) => {
        const grown = new Uint32Array(all.length * 2);
        grown.set(all);
        return grown;
      };
      this.#hashes = larger(this.#hashes);
      this.#values = larger(this.#values);
      this.#nexts = larger(this.#nexts);
    }
    this.#hashes[this.#size] = hash;
    this.#values[this.#size] = value;
    this.#size++;
  }

  /** The first entry whose form may stand at a place of the text; 0 for none. */
  first(text: string, at: number): number {
    const hash = hashAt(text, at);
    return this.#same(hash, this.#heads[hash & (this.#heads.length - 1)] ?? 0);
  }

  next(entry: number): number {
    return this.#same(this.#hashes[entry] ?? 0, this.#nexts[entry] ?? 0);
  }

  valueOf(entry: number): number {
    return this.#values[entry] ?? 0;
  }

  #same(hash: number, from: number): number {
    let entry = from;
    while (entry !== 0 && this.#hashes[entry] !== hash) entry = this.#nexts[entry] ?? 0;
    return entry;
  }
}

/** FNV-1a of the first 8 characters (code units). */
function hashAt(text: string, at: number): number {
  let hash = 0x811c9dc5;
  for (let index = at; index < at + SHORTEST; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

const hashAtStart = (form: string): number => hashAt(form, 0);

/** Not within a character of two code units, which has other forms in halves. */
function beginningOf(value: string): string {
  const isHigh = /[\ud800-\udbff]/.test(value[BEGINNING - 1] ?? '');
  return value.slice(0, isHigh ? BEGINNING + 1 : BEGINNING);
}

/** What is looked for of a secret: itself, without white space around it, and the lines of a key. */
function valuesOf(secret: string): string[] {
  if (secret.length < SHORTEST || OWN_WORDS.includes(secret.toLowerCase())) return [];
  const lines = secret.includes('\n')
    ? secret.split(/\r?\n/).filter((line) => /^[A-Za-z0-9+/=_-]{16,}$/.test(line))
    : [];
  return [...new Set([secret, secret.trim(), ...lines])];
}

const formsOf = (value: string): string[] => [
  value,
  escaped(value),
  escaped(escaped(value)),
  ...percentForms(value),
  ...markupForms(value),
  ...base64Forms(value),
  ...hexForms(value),
];

/** As a JSON string holds it. */
const escaped = (value: string): string => JSON.stringify(value).slice(1, -1);

function percentForms(value: string): string[] {
  const text = value.toWellFormed();
  const forms = [encodeURIComponent(text), encodeURI(text), new URLSearchParams({ v: value }).toString().slice(2)];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

/** As XML and HTML hold it, by any of the names for quotation marks. */
function markupForms(value: string): string[] {
  const text = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [text, ...MARKS.map(([double, single]) => text.replaceAll('"', double).replaceAll("'", single))];
}

const MARKS = [
  ['&quot;', "'"],
  ['&quot;', '&apos;'],
  ['&quot;', '&#39;'],
  ['&quot;', '&#x27;'],
  ['&#34;', '&#39;'],
] as const;

function hexForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.toUpperCase()];
}

/** The secret as base64, also inside a longer text that is base64 as a whole (`user:password`): three alignments. */
function base64Forms(value: string): string[] {
  const whole = Buffer.from(value).toString('base64');
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64');
    const bits = (offset + Buffer.byteLength(value)) * 8;
    // The first and last characters also hold bits of the neighbours.
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
  });
  return [whole, ...inside].flatMap((form) => [form, form.replace(/\+/g, '-').replace(/\//g, '_')]);
}
