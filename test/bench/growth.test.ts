import { expect, test } from 'vitest';
import { exponentOf } from '../../bench/growth.ts';

const SIZES = [10, 1000, 5000, 20_000];
const costs = (cost: (size: number) => number) => SIZES.map(cost);

test('the exponent is that of what grows, beside what does not', () => {
  expect(
    exponentOf(
      SIZES,
      costs((size) => 300 + size / 10),
    ),
  ).toBeCloseTo(1, 1);
  expect(
    exponentOf(
      SIZES,
      costs((size) => 300 + size ** 2 / 1000),
    ),
  ).toBeCloseTo(2, 1);
});

test('what does not grow has none, noise or not', () => {
  expect(exponentOf(SIZES, [300, 310, 290, 330])).toBe(0);
  expect(exponentOf(SIZES, [300, 280, 290, 400])).toBeLessThan(1.15);
});
