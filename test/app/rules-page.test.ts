import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { rulesPage } from '../../src/app/rules-page.ts';
import { command } from '../cli/host.ts';

test('docs/checks.md is what the tables of rules say; npm run docs writes it', async () => {
  expect(await readFile(new URL('../../docs/checks.md', import.meta.url), 'utf8')).toBe(rulesPage(CHECKS));
});

const RULES = CHECKS.flatMap(({ id, rules }) =>
  Object.entries(rules).map(([key, rule]) => ({ id: `${id}/${key}`, rule })),
);

describe.each(RULES)('$id', ({ id, rule }) => {
  test('is told in full, with a worked example', async () => {
    const page = rulesPage(CHECKS);
    expect(page).toContain(`### \`${id}\`\n`);
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
