/** Names from the user's files, as they may stand in a message. */
import { looksSecret } from '../logins.ts';

const LONGEST = 80;
/** Characters that move the cursor, start a line, or turn the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name on one line: the middle of a long one left out, control characters escaped. */
export function shown(name: string, longest = LONGEST): string {
  if (name === '') return "''";
  const bounded = name.length > longest ? `${name.slice(0, longest / 2 - 1)}…${name.slice(-longest / 2)}` : name;
  return bounded.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** What may stand in each place. */
const GRAMMARS = {
  /** UpperCamelCase. */
  kind: /^(?=.*[a-z])[A-Z][A-Za-z]{1,62}$/,
  version: /^(?:[a-z0-9](?:[a-z0-9.-]{0,252})\/)?v\d{1,3}(?:(?:alpha|beta)\d{1,3})?$/,
  /** `kubernetes.io/tls`. */
  'secret type': /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+\/[A-Za-z0-9][\w.-]{0,62}$/,
  /** RFC 1123. */
  object: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
  container: /^[A-Za-z0-9][\w-]{0,254}$/,
  variable: /^[A-Z_][A-Z0-9_]{0,254}$/,
  /** Of a map that also holds what is no variable: `tls.crt`, `podAnnotations`, `kubernetes_secrets`. */
  key: /^(?=.{1,255}$)(?:[A-Z_][A-Z0-9_]*|[a-z]+(?:[A-Z][a-z]*)*(?:[._-][a-z]+)*)$/,
} as const;

/** A name from inside a file. What does not look like one may be a value that slipped into its place: it is not shown. */
export function named(name: string | undefined, grammar: keyof typeof GRAMMARS): string {
  if (name === undefined || name === '') return 'without a name';
  return GRAMMARS[grammar].test(name) && !looksSecret(name) ? shown(name) : NO_NAME;
}

const NO_NAME = '(not a name)';

/** Where ECS keeps a value: an ARN, or the name of a parameter. */
export function reference(valueFrom: string): string {
  if (/^arn:[\w-]+:(?:secretsmanager|ssm):[\w-]*:\d*:[\w/.@+=:-]+$/.test(valueFrom)) return shown(valueFrom, 256);
  return /^[\w./-]+$/.test(valueFrom) && !looksSecret(valueFrom) ? shown(valueFrom) : NO_NAME;
}

/** A file's name as a word of a shell command; `FILE` when it can't be written plainly. */
export function shellWord(name: string): string {
  if (name === '-' || name === '' || shown(name) !== name) return 'FILE';
  if (/^[\w./@%+:,][\w./@%+=:,-]*$/.test(name)) return name;
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`;
  return name.startsWith('-') ? `./${quoted}` : quoted;
}
