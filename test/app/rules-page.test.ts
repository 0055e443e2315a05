import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { rulesPages } from '../../src/app/rules-page.ts';
import { pathOfRule } from '../../src/report/rule-link.ts';
import { command } from '../cli/host.ts';
import { anchorsOf } from '../docs/markdown.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const PAGES = rulesPages(CHECKS);

test('docs/checks.md and docs/rules are what the tables of rules say; npm run docs writes them', async () => {
  for (const [path, text] of PAGES) expect(await readFile(new URL(path, DOCS), 'utf8'), path).toBe(text);
  const files = (await readdir(new URL('rules/', DOCS))).map((name) => `rules/${name}`);
  expect([...files, 'checks.md'].sort()).toEqual([...PAGES.keys()].sort());
});

const RULES = CHECKS.flatMap(({ id, rules }) =>
  Object.entries(rules).map(([key, rule]) => ({ id: `${id}/${key}`, rule })),
);

describe.each(RULES)('$id', ({ id, rule }) => {
  test('is told in full, with a worked example', async () => {
    const [path = '', anchor = ''] = pathOfRule(id).split('#');
    const page = PAGES.get(path) ?? '';
    expect(page).toContain(`\n## \`${id}\`\n`);
    expect(anchorsOf(page)).toContain(anchor);
    expect(page).toContain(rule.example.found);
    for (const line of rule.example.fix.split('\n')) expect(page).toContain(line);
    for (const text of Object.values(rule.example)) {
      expect(text).not.toMatch(/[.\s]$|^\s|example\.com/);
      expect(text.length).toBeGreaterThan(10);
    }
    const { stdout } = await command(['explain', id]);
    const words = stdout.replace(/ \\\n/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain(rule.example.found.replace(/\s+/g, ' '));
  });
});
