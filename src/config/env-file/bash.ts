/** `set -a; source FILE` in bash, as far as the file only sets variables (bash manual, “Simple Command Expansion”). */
import { type Assignment, Budget, type Read } from './assignment.ts';

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Ends a word. */
const BREAK = /[ \t\n;&|<>()]/;
/** Parameters of the shell itself. */
const SPECIAL = /[0-9@*#?$!_-]/;
/** Characters of unquoted text that mean nothing to the shell, in a row. */
const TEXT = /[^ \t\n;&|<>()\\'"$`~:]+/y;
const DOUBLE_QUOTED_TEXT = /[^"\\$`]+/y;

/** The file does more than set variables, or bash reports an error. */
class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

export function readBash(text: string): Read {
  try {
    return new Script(text).run();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

type Value = Pick<Assignment, 'value' | 'expands'>;

interface Word {
  /** Of an assignment; the text of any other word. */
  readonly name: string;
  readonly assigned?: Value;
  /** Unquoted braces, which `export` may expand to several words, but an assignment alone does not. */
  readonly braces: boolean;
}

class Script {
  readonly #text: string;
  readonly #assignments: Assignment[] = [];
  readonly #values = new Map<string, Assignment>();
  readonly #budget = new Budget();
  #at = 0;
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Assignment[] {
    while (this.#at < this.#text.length) this.#command();
    return this.#assignments;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #lineHere(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++;
    return this.#line;
  }

  /** Up to a line break or a semicolon. */
  #command(): void {
    let words = 0;
    let exports = false;
    for (;;) {
      this.#skipBlanks();
      const character = this.#peek();
      if (character === '' || character === '\n' || character === ';') {
        // A semicolon ends a command, and there must be one.
        if (character === ';' && words === 0) throw new NotPlain();
        this.#at++;
        return;
      }
      if (BREAK.test(character)) throw new NotPlain();
      const line = this.#lineHere();
      const word = this.#word();
      if (exports && word.braces) throw new NotPlain();
      if (words++ === 0 && word.assigned === undefined && word.name === 'export') exports = true;
      else if (word.assigned !== undefined) this.#assign({ name: word.name, ...word.assigned, line });
      else if (!exports || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(word.name)) throw new NotPlain();
    }
  }

  #assign(assignment: Assignment): void {
    this.#values.set(assignment.name, assignment);
    this.#assignments.push(assignment);
  }

  #skipBlanks(): void {
    for (;;) {
      const character = this.#peek();
      if (character === ' ' || character === '\t') this.#at++;
      else if (this.#text.startsWith('\\\n', this.#at)) this.#at += 2;
      else if (character === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else return;
    }
  }

  #word(): Word {
    const name = this.#take(NAME);
    if (name !== '' && this.#peek() === '=') {
      this.#at++;
      const { braces, ...assigned } = this.#value();
      return { name, assigned, braces };
    }
    const { value, expands, braces } = this.#value();
    if (expands) throw new NotPlain();
    return { name: name + value, braces };
  }

  /** The rest of a word. */
  #value(): Value & Pick<Word, 'braces'> {
    const parts: string[] = [];
    let expands = false;
    let braces = false;
    const add = (part: Value) => {
      parts.push(part.value);
      if (part.expands) expands = true;
    };
    /** A tilde stands for a home directory there. */
    let homeHere = true;
    for (;;) {
      const plain = this.#take(TEXT);
      if (plain !== '') {
        parts.push(plain);
        homeHere = false;
        braces ||= plain.includes('{');
      }
      const character = this.#peek();
      if (character === '' || BREAK.test(character)) return { value: parts.join(''), expands, braces };
      if (character === '$') add(this.#reference());
      else {
        this.#at++;
        if (character === '`') throw new NotPlain();
        else if (character === "'") parts.push(this.#singleQuoted());
        else if (character === '"') for (const part of this.#doubleQuoted()) add(part);
        else if (character === '\\') parts.push(this.#escaped());
        else add({ value: character, expands: character === '~' && homeHere });
      }
      homeHere = character === ':';
    }
  }

  #escaped(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0x5c);
    this.#at += character.length;
    return character === '\n' ? '' : character;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) throw new NotPlain();
    const value = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return value;
  }

  *#doubleQuoted(): Generator<Value> {
    for (;;) {
      yield { value: this.#take(DOUBLE_QUOTED_TEXT), expands: false };
      const character = this.#peek();
      if (character === '' || character === '`') throw new NotPlain();
      if (character === '$') yield this.#reference();
      else {
        this.#at++;
        if (character === '"') return;
        const escaped = this.#peek();
        if (escaped === '') throw new NotPlain();
        const isEscape = '"\\$`\n'.includes(escaped);
        if (isEscape) this.#at++;
        yield { value: !isEscape ? '\\' : escaped === '\n' ? '' : escaped, expands: false };
      }
    }
  }

  /** `$NAME`, `${NAME}`, a parameter of the shell, or a dollar sign. */
  #reference(): Value {
    const start = this.#at++;
    const isBraced = this.#peek() === '{';
    if (isBraced) this.#at++;
    const name = this.#take(NAME);
    if (isBraced) {
      if (name === '' || this.#peek() !== '}') throw new NotPlain();
      this.#at++;
    } else if (name === '') {
      // Commands, arithmetic, and other kinds of quotes.
      if (/[('"[]/.test(this.#peek())) throw new NotPlain();
      if (!SPECIAL.test(this.#peek())) return { value: '$', expands: false };
      this.#at++;
    }
    const known = this.#values.get(name);
    if (known === undefined) return { value: this.#text.slice(start, this.#at), expands: true };
    if (this.#budget.isSpentBy(known.value)) throw new NotPlain();
    return known;
  }
}
