import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../../src/engine/check.ts';
import { idWithVariable, partsOf } from '../../src/engine/finding-id.ts';
import { matcher, selector, unmatched } from '../../src/engine/select.ts';
import { anyText } from '../support/arbitrary.ts';
import { expectLinear } from '../support/growth.ts';

test.each([
  ['database/version', 'database/version', true],
  ['database/*', 'database/version', true],
  ['object-storage/*', 'object-storage/states/access', true],
  ['object-storage/*/access', 'object-storage/states/access', true],
  ['*/access', 'object-storage/states/access', true],
  ['*', 'object-storage/states/access', true],
  ['database', 'database/version', false],
  ['data*', 'object-storage/states/access', false],
  ['database/v', 'database/version', false],
  ['configuration/value', 'configuration/value[SERVER_DOMAIN]', true],
  ['configuration/*', 'configuration/value[SERVER_DOMAIN]', true],
  ['*', 'configuration/value[SERVER_DOMAIN]', true],
  ['configuration/value[SERVER_DOMAIN]', 'configuration/value[SERVER_DOMAIN]', true],
  ['*[SERVER_DOMAIN]', 'configuration/value[SERVER_DOMAIN]', true],
  ['configuration/value[SERVER_DOMAIN]', 'configuration/value[SERVER_DOMAINS]', false],
  ['configuration/value[SERVER_*]', 'configuration/value[SERVER_DOMAIN]', false],
  ['configuration/value[]', 'configuration/value[SERVER_DOMAIN]', false],
  ['configuration/value[SERVER_DOMAIN]', 'configuration/value', false],
  ['configuration/val', 'configuration/value[SERVER_DOMAIN]', false],
  ['*N]', 'configuration/value[SERVER_DOMAIN]', false],
])('%s against %s', (pattern, id, expected) => {
  expect(matcher([pattern])(id)).toBe(expected);
});

test('only, less what is skipped', () => {
  const selected = selector(['database/*'], ['database/version']);
  expect(['database/connect', 'database/version', 'pairing/x'].filter(selected)).toEqual(['database/connect']);
  expect(selector([], [])('anything/at-all')).toBe(true);
});

test('a rule with a finding per variable is checked if one of its variables is wanted', () => {
  const perVariable = (id: string) => id === 'a/b';
  const wanted = selector(['a/b[X]', 'a/c[X]'], ['a/b[Y]'], perVariable);
  expect(['a/b', 'a/b[X]', 'a/b[Y]', 'a/b[Z]', 'a/c', 'a/c[X]'].filter(wanted)).toEqual(['a/b', 'a/b[X]', 'a/c[X]']);
});

test('the name of a variable can be in an ID whatever it contains', () => {
  fc.assert(
    fc.property(anyText(), (name) => {
      const id = idWithVariable('a/b', name);
      expect(id).toMatch(/^a\/b\[[\w.:/@+%-]*\]$/);
      expect(matcher([id])(id)).toBe(true);
      expect(partsOf(id).base).toBe('a/b');
    }),
  );
});

test('a pattern that matches nothing is named with the nearest id', () => {
  const ids = ['database/version', 'database/connect'];
  expect(unmatched(['database/*'], ids)).toBeUndefined();
  expect(unmatched(['database/*', 'databse/version'], ids)).toEqual({
    pattern: 'databse/version',
    nearest: 'database/version',
  });
});

test('a pattern is matched as by its regular expression, and in time that grows with its length whatever it is', async () => {
  const parts = fc.array(fc.constantFrom('*', 'a', 'ab', '?', '[a', '/', '.'), { maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.stringMatching(/^[ab/.?[]{0,12}$/), (pattern, id) => {
      const expression = pattern.map((part) => (part === '*' ? '.*' : part.replace(/[?[/.]/g, '\\$&'))).join('');
      expect(matcher([pattern.join('')])(id)).toBe(new RegExp(`^${expression}$`).test(id));
    }),
    { numRuns: 1000 },
  );
  const ids = CHECKS.flatMap(idsOf);
  for (const unit of ['*a', '?*', '[a-z]*', '(a|a)*', '{a,b}', '**/', '\\']) {
    await expectLinear((length) => expect(ids.filter(matcher([`${unit.repeat(length)}!`]))).toEqual([]), 2_500);
  }
});
