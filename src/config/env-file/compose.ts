/** Docker Compose's reader of env files (compose-go, dotenv/parser.go and template/template.go). */
import { isVariable } from '../contract.ts';
import {
  type Assignment,
  type BareName,
  Budget,
  isSpace,
  lastOf,
  type Read,
  type SkippedLine,
  trimEnd,
} from './assignment.ts';

/** Spaces, without line breaks. */
const BLANKS = /[\t\v\f\r \u0085\u00a0]*/y;
const EXPORT = /export[\t\n\f\r ]+/y;
const NAME = /[\p{L}\p{N}_.[\]\-\t\v\f\r \u0085\u00a0]*/uy;

interface Options {
  /** Skips what Compose rejects, and ends values at any whitespace before a `#`, not only at a space. */
  readonly lenient: boolean;
}

/** What Docker Compose reads; values of earlier lines are put in for references. */
export const readCompose = (text: string): Read => new Parser(text, { lenient: false }).parse();

export interface LenientRead {
  readonly assignments: readonly Assignment[];
  /** Of variables that no line assigns. */
  readonly bare: readonly BareName[];
  /** Lines that Compose rejects. */
  readonly skipped: readonly SkippedLine[];
}

/** This tool's own reading: Docker Compose's, but a comment can follow a tab, and lines that Compose rejects are skipped. */
export function readLeniently(text: string): LenientRead {
  const parser = new Parser(text, { lenient: true });
  const assignments = parser.parse() ?? [];
  const assigned = lastOf(assignments);
  return {
    assignments,
    bare: [...new Map(parser.bare.map((one) => [one.name, one])).values()].filter(({ name }) => !assigned.has(name)),
    skipped: parser.skipped,
  };
}

/** Whether a line is the name of a variable, not a piece of a key. */
const isBareName = (name: string): boolean => /^(?:[A-Z_][A-Z0-9_]{0,79}|[a-z_][a-z0-9_]{0,79})$/.test(name);

/** Compose rejects the file. */
class Rejected extends Error {
  override readonly name = 'Rejected';
}
/** One for all: a stack for each of a million lines takes minutes. */
const REJECTED = new Rejected();

/** In characters: more than `export` and the name of any variable. */
const LONGEST_NAME = 100;
/** Twice the limit for a variable: a longer value is rejected later, whatever is in it. */
const LONGEST = 256 * 1024;

class Parser {
  readonly #text: string;
  readonly #options: Options;
  readonly #assignments: Assignment[] = [];
  readonly bare: BareName[] = [];
  readonly skipped: SkippedLine[] = [];
  readonly #values: Values = { known: new Map<string, Assignment>(), budget: new Budget() };
  #at = 0;
  #line = 1;
  /** Where `#line` was counted. */
  #counted = 0;

  constructor(text: string, options: Options) {
    this.#text = text.replace(/^\ufeff/, '');
    this.#options = options;
  }

  parse(): Read {
    for (;;) {
      this.#skipLines();
      if (this.#at >= this.#text.length) return this.#assignments;
      const start = this.#at;
      try {
        this.#statement();
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        if (!this.#options.lenient) return undefined;
        this.#skipLine(start);
      }
    }
  }

  #skipLines(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === '#') this.#at = this.#endOfLine(this.#at);
      else if (!isSpace(character)) return;
    }
  }

  #skipLine(start: number): void {
    const end = this.#endOfLine(start);
    const text = this.#text.slice(start, Math.min(end, start + LONGEST_NAME));
    // What a shell that sources the file is told.
    if (!/^set [-+]\w+\s*$/.test(text)) this.#addSkipped(this.#lineAt(start), text);
    this.#at = end + 1;
  }

  #endOfLine(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #lineAt(at: number): number {
    for (; this.#counted < at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++;
    return this.#line;
  }

  #statement(): void {
    const line = this.#lineAt(this.#at);
    const exported = this.#at;
    if (this.#skip(EXPORT) !== '') {
      // Only what follows on the same line is skipped.
      this.#at = exported + 'export'.length;
      this.#skip(BLANKS);
    }
    const start = this.#at;
    if (start >= this.#text.length) throw REJECTED;
    const found = this.#skip(NAME);
    const mark = this.#text.charAt(this.#at);
    if (mark === '') {
      // Without a line break, Compose takes a last name for a value of a variable without a name.
      this.#bareName(trimEnd(found), line);
      this.#at = start;
      this.#skip(BLANKS);
      this.#assign('', line);
      return;
    }
    if (mark !== '=' && mark !== ':' && mark !== '\n') throw REJECTED;
    const name = trimEnd(found);
    this.#at++;
    if (name.includes(' ')) throw REJECTED;
    this.#skip(BLANKS);
    if (mark !== '\n') this.#assign(name, line);
    else this.#bareName(name, line);
  }

  #bareName(name: string, line: number): void {
    if (isBareName(name)) this.bare.push({ name, line });
    else if (name !== '') this.#addSkipped(line, name);
  }

  #addSkipped(line: number, text: string): void {
    const [, name = ''] = /^(?:export\s+)?([A-Z][A-Z0-9_]*)/.exec(text) ?? [];
    this.skipped.push({ line, ...(isVariable(name) && { name }) });
  }

  #assign(name: string, line: number): void {
    const quote = this.#text.charAt(this.#at);
    const read = quote === "'" || quote === '"' ? this.#quoted(quote) : this.#unquoted();
    const assignment = { name, ...read, line };
    this.#values.known.set(name, assignment);
    if (name !== '' || !this.#options.lenient) this.#assignments.push(assignment);
  }

  #unquoted(): Expanded {
    const start = this.#at;
    const end = this.#endOfLine(start);
    const line = this.#text.slice(start, end);
    this.#at = Math.min(end + 1, this.#text.length);
    return this.#expand(
      trimEnd(this.#options.lenient ? beforeComment(line, this.#text.charAt(start - 1)) : cutAt(line, ' #')),
    );
  }

  #quoted(quote: string): Expanded {
    const start = this.#at;
    const chunks: string[] = [];
    let from = start + 1;
    for (let at = from; at < this.#text.length; at++) {
      const character = this.#text.charAt(at);
      if (character === '\\') {
        at++;
        if (this.#text.charAt(at) !== quote) continue;
        if (at - start < LONGEST) chunks.push(this.#text.slice(from, at - 1));
        from = at;
      } else if (character === quote) {
        const isLong = at - start >= LONGEST;
        const value = isLong ? this.#text.slice(start + 1, at) : chunks.join('') + this.#text.slice(from, at);
        this.#at = at + 1;
        return quote === '"'
          ? this.#expand(value.length > LONGEST ? value : unescaped(value))
          : { value, expands: false };
      }
    }
    if (!this.#options.lenient) throw REJECTED;
    return this.#unquoted();
  }

  #expand(value: string): Expanded {
    if (this.#options.lenient && value.length > LONGEST) return { value, expands: false };
    try {
      return expand(value, this.#values);
    } catch (error) {
      if (!(error instanceof Rejected) || !this.#options.lenient) throw error;
      return { value, expands: false };
    }
  }
}

const cutAt = (text: string, mark: string): string => {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(0, at);
};

/** @param before the character before the text: a comment can also be all of it */
function beforeComment(text: string, before: string): string {
  for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1)) {
    const previous = at === 0 ? before : text.charAt(at - 1);
    if (previous === ' ' || previous === '\t') return text.slice(0, at);
  }
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

/** The escapes of a string in double quotes; `\$` becomes the `$$` that stands for a dollar sign in a template. */
const unescaped = (value: string): string =>
  value.replace(/\\(?:[abcfnrtv$"\\]|0\d{0,3})/g, (sequence) => {
    const [, kind = ''] = sequence;
    if (kind !== '0') return ESCAPES[kind] ?? sequence;
    const digits = sequence.slice(2);
    const code = /^[0-7]{3}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
    return code === undefined || code > 255 ? `\\${digits}` : String.fromCharCode(code);
  });

type Expanded = Pick<Assignment, 'value' | 'expands'>;

const REFERENCE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{(?:([_a-z][_a-z0-9]*)(?::?([-+?])([^\n]*))?\}|))/giu;

/** The values of earlier lines, which references can stand for. */
interface Values {
  readonly known: Map<string, Assignment>;
  readonly budget: Budget;
}

/** Puts values in for references; a reference to anything outside the file stays as it is. */
function expand(value: string, values: Values, depth = 0): Expanded {
  if (depth > DEEPEST) throw REJECTED;
  let expands = false;
  const text = value.replace(REFERENCE, (reference, dollar, plain, braced, operator, rest) => {
    if (dollar !== undefined) return '$';
    const name: string | undefined = plain ?? braced;
    if (name === undefined) throw REJECTED;
    const known = values.known.get(name);
    if (operator === undefined && known !== undefined) {
      if (values.budget.isSpentBy(known.value)) throw REJECTED;
      expands ||= known.expands;
      return known.value;
    }
    expands = true;
    if (operator !== undefined) expandOperand({ reference, operator, rest, known }, values, depth + 1);
    return reference;
  });
  return { value: text, expands };
}

/** Operands in operands, and references behind them. */
const DEEPEST = 50;

interface Operation {
  readonly reference: string;
  readonly operator: string;
  readonly rest: string;
  readonly known: Assignment | undefined;
}

/** `${NAME:-operand}` and what follows it: only whether Compose accepts them. */
function expandOperand({ reference, operator, rest, known }: Operation, values: Values, depth: number): void {
  const end = closingBrace(reference);
  const operand = rest.slice(0, rest.length - (reference.length - 1 - end));
  if (operator === '?' && known === undefined) throw REJECTED;
  if (operator === '+' ? known !== undefined : known === undefined) expand(operand, values, depth);
  expand(reference.slice(end + 1), values, depth);
}

/** Of the first brace, as Compose counts them: a brace right after another is overlooked. */
function closingBrace(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '}' && --open === 0) return at;
    if (text[at] === '{') {
      open++;
      at++;
    }
  }
  return text.length - 1;
}
