import { expect, test } from 'vitest';
import { judgeLauncherImage } from '../../src/config/launcher-image.ts';
import { trimEndOf } from '../../src/util/trim.ts';

test.each([
  ['', ''],
  ['///', ''],
  ['a//', 'a'],
  ['/a/b', '/a/b'],
])('%j without slashes at the end is %j', (text, trimmed) => {
  expect(trimEndOf(text, '/')).toBe(trimmed);
});

/** Quadratic, each of these would take minutes. */
const MANY = 400_000;

test('a character that is there often, but not at the end', () => {
  const text = `${'/'.repeat(MANY)}x`;
  expect(trimEndOf(text, '/')).toBe(text);
});

test('an image of colons', () => {
  expect(judgeLauncherImage(`a${':'.repeat(MANY)}/`, 'v4.3.0', true)).toBeUndefined();
  expect(judgeLauncherImage(`a${':'.repeat(MANY)}/x:y`, 'v4.3.0', true)?.title).toContain('already has a tag');
});
