/** JSON: one document or several in a row, as printed by repeated `kubectl get -o json` commands. */
import { InputError } from '../entry.ts';
import { notValid } from './syntax.ts';
import type { Value } from './value.ts';

/** A task definition with the maximum number of variables has half as many values. */
const MOST_VALUES = 150_000;
const [QUOTE, COMMA, MAP, LIST] = [0x22, 0x2c, 0x7b, 0x5b];

/** @throws InputError with line and column */
export function parseJson(file: string, text: string): Value[] {
  refuseFlood(file, text);
  try {
    return [JSON.parse(text)];
  } catch {
    return slices(file, text).map((slice) => JSON.parse(slice));
  }
}

/** Parsing excessive input takes half a gigabyte; counting the values by their first characters is fast. */
function refuseFlood(file: string, text: string): void {
  let values = 0;
  for (let at = 0; at < text.length && text.length > MOST_VALUES; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA || code === MAP || code === LIST) values++;
  }
  if (values > MOST_VALUES) throw flood(file, 'values');
}

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before--;
  return (at - before) % 2 === 1;
}

const flood = (file: string, what: string): InputError =>
  new InputError(`${file}: more than ${MOST_VALUES.toLocaleString('en')} JSON ${what}`);

const TOKEN = /[ \t\r\n]*(?:([[\]{},:])|(")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))?/y;
/** Part of a string: a pattern for the whole of it would exhaust the stack on millions of escapes. */
const CHARACTERS = /(?:[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){1,1000}/y;
const VALUE = 's0{[';

/** Where the string ends whose first character is at `from`. */
function endOfValid(text: string, from: number): number | undefined {
  const characters = new RegExp(CHARACTERS);
  let end = from;
  for (characters.lastIndex = end; characters.test(text); ) end = characters.lastIndex;
  return text[end] === '"' ? end + 1 : undefined;
}

/** The text of each document. `JSON.parse` does not always report where it stopped, so this follows the grammar. */
function slices(file: string, text: string): string[] {
  const token = new RegExp(TOKEN);
  const found: string[] = [];
  const open: string[] = [];
  let start = 0;
  let allowed = VALUE;
  let keyNext = false;
  for (;;) {
    const from = token.lastIndex;
    const [all = '', mark, string, scalar] = token.exec(text) ?? [];
    if (string !== undefined) token.lastIndex = endOfValid(text, token.lastIndex) ?? from;
    const isString = string !== undefined && token.lastIndex !== from;
    const kind = mark ?? (isString ? 's' : scalar !== undefined ? '0' : '');
    if (kind === '' && token.lastIndex === text.length && from === start && found.length > 0) return found;
    if (kind === '' || !allowed.includes(kind)) {
      const at = from + all.length - all.trimStart().length;
      throw notValid(file, 'JSON', text, at, at === text.length ? 'unexpected end of input' : '');
    }
    if (kind === '{' || kind === '[') open.push(kind);
    if (kind === '}' || kind === ']') open.pop();
    const inMap = open.at(-1) === '{';
    const isKey = keyNext && kind === 's';
    keyNext = inMap && (kind === '{' || kind === ',');
    if (keyNext) allowed = kind === '{' ? 's}' : 's';
    else if (isKey) allowed = ':';
    else if (kind === '[') allowed = `${VALUE}]`;
    else if (kind === ',' || kind === ':') allowed = VALUE;
    else if (open.length > 0) allowed = inMap ? ',}' : ',]';
    else {
      found.push(text.slice(start, token.lastIndex));
      if (found.length > MOST_VALUES) throw flood(file, 'documents');
      start = token.lastIndex;
      allowed = VALUE;
    }
  }
}
