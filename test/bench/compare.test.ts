import { expect, test } from 'vitest';
import { inTurns, median } from '../../bench/compare.ts';

test('the median of an odd number of values, and of an even one', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(() => median([])).toThrow('no values');
});

test('what is compared runs in turns; the first turn is for the caches', async () => {
  const order: string[] = [];
  const times: Record<string, number[]> = { a: [100, 1, 3, 2], b: [100, 30, 10, 20] };
  const run = (name: string) => async () => {
    order.push(name);
    return times[name]?.shift() ?? Number.NaN;
  };
  expect(await inTurns(3, { a: run('a'), b: run('b') })).toEqual({ a: 2, b: 20 });
  expect(order.join('')).toBe('abababab');
});
