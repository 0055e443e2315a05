/** JSON: one document or several in a row, as `kubectl get -o json` prints them one after the other. */
import { notValid } from './syntax.ts';
import type { Value } from './value.ts';

/** @throws InputError with line and column */
export function parseJson(file: string, text: string): Value[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return slices(file, text).map((slice) => JSON.parse(slice));
  }
}

const TOKEN =
  /[ \t\r\n]*(?:([[\]{},:])|("[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))?/y;
const VALUE = 's0{[';

/** The text of each document. `JSON.parse` does not always tell where it stopped, so this walks the grammar. */
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
    const kind = mark ?? (string !== undefined ? 's' : scalar !== undefined ? '0' : '');
    if (kind === '' && token.lastIndex === text.length && from === start && found.length > 0) return found;
    if (kind === '' || !allowed.includes(kind)) {
      const at = from + all.length - all.trimStart().length;
      throw notValid(file, 'JSON', text, at, at === text.length ? 'it ends too early' : '');
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
      start = token.lastIndex;
      allowed = VALUE;
    }
  }
}
