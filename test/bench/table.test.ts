import { expect, test } from 'vitest';
import { atLeast, atMost, type Row, short } from '../../bench/row.ts';
import { markdownTable, plainTable } from '../../bench/table.ts';

const rows: Row[] = [
  {
    id: 'a',
    what: 'something that takes many words to say what it is',
    figure: '1.2 times',
    ...atMost(1.5, 1.2, ' times'),
    facts: {},
  },
  { id: 'b', what: 'short', figure: '4.0 times', ...atLeast(5, 4, ' times'), facts: {} },
  { id: 'c', what: 'without a target', figure: '3 MB', facts: {} },
];

test('a target is met at its limit, and missed beyond', () => {
  expect([atMost(2, 2).met, atMost(2, 2.1).met, atLeast(5, 5).met, atLeast(5, 4.9).met]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([short(2.345), short(12.3)]).toEqual(['2.3', '12']);
});

test('the table fits into 80 columns', () => {
  const lines = plainTable([...rows, { id: 'd', what: 'word '.repeat(30), figure: '1', facts: {} }]).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.find((line) => line.startsWith('short'))).toMatch(/at least 5 times +4.0 times +missed$/);
});

test('as Markdown', () => {
  expect(markdownTable(rows).split('\n')).toEqual([
    '| measurement | target | result | verdict |',
    '| --- | --- | --- | --- |',
    '| something that takes many words to say what it is | at most 1.5 times | 1.2 times | met |',
    '| short | at least 5 times | 4.0 times | missed |',
    '| without a target |  | 3 MB |  |',
    '',
  ]);
});
