/** Secret values never pass: they are replaced by value, in every form in which they could occur. */

import { octal } from './fix.ts';

/** Shorter secrets would blank out every other word; they never enter a message in the first place. */
const SHORTEST = 8;
/** Words of the report itself: masking a password `postgres` would blank them out, and hide nothing. */
const OWN_WORDS = ['postgres', 'postgresql', 'spacelift', 'database', 'password'];
/** `user:password@`, whose end is kept: it is known for a login even when it is short. */
const LOGIN = /^[^\s:]*:.+@$/s;
const MASK = '‹redacted›';

/** Removes the secrets from a text. */
export type Redact = (text: string) => string;

/**
 * @param secrets values that must never be seen: passwords, keys, tokens. Those under 8 characters, and words of the report, are ignored.
 */
export function redactor(secrets: readonly string[]): Redact {
  const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= SHORTEST));
  // A key has hundreds of forms: one pattern of all of them takes longer to compile than a whole run.
  const byStart = Map.groupBy(
    [...forms].sort((a, b) => b.length - a.length),
    (form) => startOf(form, 0),
  );
  const logins = secrets.filter((secret) => secret.length < SHORTEST && LOGIN.test(secret));
  return (whole) => {
    const text = logins.reduce((rest, login) => rest.replaceAll(login, `${MASK}@`), whole);
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      const found = byStart.get(startOf(text, at))?.find((form) => text.startsWith(form, at));
      if (found === undefined) continue;
      parts.push(text.slice(from, at), LOGIN.test(found) ? `${MASK}@` : MASK);
      from = at + found.length;
      at = from - 1;
    }
    return parts.length === 0 ? text : parts.join('') + text.slice(from);
  };
}

const startOf = (text: string, at: number): string => text.slice(at, at + SHORTEST);

function formsOf(secret: string): string[] {
  if (secret.length < SHORTEST || OWN_WORDS.includes(secret.toLowerCase())) return [];
  const lines = secret.includes('\n')
    ? secret.split(/\r?\n/).filter((line) => /^[A-Za-z0-9+/=_-]{16,}$/.test(line))
    : [];
  return [secret, secret.trim(), ...lines].flatMap((value) => [
    value,
    escaped(value),
    escaped(escaped(value)),
    ...percentForms(value),
    ...markupForms(value),
    ...commandForms(value),
    ...base64Forms(value),
    ...hexForms(value),
  ]);
}

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

/** As a word of a shell holds it (`fix.ts`), and a name or a text of SQL. */
function commandForms(value: string): string[] {
  const word = value.replaceAll("'", `'\\''`).replaceAll('##', "#''#");
  return [word, octal(value), value.replaceAll("'", "''"), value.replaceAll('"', '""')];
}

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
