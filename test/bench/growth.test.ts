import { expect, test } from 'vitest';
import { exponentOf } from '../../bench/growth.ts';

const SIZES = [10, 2500, 5000, 10_000, 20_000];
const exponent = (cost: (size: number) => number) => exponentOf(SIZES, SIZES.map(cost));

test('the exponent is that of what grows, beside what does not', () => {
  expect(exponent((size) => 300 + size / 10)).toBeCloseTo(1, 2);
  expect(exponent((size) => 300 + size ** 2 / 1000)).toBeCloseTo(2, 2);
  expect(exponent((size) => 300 + size * Math.log2(size))).toBeLessThan(1.15);
});

test('the largest sizes decide', () => {
  expect(exponent((size) => 300 + size / 10 + size ** 2 / 100_000)).toBeGreaterThan(1.5);
  // The same noise is a large part of a small cost.
  const costs = SIZES.map((size) => 300 + size / 100);
  const noisy = costs.map((cost, index) => cost + (index === 1 ? -20 : 0));
  expect(exponentOf(SIZES, noisy)).toBeCloseTo(1, 1);
});

test('what does not grow has none, noise or not', () => {
  expect(exponentOf(SIZES, [300, 310, 290, 330, 340])).toBe(0);
});

test('what costs more only at the largest size is not linear', () => {
  expect(exponentOf(SIZES, [300, 280, 290, 310, 420])).toBeGreaterThan(1.15);
  expect(exponentOf(SIZES, [300, 300, 300, 300, 420])).toBe(Number.POSITIVE_INFINITY);
});
