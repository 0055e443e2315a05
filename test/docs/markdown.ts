/** The documents, as the tests of this folder read them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import { ROOT } from '../ci/runner.ts';

/** Every document for people, by its path from the root. */
export const DOCUMENTS: readonly string[] = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /^(?:[A-Z]+\.md|docs\/.*|charts\/.*|test\/services\/README\.md)$/.test(path));

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** All tokens of one type, however deep they are. */
export function tokensOf<Type extends Tokens.Generic['type']>(
  text: string,
  type: Type,
): Extract<Token, { type: Type }>[] {
  const found: Token[] = [];
  marked.walkTokens(marked.lexer(text), (token) => {
    if (token.type === type) found.push(token);
  });
  return found as Extract<Token, { type: Type }>[];
}

/** The anchors that GitHub gives the headings: without markup and punctuation, numbered if they repeat. */
export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = tokensOf(text, 'heading').map((heading) => {
    const anchor = heading.text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

/** The rows of the table below a heading, as the texts of their cells. */
export function tableBelow(text: string, heading: string): string[][] {
  const tokens = marked.lexer(text);
  const from = tokens.findIndex((token) => token.type === 'heading' && token.text === heading);
  const table = tokens.slice(from).find((token): token is Tokens.Table => token.type === 'table');
  if (from < 0 || table === undefined) throw new Error(`no table below "${heading}"`);
  return table.rows.map((row) => row.map((cell) => cell.text));
}
