/** The last results, row by row, and the table of docs/performance.md that is made from them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './programs.ts';
import type { Row } from './row.ts';
import { markdownTable } from './table.ts';

type Result = Omit<Row, 'facts'>;

const RESULTS = join(ROOT, 'bench/results.json');
const PAGE = join(ROOT, 'docs/performance.md');
const BETWEEN = /(<!-- npm run bench -- --write -->\n)[\s\S]*?(\n<!-- end -->)/;

/** Keeps these rows, and prints them into the page with those that were not measured now. */
export async function keep(rows: readonly Row[]): Promise<void> {
  const before: readonly Result[] = JSON.parse(await readFile(RESULTS, 'utf8'));
  const results = merged(before, rows);
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), results));
}

/** Rows stay where they are; new ones are last. */
export function merged(before: readonly Result[], rows: readonly Row[]): Result[] {
  const now = new Map(rows.map(({ facts: _, ...result }) => [result.id, result]));
  const kept = before.map((row) => now.get(row.id) ?? row);
  const known = new Set(before.map(({ id }) => id));
  return [...kept, ...[...now.values()].filter(({ id }) => !known.has(id))];
}

/** @throws Error if the page has no place for the table */
export function withTable(page: string, results: readonly Result[]): string {
  if (!BETWEEN.test(page)) throw new Error('docs/performance.md has no place for the table');
  return page.replace(BETWEEN, (_, begin: string, end: string) => `${begin}\n${markdownTable(results)}${end}`);
}
