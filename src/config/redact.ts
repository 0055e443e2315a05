/** Masks secrets by value, in every form in which they could occur. */

import { codePoints, octal } from '../outcome/fix.ts';
import { MASK, maskLogins } from './logins.ts';

/** Shorter secrets would mask unrelated words; they never appear in a message in the first place. */
const SHORTEST = 8;
/** Words that reports use: masking a password `postgres` would mask them everywhere and hide nothing. */
const OWN_WORDS = ['postgres', 'postgresql', 'spacelift', 'database', 'password'];
/** `user:password@`: recognizable as a login even when it is short. The `@` is kept. */
const LOGIN = /^[^\s:]*:.+@$/s;

/** Masks the secrets and the logins in URLs in a text. */
export type Redact = (text: string) => string;

/**
 * @param secrets values that must never be shown: passwords, keys, tokens. Values under 8 characters and words that reports use are ignored.
 */
export function redactor(secrets: readonly string[]): Redact {
  const values = valuesOf(secrets);
  const index = new Index(values);
  const formsAt = remembering(values);
  const logins = secrets.filter((secret) => secret.length < SHORTEST && LOGIN.test(secret));
  return (whole) => {
    const text = logins.reduce((rest, login) => rest.replaceAll(login, `${MASK}@`), whole);
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      const length = longestAt(text, at, index, values, formsAt);
      if (length === 0) continue;
      parts.push(text.slice(from, at), LOGIN.test(text.slice(at, at + length)) ? `${MASK}@` : MASK);
      from = at + length;
      at = from - 1;
    }
    return maskLogins(parts.length === 0 ? text : parts.join('') + text.slice(from));
  };
}

/** The length of the longest form at a position in the text. */
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
    const whole = values[value] ?? '';
    // No form is shorter than the value itself.
    if (whole.length > text.length - at || differs(text, at, whole)) continue;
    for (const form of formsAt(value)) if (form.length > longest && text.startsWith(form, at)) longest = form.length;
  }
  return longest;
}

/** Whether the text matches only the start of the value: thousands can share it, so the other forms are not computed. */
function differs(text: string, at: number, value: string): boolean {
  let same = 0;
  while (same < value.length && text[at + same] === value[same] && isPlain(value[same])) same++;
  if (same < SHORTEST || same === value.length || !isPlain(value[same])) return false;
  const [own, ...others] = plainStarts(value);
  return !others.some((other) => other === own);
}

const isPlain = (character: string | undefined): boolean => /^\w$/.test(character ?? '');

/** Maximum total length of cached forms, in characters: enough for a few keys or many passwords. */
const MOST_KEPT = 1_000_000;

/** All forms of a value, which are dozens of times its size, so they are computed only after its start has matched. */
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

/** Length of the start of a value that determines the first 8 characters of all its forms. */
const BEGINNING = 16;

/**
 * Finds the values with a form that starts like the text: a hash table of numbers, because there can be millions of
 * starts, and each would take a hundred bytes as a string.
 */
class Index {
  /** The first entry of each chain, by the lowest bits of the hash; 0 for none. */
  readonly #heads: Uint32Array;
  #nexts: Uint32Array;
  /** The highest bits of each entry's hash. */
  #tags: Uint16Array;
  #size = 1;
  /** The first entry of each value. */
  readonly #firsts: Uint32Array;

  constructor(values: readonly string[]) {
    const usual = USUAL_STARTS * values.length;
    this.#heads = new Uint32Array(2 ** Math.ceil(Math.log2(usual / 2 + 1)));
    this.#nexts = new Uint32Array(1 + usual);
    this.#tags = new Uint16Array(1 + usual);
    this.#firsts = new Uint32Array(values.length);
    for (const [value, text] of values.entries()) {
      this.#firsts[value] = this.#size;
      if (PLAIN.test(text)) for (const hash of plainStarts(text)) this.#add(hash);
      else for (const hash of startsOf(text)) this.#add(hash);
    }
  }

  #add(hash: number): void {
    if (this.#size === this.#nexts.length) {
      const room = Math.ceil(this.#size * 1.25) + 64;
      const [nexts, tags] = [new Uint32Array(room), new Uint16Array(room)];
      nexts.set(this.#nexts);
      tags.set(this.#tags);
      this.#nexts = nexts;
      this.#tags = tags;
    }
    const head = hash & (this.#heads.length - 1);
    this.#tags[this.#size] = hash >>> 16;
    this.#nexts[this.#size] = this.#heads[head] ?? 0;
    this.#heads[head] = this.#size++;
  }

  /** The first entry whose form may be at a position in the text; 0 for none. */
  first(text: string, at: number): number {
    const hash = hashAt(text, at);
    return this.#tagged(hash >>> 16, this.#heads[hash & (this.#heads.length - 1)] ?? 0);
  }

  next(entry: number): number {
    return this.#tagged(this.#tags[entry] ?? 0, this.#nexts[entry] ?? 0);
  }

  /** The last value whose first entry is at or before the entry. */
  valueOf(entry: number): number {
    let [low, high] = [0, this.#firsts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firsts[middle] ?? 0) <= entry) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #tagged(tag: number, from: number): number {
    let entry = from;
    while (entry !== 0 && this.#tags[entry] !== tag) entry = this.#nexts[entry] ?? 0;
    return entry;
  }
}

/** Starts per typical value: plain, base64 at three alignments, hex in lower and upper case. */
const USUAL_STARTS = 6;

const startsOf = (value: string): Set<number> =>
  new Set(
    formsOf(beginningOf(value))
      .filter((form) => form.length >= SHORTEST)
      .map((form) => hashAt(form, 0)),
  );

/** Characters that every text form leaves unchanged. */
const PLAIN = /^\w{8}/;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_URL = `${BASE64.slice(0, -2)}-_`;
const HEX = '0123456789abcdef';

/** Like `startsOf`, for plain characters: there can be half a million values, and building strings would take seconds. */
function plainStarts(value: string): number[] {
  const hashes = [hashAt(value, 0)];
  for (const from of [0, 4, 2]) {
    // The bit offset of the first whole base64 character, after zero, one or two other bytes.
    const sextet = (index: number) => sextetAt(value, from + 6 * index);
    const hash = hashOf((index) => BASE64.charCodeAt(sextet(index)));
    const inUrls = hashOf((index) => BASE64_URL.charCodeAt(sextet(index)));
    hashes.push(hash);
    if (inUrls !== hash) hashes.push(inUrls);
  }
  const nibble = (index: number) => (value.charCodeAt(index >> 1) >> (index % 2 === 0 ? 4 : 0)) & 15;
  const small = hashOf((index) => HEX.charCodeAt(nibble(index)));
  const large = hashOf((index) => HEX.toUpperCase().charCodeAt(nibble(index)));
  hashes.push(small);
  if (large !== small) hashes.push(large);
  return hashes;
}

function sextetAt(value: string, bit: number): number {
  const at = bit >> 3;
  const two = (value.charCodeAt(at) << 8) | value.charCodeAt(at + 1);
  return (two >> (10 - (bit & 7))) & 63;
}

/** FNV-1a of the first 8 characters (code units). */
function hashOf(codeAt: (index: number) => number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < SHORTEST; index++) hash = Math.imul(hash ^ codeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function hashAt(text: string, at: number): number {
  let hash = 0x811c9dc5;
  for (let index = at; index < at + SHORTEST; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Does not split a surrogate pair, whose halves have different forms. */
function beginningOf(value: string): string {
  const isHigh = /[\ud800-\udbff]/.test(value[BEGINNING - 1] ?? '');
  return value.slice(0, isHigh ? BEGINNING + 1 : BEGINNING);
}

/** For all secrets together: enough for two thousand keys. */
const MOST_LINES = 100_000;

/** The values to find: each secret with and without surrounding whitespace, and the lines of keys. */
function valuesOf(secrets: readonly string[]): string[] {
  const long = [...new Set(secrets)].filter(
    (secret) => secret.length >= SHORTEST && !OWN_WORDS.includes(secret.toLowerCase()),
  );
  const values = long.flatMap((secret) => (secret.trim() === secret ? [secret] : [secret, secret.trim()]));
  let lines = 0;
  // Starts with the last secrets, the process's own, so that a large config can't crowd them out.
  for (const secret of long.toReversed()) {
    if (!secret.includes('\n')) continue;
    const found = secret.match(/^[A-Za-z0-9+/=_-]{16,}(?=\r?$)/gm) ?? [];
    for (const line of new Set(found)) if (lines++ < MOST_LINES) values.push(line);
  }
  return values;
}

const formsOf = (value: string): string[] => [
  value,
  escaped(value),
  escaped(escaped(value)),
  ...percentForms(value),
  ...markupForms(value),
  ...commandForms(value),
  ...base64Forms(value),
  ...hexForms(value),
];

/** The form in a JSON string. */
const escaped = (value: string): string => JSON.stringify(value).slice(1, -1);

function percentForms(value: string): string[] {
  const text = value.toWellFormed();
  const forms = [encodeURIComponent(text), encodeURI(text), new URLSearchParams({ v: value }).toString().slice(2)];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

/** The forms in XML and HTML, with all entities for quotation marks. */
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

/** The forms in a shell word (`fix.ts`), and in an SQL identifier or literal. */
function commandForms(value: string): string[] {
  const word = value.replaceAll("'", `'\\''`).replace(/#(?=#)/g, "#''");
  const doubled = [value.replaceAll("'", "''"), value.replaceAll('"', '""')];
  return [word, octal(value), ...doubled, ...doubled.map(codePoints)];
}

function hexForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.toUpperCase()];
}

/** The secret as base64, alone or inside a longer encoded text (`user:password`): three alignments. */
function base64Forms(value: string): string[] {
  const whole = Buffer.from(value).toString('base64');
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64');
    const bits = (offset + Buffer.byteLength(value)) * 8;
    // The first and last characters also encode bits of adjacent bytes.
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
  });
  return [whole, ...inside].flatMap((form) => [form, form.replace(/\+/g, '-').replace(/\//g, '_')]);
}
