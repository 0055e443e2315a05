/** The summary that GitHub shows on the page of a workflow run: a file that every step may add Markdown to. */
import { appendFileSync } from 'node:fs';
import type { FormatName } from '../report/index.ts';
import { type Write, writing } from './report-file.ts';

/**
 * Adds the report to the summary when one of the formats is GitHub's, and this is a step of a workflow.
 * @throws InputError when it can't be written, at once or when written
 */
export function stepSummary(
  formats: readonly FormatName[],
  { GITHUB_STEP_SUMMARY: path = '' }: Readonly<Record<string, string | undefined>>,
): Write | undefined {
  if (path === '' || !formats.includes('github')) return undefined;
  const append: Write = (text) => writing(`GITHUB_STEP_SUMMARY, ${path}`, () => appendFileSync(path, text));
  append('');
  return append;
}
