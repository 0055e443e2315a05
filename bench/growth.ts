/** How cost grows with size: processor time and peak memory at several sizes, and the exponent between the two largest. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROWING } from './growth/inputs.ts';
import type { Growing } from './growth/types.ts';
import { atMost, type Measurement, type Row } from './row.ts';
import type { Usage } from './usage.ts';

const ROUNDS = 3;
/** Linear, with what a measurement on a busy machine is off by. */
const TARGET = 1.15;
/** Below this share of the cost at the smallest size, a difference is noise, and the cost is constant. */
const NOISE = 0.15;

export const growth: Measurement = {
  id: 'growth',
  measure: async () => {
    const rows: Row[] = [];
    for (const growing of GROWING) {
      const directory = await mkdtemp(join(tmpdir(), 'bench-'));
      try {
        rows.push(...(await measured(growing, directory)));
      } finally {
        await rm(directory, { recursive: true });
      }
    }
    return rows;
  },
};

async function measured({ id, what, sizes, memory, start }: Growing, directory: string): Promise<Row[]> {
  const prepared = await start(directory);
  try {
    const costs: Usage[] = [];
    for (const size of sizes) {
      const run = await prepared.at(size);
      const usages: Usage[] = [];
      for (let round = 0; round < ROUNDS; round++) usages.push(await run());
      costs.push(least(usages));
    }
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

const count = (size: number): string => size.toLocaleString('en-US');

/** The least of each figure: what else the machine does only adds to it. */
function least(usages: readonly Usage[]): Usage {
  const of = (what: keyof Usage) => Math.min(...usages.map((usage) => usage[what]));
  return { processorMs: of('processorMs'), peakBytes: of('peakBytes'), wallMs: of('wallMs') };
}

/** The slope between the two largest sizes on logarithmic axes, without the cost at the smallest one; 0 if nothing grows. */
export function exponentOf(sizes: readonly number[], costs: readonly number[]): number {
  const base = costs[0] ?? 0;
  const [size = 0, cost = 0] = [sizes.at(-1), costs.at(-1)];
  if (cost - base <= NOISE * base) return 0;
  const [before = 0, costBefore = 0] = [sizes.at(-2), costs.at(-2)];
  const grown = (cost - base) / Math.max(costBefore - base, NOISE * base);
  return Math.max(0, Math.log(grown) / Math.log(size / before));
}
