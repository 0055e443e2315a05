import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../../src/engine/check.ts';
import { matcher, selector, unmatched } from '../../src/engine/select.ts';
import '../support/arbitrary.ts';
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
])('%s against %s', (pattern, id, expected) => {
  expect(matcher([pattern])(id)).toBe(expected);
});

test('only, less what is skipped', () => {
  const selected = selector(['database/*'], ['database/version']);
  expect(['database/connect', 'database/version', 'pairing/x'].filter(selected)).toEqual(['database/connect']);
  expect(selector([], [])('anything/at-all')).toBe(true);
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
