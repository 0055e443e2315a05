import { expect, it } from 'vitest';
import { shown } from '../../../src/config/sources/quote.ts';
import { refusal } from './helpers.ts';

it.each([
  ['shared.yaml', 'shared.yaml'],
  ['', "''"],
  ['a\nb\u001b[31m', 'a\\u{a}b\\u{1b}[31m'],
  ['\u202egpj.yaml', '\\u{202e}gpj.yaml'],
  ['müller 🚀', 'müller 🚀'],
  ['\ud800x', '\\u{d800}x'],
])('%j is shown as %s', (name, expected) => {
  expect(shown(name)).toBe(expected);
});

it('leaves out the middle of a long name', () => {
  expect(shown(`start${'x'.repeat(1_000_000)}end.yaml`)).toMatch(/^startx{34}…x+end\.yaml$/);
});

it('bounds and escapes names from inside a file', async () => {
  const text = JSON.stringify({
    kind: 'Secret',
    metadata: { name: 'x'.repeat(5000) },
    data: '\u001b'.repeat(5000),
  });
  const message = await refusal('x.json', text);
  expect(message).toMatch(/data is a string/);
  expect(message).toMatch(/^[\x20-\x7e…]{1,1000}$/);
});
