/** Every link of the documents leads somewhere: to a file of the repository, and to a heading in it. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { anchorsOf, DOCUMENTS, read, tokensOf } from './markdown.ts';

/** For a screen and a half. */
const LONGEST_README = 150;

/** Why the link leads nowhere; undefined if it does not. */
function problemOf(from: string, href: string): string | undefined {
  const [path = '', anchor] = href.split('#');
  const to = path === '' ? from : normalize(join(dirname(from), path));
  if (to.startsWith('..') || !existsSync(join(ROOT, to))) return `${href}: no such file`;
  if (anchor === undefined) return undefined;
  if (!to.endsWith('.md') || statSync(join(ROOT, to)).isDirectory()) return `${href}: no headings there`;
  return anchorsOf(read(to)).has(anchor) ? undefined : `${href}: no such heading`;
}

describe('the links of', () => {
  it.each(DOCUMENTS)('%s', (path) => {
    const links = tokensOf(read(path), 'link')
      .map(({ href }) => href)
      .filter((href) => !/^(?:https?|mailto):/.test(href));
    expect(links.flatMap((href) => problemOf(path, href) ?? [])).toEqual([]);
  });
});

test('links that lead nowhere are found', () => {
  expect(problemOf('docs/output.md', 'options.md#exit-codes')).toBeUndefined();
  expect(problemOf('docs/output.md', '#formats')).toBeUndefined();
  expect(problemOf('docs/output.md', '../examples')).toBeUndefined();
  expect(problemOf('docs/output.md', 'docs/options.md')).toBe('docs/options.md: no such file');
  expect(problemOf('docs/output.md', '../../README.md')).toBe('../../README.md: no such file');
  expect(problemOf('docs/output.md', 'options.md#nowhere')).toBe('options.md#nowhere: no such heading');
  expect(problemOf('docs/output.md', '../action.yml#inputs')).toBe('../action.yml#inputs: no headings there');
});

test('anchors are those of GitHub', () => {
  const text = '# A `b/c` & [link](x)\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n\n### What’s new, in_short?\n';
  expect([...anchorsOf(text)]).toEqual(['a-bc--link', 'twice', 'twice-1', 'whats-new-in_short']);
});

test('the documents are those that people read', () => {
  expect(DOCUMENTS).toEqual(
    expect.arrayContaining(['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/README.md']),
  );
});

test('the README is short', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(LONGEST_README);
});

test('the index of the documentation names every page', () => {
  // Checks is the index of the pages about rules.
  const named = ['docs/README.md', 'docs/checks.md'].flatMap((index) =>
    tokensOf(read(index), 'link').map(({ href = '' }) => normalize(join('docs', href.replace(/#.*/, '')))),
  );
  const pages = DOCUMENTS.filter((path) => /^docs\/|^charts\//.test(path) && path !== 'docs/README.md');
  expect(pages.filter((path) => !named.includes(path))).toEqual([]);
});
