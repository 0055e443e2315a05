/** How cost grows with size: processor time and peak memory at several sizes, and the exponent that fits them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROWING } from './growth/inputs.ts';
import type { Growing, Prepared } from './growth/types.ts';
import { atMost, type Measurement, type Row } from './row.ts';
import type { Usage } from './usage.ts';

const ROUNDS = 5;
/** Linear, with what a measurement on a busy machine is off by. */
const TARGET = 1.15;
/** Below this share of the cost at the smallest size, a difference is noise, and the cost is constant. */
const NOISE = 0.15;

export const growth: readonly Measurement[] = GROWING.map((growing) => ({
  id: `growth/${growing.id}`,
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      return await measured(growing, directory);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
}));

async function measured({ id, what, sizes, memory, start }: Growing, directory: string): Promise<Row[]> {
  const prepared = await start(directory);
  try {
    const costs = (await usagesAt(sizes, prepared)).map(least);
    const exponent = exponentOf(sizes, costs.map(prepared.costOf ?? (({ processorMs }) => processorMs)));
    const peak = Math.max(...costs.map(({ peakBytes }) => peakBytes)) / 1e6;
    const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
    const named = `${what}, ${count(first)} to ${count(last)}`;
    const facts = { exponent, sizes, costs, rounds: ROUNDS };
    return [
      {
        id: `growth/${id}`,
        what: `exponent of the cost: ${named}`,
        figure: exponent.toFixed(2),
        ...atMost(TARGET, exponent),
        facts,
      },
      {
        id: `growth/${id}/memory`,
        what: `peak memory: ${named}`,
        figure: `${Math.round(peak)} MB`,
        ...atMost(memory, peak, ' MB'),
        facts: { peak },
      },
    ];
  } finally {
    await prepared.stop?.();
  }
}

/** The usages at each size: in turns, where all sizes can be prepared at once, so that a busy while of the machine is none of one size. */
async function usagesAt(sizes: readonly number[], { at, isState }: Prepared): Promise<Usage[][]> {
  const usages: Usage[][] = sizes.map(() => []);
  const runs: (() => Promise<Usage>)[] = [];
  for (const [index, size] of sizes.entries()) {
    const run = await at(size);
    runs.push(run);
    for (let round = 0; isState && round < ROUNDS; round++) usages[index]?.push(await run());
  }
  for (let round = 0; !isState && round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) usages[index]?.push(await run());
  }
  return usages;
}

const count = (size: number): string => size.toLocaleString('en-US');

/** The least of each figure: what else the machine does only adds to it. */
function least(usages: readonly Usage[]): Usage {
  const of = (what: keyof Usage) => Math.min(...usages.map((usage) => usage[what]));
  return { processorMs: of('processorMs'), peakBytes: of('peakBytes'), wallMs: of('wallMs') };
}

/**
 * The slope on logarithmic axes of what is added to the cost at the smallest size, by least squares; 0 if nothing grows. The same noise
 * of the machine is in each cost, so that a point weighs as the square of what it adds: the largest sizes decide.
 */
export function exponentOf(sizes: readonly number[], costs: readonly number[]): number {
  const [smallest = 0, base = 0] = [sizes[0], costs[0]];
  if ((costs.at(-1) ?? 0) - base <= NOISE * base) return 0;
  const points = sizes.flatMap((size, index) => {
    const added = (costs[index] ?? 0) - base;
    return added > 0 ? [{ x: Math.log(size - smallest), y: Math.log(added), weight: added ** 2 }] : [];
  });
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + point.weight * of(point), 0) /
    points.reduce((sum, { weight }) => sum + weight, 0);
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = mean((point) => (point.x - x) ** 2);
  // Only the largest size costs more: too steep to tell.
  if (spread === 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, mean((point) => (point.x - x) * (point.y - y)) / spread);
}
