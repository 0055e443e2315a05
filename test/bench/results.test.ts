import { expect, test } from 'vitest';
import { merged, withTable } from '../../bench/results.ts';
import { atMost, type Row } from '../../bench/row.ts';
import { read } from '../docs/markdown.ts';

const row = (id: string, figure: string): Row => ({ id, what: id, figure, ...atMost(2, 1), facts: { ratio: 1 } });

test('what was not measured again keeps its result and its place', () => {
  const before = merged([], [row('a', '1'), row('b', '1')]);
  expect(merged(before, [row('c', '2'), row('a', '2')]).map(({ id, figure }) => `${id} ${figure}`)).toEqual([
    'a 2',
    'b 1',
    'c 2',
  ]);
});

test('the table of the page is the one of the last results', () => {
  const results = JSON.parse(read('bench/results.json'));
  const page = read('docs/performance.md');
  expect(withTable(page, results)).toBe(page);
  expect(() => withTable('no place', results)).toThrow('no place');
});
