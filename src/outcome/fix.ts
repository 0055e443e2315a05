/**
 * Fixes for findings, safe to paste. `sh` and `sql` are the only functions that create commands: every interpolated value
 * (a name from a config, a server response) remains a single word or name in the command.
 */

/** `command`: for a POSIX shell, or SQL; `setting`: a variable and its value; `advice`: prose. */
export type FixKind = 'command' | 'setting' | 'advice';
export type FixLanguage = 'sh' | 'sql';

/** A longer command would be truncated in the output, and must not be run in part. */
const LONGEST = 3800;
/** Control characters, invisible characters, and characters that change the text direction: not allowed in commands. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;
/** Words that need no quotes in any POSIX shell; a colon or equals sign is not allowed at the start. */
const PLAIN = /^[A-Za-z0-9_./@%+,-][A-Za-z0-9_./@%+,:=-]*$/;

const REFUSED =
  'a name in the command contains characters that can’t be pasted safely: use the service’s console instead';

/** A command for a POSIX shell, or several connected by pipes. */
export class Shell {
  /** The text to paste; `undefined` if a value can't be written safely for a shell. */
  readonly text: string | undefined;
  /** The programs with their arguments, in order; `undefined` for an argument that contains the output of another command. */
  readonly argvs: readonly (readonly (string | undefined)[])[];
  constructor(text: string | undefined, argvs: Shell['argvs']) {
    this.text = text;
    this.argvs = argvs;
  }
}

/** The output of a command as an argument of another: `"$(…)"`. */
class Output {
  readonly of: Shell;
  constructor(of: Shell) {
    this.of = of;
  }
}

/** One word of a command, in parts. */
type Part = { readonly literal: string } | { readonly value: string | Output };

/**
 * A command: sh`mc mb minio/${bucket}`. The literal text is split at whitespace and must not need quotes; an interpolated
 * value always remains part of its word. A value that starts a word with a hyphen must not become an option: it is joined
 * to the preceding long option, or the command is not printed.
 */
export function sh(literals: TemplateStringsArray, ...values: readonly (string | number | Output)[]): Shell {
  const words: Part[][] = [];
  let open = false;
  literals.forEach((literal, index) => {
    for (const token of literal.split(/(\s+)/)) {
      if (token === '') continue;
      if (/^\s/.test(token)) open = false;
      else {
        if (open) words.at(-1)?.push({ literal: token });
        else words.push([{ literal: token }]);
        open = true;
      }
    }
    if (index >= values.length) return;
    const held = values[index];
    const value = held instanceof Output ? held : String(held);
    if (open) words.at(-1)?.push({ value });
    else words.push([{ value }]);
    open = true;
  });
  return shellOf(words);
}

/** The output of one command as an argument of another. */
export const output = (of: Shell): Output => new Output(of);

/** Connects commands with pipes. */
export function pipe(...commands: readonly Shell[]): Shell {
  const texts = commands.map(({ text }) => text);
  return new Shell(
    texts.includes(undefined) ? undefined : texts.join(' | '),
    commands.flatMap(({ argvs }) => argvs),
  );
}

function shellOf(words: readonly (readonly Part[])[]): Shell {
  const argvs: (readonly (string | undefined)[])[] = [];
  const argv: (string | undefined)[] = [];
  const texts: string[] = [];
  let refused = false;
  for (const word of words) {
    for (const { of } of word.flatMap(outputIn)) {
      argvs.push(...of.argvs);
      refused ||= of.text === undefined;
    }
    const known = word.some((part) => outputIn(part).length > 0) ? undefined : word.map(textOf).join('');
    refused ||= UNSEEN.test(known ?? '');
    const [first] = word;
    const isOption = known?.startsWith('-') && first !== undefined && 'value' in first;
    if (isOption) {
      const before = argv.at(-1);
      refused ||= before === undefined || !/^--[a-z][a-z-]*$/.test(before);
      argv[argv.length - 1] = `${before}=${known}`;
      texts[texts.length - 1] = quoted(`${before}=${known}`);
    } else {
      argv.push(known);
      texts.push(known === undefined ? word.map(written).join('') : isLiteral(word) ? known : quoted(known));
    }
  }
  return new Shell(refused ? undefined : texts.join(' '), [...argvs, argv]);
}

const isLiteral = (word: readonly Part[]): boolean => word.every((part) => 'literal' in part);
const outputIn = (part: Part): Output[] => ('value' in part && part.value instanceof Output ? [part.value] : []);
const textOf = (part: Part): string => ('literal' in part ? part.literal : String(part.value));

/** A part of a word that contains a command's output. */
function written(part: Part): string {
  if ('literal' in part) return part.literal;
  return part.value instanceof Output ? `"$(${part.value.of.text ?? ''})"` : quoted(part.value);
}

/** A POSIX shell word in ASCII, without expansion, in which no CI runner recognizes a workflow command. */
export function quoted(value: string): string {
  if (PLAIN.test(value)) return value;
  if (/^[\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", `'\\''`).replace(/#(?=#)/g, "#''")}'`;
  return `"$(printf '${octal(value)}')"`;
}

/** The ASCII argument for `printf`. */
export function octal(value: string): string {
  const bytes = [...Buffer.from(value.toWellFormed())].map((byte) =>
    byte >= 0x30 && byte <= 0x7a && byte !== 0x5c && byte !== 0x60
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  );
  return bytes.join('');
}

/** Reserved words in PostgreSQL 18 (manual, appendix C), which must be quoted as names. */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
  full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
  select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
  variadic verbose when where window with`.split(/\s+/),
);

/** A role, database or schema name in a statement: `spacelift`, `"Spacelift"`. */
export class Identifier {
  readonly text: string | undefined;
  constructor(name: string) {
    if (/^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name)) this.text = name;
    else this.text = name === '' || UNSEEN.test(name) ? undefined : unicode(name, '"');
  }
}

/** A string literal in a statement: `'it''s'`. */
export class Literal {
  readonly text: string | undefined;
  constructor(value: string) {
    this.text = UNSEEN.test(value) ? undefined : unicode(value, "'");
  }
}

export const identifier = (name: string): Identifier => new Identifier(name);
export const literal = (value: string): Literal => new Literal(value);

/**
 * ASCII only: other characters are written as code points (PostgreSQL manual, 4.1.2.3), as is text that a CI runner would
 * recognize as a workflow command. Backslashes are doubled in that form.
 */
function unicode(text: string, quote: string): string {
  const doubled = text.replaceAll(quote, quote + quote);
  if (/^[ -[\]-~]*$/.test(doubled) && !doubled.includes('##')) return `${quote}${doubled}${quote}`;
  return `U&${quote}${codePoints(doubled)}${quote}`;
}

/** The text between the quotes of `U&''` in SQL. */
export function codePoints(value: string): string {
  const points = [...value.replaceAll('\\', '\\\\')].map((character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x80 && character !== '#' ? character : `\\+${point.toString(16).padStart(6, '0')}`;
  });
  return points.join('');
}

/** An SQL statement. */
export class Sql {
  readonly text: string | undefined;
  constructor(text: string | undefined) {
    this.text = text;
  }
}

/** A statement: sql`ALTER ROLE ${identifier(role)} CREATEROLE;`. */
export function sql(literals: TemplateStringsArray, ...values: readonly (Identifier | Literal | number | Sql)[]): Sql {
  const parts = values.map((value) => (typeof value === 'number' ? String(value) : value.text));
  if (parts.includes(undefined)) return new Sql(undefined);
  return new Sql(literals.map((text, index) => text + (parts[index] ?? '')).join(''));
}

/** An anonymous block. Its body is a string literal: a name in it could end a dollar quote. */
export const block = (body: Sql): Sql =>
  body.text === undefined ? new Sql(undefined) : sql`DO ${literal(body.text)};`;

/** Required to create a fix. */
const KEY = Symbol('fix');

/** Created only by `command`, `setting` and `advice`. */
export class Fix {
  readonly kind: FixKind;
  /** For a command. */
  readonly language: FixLanguage | undefined;
  /** The text to print; line breaks are preserved. */
  readonly text: string;
  /** All shell commands in it, including those in prose. */
  readonly shells: readonly Shell[];
  /** For a command: it removes or replaces something that may be needed, and must be reviewed first. */
  readonly destructive: boolean;
  readonly #made = true;
  constructor(
    key: symbol,
    kind: FixKind,
    language: FixLanguage | undefined,
    text: string,
    shells: readonly Shell[],
    destructive: boolean,
  ) {
    if (key !== KEY) throw new TypeError('create a fix with command, setting or advice');
    this.kind = kind;
    this.language = language;
    this.text = text;
    this.shells = shells;
    this.destructive = destructive;
  }
  /** Whether the value is a fix from this module. */
  static is(value: unknown): value is Fix {
    return typeof value === 'object' && value !== null && #made in value;
  }
}

const make = (
  kind: FixKind,
  text: string,
  shells: readonly Shell[] = [],
  language?: FixLanguage,
  destructive = false,
): Fix => new Fix(KEY, kind, language, text, shells, destructive);

interface Notes {
  /** It removes or replaces something that may be needed. */
  readonly destructive?: boolean;
  /** A note to read before running it. */
  readonly note?: string;
  /** The next step after running it. */
  readonly after?: string;
}

/** Shell commands or SQL statements, one per line, with optional comments before and after. */
export function command(
  of: Shell | Sql | readonly Shell[] | readonly Sql[],
  { note, after, destructive }: Notes = {},
): Fix {
  const all = [of].flat() as (Shell | Sql)[];
  const shells = all.filter((one) => one instanceof Shell);
  const texts = all.map(({ text }) => text);
  const mark = shells.length > 0 ? '#' : '--';
  const comment = (text: string | undefined) => (text === undefined ? [] : [`${mark} ${harmless(text)}`]);
  const text = [...comment(note), ...texts, ...comment(after)].join('\n');
  if (texts.includes(undefined) || text.length > LONGEST) {
    return make('advice', [note, REFUSED, after].filter((part) => part !== undefined).join('; '));
  }
  return make('command', text, shells, shells.length > 0 ? 'sh' : 'sql', destructive);
}

/** Some interactive shells execute comments as commands. */
const harmless = (text: string): string => text.replace(/[^\p{L}\p{N} ,.:/’_=-]+/gu, ' ').trim();

/** A variable in the config, and the value to set. */
export function setting(variable: string, value: string): Fix {
  if (!/^[A-Za-z_]\w*$/.test(variable) || UNSEEN.test(value)) return make('advice', `correct ${variable}`);
  return make('setting', `set ${variable}=${quoted(value)}`);
}

/** Prose, optionally with commands: advice`start ${what}; try: ${sh`nc -vz ${host} ${port}`}`. */
export function advice(
  literals: TemplateStringsArray,
  ...values: readonly (string | number | Shell | Sql | Fix)[]
): Fix {
  const parts = values.map((value) => (typeof value === 'object' ? (value.text ?? `(${REFUSED})`) : String(value)));
  const text = literals.map((literal_, index) => literal_ + (parts[index] ?? '')).join('');
  return make(
    'advice',
    text,
    values.flatMap((value) => (value instanceof Fix ? value.shells : value instanceof Shell ? [value] : [])),
  );
}
