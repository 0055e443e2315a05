import { expect, test } from 'vitest';
import { matcher, selector, unmatched } from '../src/select.ts';

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
