/** `EnvironmentFile=` of systemd (src/basic/env-file.c): quotes and continued lines, but no comments behind a value. */
import type { Assignment, Read } from './assignment.ts';

const isBlank = (character: string) => character === ' ' || character === '\t';
const isNewline = (character: string) => character === '\n' || character === '\r';

function withoutBlanks(text: string): string {
  let end = text.length;
  while (isBlank(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** A variable that systemd leaves out is one that it does not read: a line without `=`, or a name such as `export A`. */
export function readSystemd(text: string): Read {
  const scanner = new Scanner(text);
  const assignments: Assignment[] = [];
  for (;;) {
    scanner.skipLines();
    if (scanner.atEnd) return assignments;
    const line = scanner.line;
    const name = scanner.name();
    if (name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return undefined;
    assignments.push({ name, value: scanner.value(), expands: false, line });
  }
}

class Scanner {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #next(): string {
    const character = this.#text.charAt(this.#at++);
    if (character === '\n') this.line++;
    return character;
  }

  /** Blank lines and comments. */
  skipLines(): void {
    while (!this.atEnd) {
      const character = this.#text.charAt(this.#at);
      if (character === '#' || character === ';') this.#skipLine();
      else if (isBlank(character) || isNewline(character)) this.#next();
      else return;
    }
  }

  #skipLine(): void {
    while (!this.atEnd && !isNewline(this.#text.charAt(this.#at))) this.#next();
  }

  name(): string | undefined {
    const start = this.#at;
    while (!this.atEnd) {
      const character = this.#next();
      if (character === '=') return withoutBlanks(this.#text.slice(start, this.#at - 1));
      if (isNewline(character)) return undefined;
    }
    return undefined;
  }

  /** Quoted parts can be anywhere at the start of the value; inside of it, quotes are characters like others. */
  value(): string {
    let value = '';
    while (!this.atEnd) {
      const character = this.#next();
      if (isNewline(character)) return value;
      if (character === "'") value += this.#singleQuoted();
      else if (character === '"') value += this.#doubleQuoted();
      else if (!isBlank(character)) return value + this.#plain(character);
    }
    return value;
  }

  #plain(first: string): string {
    let value = '';
    /** Length without the whitespace at the end, which escaped characters are not. */
    let end = 0;
    for (let character = first; !isNewline(character); character = this.#next()) {
      if (character === '\\') {
        const escaped = this.#next();
        if (!isNewline(escaped)) value += escaped;
        end = value.length;
      } else {
        value += character;
        if (!isBlank(character)) end = value.length;
      }
      if (this.atEnd) break;
    }
    return value.slice(0, end);
  }

  #singleQuoted(): string {
    let value = '';
    for (let character = this.#next(); character !== "'" && character !== ''; character = this.#next())
      value += character;
    return value;
  }

  #doubleQuoted(): string {
    let value = '';
    for (let character = this.#next(); character !== '"' && character !== ''; character = this.#next()) {
      if (character !== '\\') {
        value += character;
        continue;
      }
      const escaped = this.#next();
      if ('"\\`$'.includes(escaped)) value += escaped;
      else if (escaped !== '\n') value += `\\${escaped}`;
    }
    return value;
  }
}
