/** The changelog has the form of Keep a Changelog, which release tools read. */
import { expect, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { read, tokensOf } from './markdown.ts';

const CHANGES = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

const headings = tokensOf(read('CHANGELOG.md'), 'heading');
const textsOf = (depth: number): string[] => headings.filter((one) => one.depth === depth).map(({ text }) => text);

test('versions have a date, newest first, below what is unreleased', () => {
  const [first, ...released] = textsOf(2);
  expect(first).toBe('[Unreleased]');
  for (const one of released) expect(one).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
  const dates = released.map((one) => one.slice(-10));
  expect(dates).toEqual(dates.toSorted().toReversed());
});

test('changes are of the known kinds', () => {
  const kinds = textsOf(3);
  expect(kinds).toContain('Added');
  expect(kinds.filter((kind) => !CHANGES.includes(kind))).toEqual([]);
});

test('the version of the package is released, or will be next', () => {
  const text = read('CHANGELOG.md');
  expect(text.includes(`\n## [${VERSION}] - `) || text.includes(`will be ${VERSION}.`)).toBe(true);
});
