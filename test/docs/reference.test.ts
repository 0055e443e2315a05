/** The reference pages name what the command line has, and nothing else. */
import { describe, expect, it, test } from 'vitest';
import { runOptions } from '../../src/cli/options.ts';
import { foreignOption, PLATFORMS, platformOptions } from '../../src/cli/platform-options.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { VERDICTS } from '../../src/report/phrases.ts';
import { command } from '../cli/host.ts';
import { expectValid } from '../support/valid.ts';
import { read, tableBelow, tokensOf } from './markdown.ts';

const longOf = (options: readonly { long?: string | null | undefined }[]): string[] =>
  options.flatMap(({ long }) => long ?? []).toSorted();
/** The options in the first cells of the table. */
const optionsIn = (page: string): string[] => firstsOf(page, 'Options').flatMap(longIn).toSorted();
const longIn = (cell: string): string[] => [...cell.matchAll(/(?<![\w-])--[a-z-]+/g)].map(([option]) => option);
const firstsOf = (page: string, heading: string): string[] =>
  tableBelow(read(page), heading).map(([first = '']) => first);
const codeIn = (cell: string): string => /`([^`]+)`/.exec(cell)?.[1] ?? cell;

test('every option of a run', () => {
  expect(optionsIn('docs/options.md')).toEqual(longOf(runOptions()));
});

describe('every option of run', () => {
  it.each(PLATFORMS)('%s', (platform) => {
    const options = longOf(platformOptions()).filter((option) => foreignOption(platform, [option]) === undefined);
    expect(optionsIn(`docs/${platform}.md`)).toEqual(options);
  });
});

test('every command', async () => {
  const { stdout } = await command(['--help']);
  const [, listed = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
  const commands = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  const documented = firstsOf('docs/options.md', 'Commands').map((cell) => codeIn(cell).split(' ')[0]);
  expect(new Set(documented)).toEqual(new Set(commands));
});

test('every platform', () => {
  const documented = firstsOf('docs/options.md', 'Commands').map(codeIn);
  expect(documented).toEqual(expect.arrayContaining(PLATFORMS.map((platform) => `run ${platform}`)));
});

test('every format', () => {
  expect(firstsOf('docs/output.md', 'Formats').map(codeIn).toSorted()).toEqual([...FORMAT_NAMES].toSorted());
});

test('the example of a report is one', () => {
  const [example] = tokensOf(read('docs/output.md'), 'code').filter(({ lang }) => lang === 'jsonc');
  const report = JSON.parse((example?.text ?? '').replace(/\s\/\/ .*$/gm, ''));
  expectValid(report);
  expect(report.checks[0].findings[0]).toHaveProperty('fixKind');
});

test('every verdict', () => {
  expect(firstsOf('docs/output.md', 'Verdicts').map(codeIn).toSorted()).toEqual(Object.keys(VERDICTS).toSorted());
});

describe('every exit code', async () => {
  const { stdout } = await command(['--help']);
  const [, listed = ''] = /\nExit codes:\n([\s\S]*)$/.exec(stdout) ?? [];
  const codes = [...listed.matchAll(/^ {2}(\d+)/gm)].map(([, code]) => code);
  it.each(['README.md', 'docs/options.md'])('%s', (page) => {
    expect(codes).toContain('2');
    expect(firstsOf(page, 'Exit codes').flatMap((cell) => cell.split(', '))).toEqual(codes);
  });
});
