/** Formats names from the user's files for messages. */
import { looksSecret } from '../logins.ts';

const LONGEST = 80;
/** Characters that move the cursor, start a line, or change the text direction. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name on one line: the middle of a long one is omitted, and control characters are escaped. */
export function shown(name: string, longest = LONGEST): string {
  if (name === '') return "''";
  const bounded = name.length > longest ? `${name.slice(0, longest / 2 - 1)}…${name.slice(-longest / 2)}` : name;
  return bounded.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The valid names for each position. */
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
  /** For maps that also contain other keys: `tls.crt`, `podAnnotations`, `kubernetes_secrets`. */
  key: /^(?=.{1,255}$)(?:[A-Z_][A-Z0-9_]*|[a-z]+(?:[A-Z][a-z]*)*(?:[._-][a-z]+)*)$/,
} as const;

/** A name from a file. Anything that does not look like a name could be a misplaced secret and is not shown. */
export function named(name: string | undefined, grammar: keyof typeof GRAMMARS): string {
  if (name === undefined || name === '') return 'without a name';
  return GRAMMARS[grammar].test(name) && !looksSecret(name) ? shown(name) : NO_NAME;
}

/** Whether a name is shown as it is. */
export const isNamed = (name: string, grammar: keyof typeof GRAMMARS): boolean => named(name, grammar) === name;

/** The address of a Terraform resource, module or output: `module.ecs[0].aws_ecs_task_definition.this["server"]`. */
export const addressed = (address: string): string =>
  /^[\w.-]+(?:\[(?:\d+|"[\w./:@ -]{0,80}")\][\w.-]*)*$/.test(address) ? shown(address, 256) : NO_NAME;

const NO_NAME = '(not a name)';

/** The ECS reference to a value: an ARN or a parameter name. */
export function reference(valueFrom: string): string {
  if (/^arn:[\w-]+:(?:secretsmanager|ssm):[\w-]*:\d*:[\w/.@+=:-]+$/.test(valueFrom)) return shown(valueFrom, 256);
  return /^[\w./-]+$/.test(valueFrom) && !looksSecret(valueFrom) ? shown(valueFrom) : NO_NAME;
}

/** A file name as a word in a shell command; `FILE` if it contains unsafe characters. */
export function shellWord(name: string): string {
  if (name === '-' || name === '' || shown(name) !== name) return 'FILE';
  if (/^[\w./@%+:,][\w./@%+=:,-]*$/.test(name)) return name;
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`;
  return name.startsWith('-') ? `./${quoted}` : quoted;
}

/** Standard input in place of a path. */
export const STDIN = '-';
/** Maximum length of a path in a message; not shortened before, so that a secret in its place is recognized. */
const LONGEST_PATH = 256;

/** A file in messages. */
export const titleOf = (name: string): string => (name === STDIN ? 'standard input' : shown(name, LONGEST_PATH));
