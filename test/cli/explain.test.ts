/** `explain`: every rule, and all that it says. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { command } from './host.ts';

describe('explain', () => {
  it('lists every rule of every check', async () => {
    const { stdout, code } = await command(['explain']);
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    for (const check of CHECKS) {
      for (const [key, { title }] of Object.entries(check.rules))
        expect(lines).toContainEqual([`${check.id}/${key}`, title]);
    }
  });

  it.each([
    ['database/version', 'database/version\n'],
    ['object-storage/<bucket>/versioning', 'object-storage/<bucket>/versioning\n'],
    ['object-storage/states/versioning', 'object-storage/states/versioning\n'],
    ['object-storage/uploads/cors', 'object-storage/uploads/cors\n'],
  ])('tells what %s is about', async (id, heading) => {
    const { stdout } = await command(['explain', id]);
    expect(stdout.startsWith(heading)).toBe(true);
    for (const label of ['What it does', 'Why it matters', 'Fix', 'Documentation'])
      expect(stdout).toMatch(new RegExp(`^ {2}${label} +\\S`, 'm'));
    expect(stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  Documentation'))).toEqual([]);
  });

  it('tells all that the rule says', async () => {
    const rule = CHECKS.find(({ id }) => id === 'object-storage')?.rules['<bucket>/versioning'];
    const { stdout } = await command(['explain', 'object-storage/states/versioning']);
    const words = stdout.replace(/\s+/g, ' ');
    for (const text of [rule?.title, rule?.procedure, rule?.rationale, rule?.permission, rule?.fix, rule?.docs]) {
      expect(words).toContain(String(text).replace(/\s+/g, ' '));
    }
  });

  it('lists the rules of one check', async () => {
    const { stdout } = await command(['explain', 'database']);
    expect(stdout).toContain('  database/connect ');
    expect(stdout).not.toContain('configuration/');
  });
});
