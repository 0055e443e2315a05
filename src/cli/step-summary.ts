/** The job summary on the page of a GitHub Actions run: a file to which every step can append Markdown. */
import { appendFileSync } from 'node:fs';
import type { FormatName } from '../report/format-names.ts';
import { type Write, writing } from './report-file.ts';

/**
 * Appends the report to the summary if `github` is one of the formats and this is a workflow step.
 * @throws InputError if it can't be written, now or later
 */
export function stepSummary(
  formats: readonly FormatName[],
  { GITHUB_STEP_SUMMARY: path = '' }: Readonly<Record<string, string | undefined>>,
): Write | undefined {
  if (path === '' || !formats.includes('github')) return undefined;
  const append: Write = (text) => writing(`${path} (GITHUB_STEP_SUMMARY)`, () => appendFileSync(path, text));
  append('');
  return append;
}
