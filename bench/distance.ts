/**
 * The cost of latency: the demo at 0, 20 and 100 ms per round trip, compared with the longest chain of round trips.
 *
 * The chain is measured: each part of the run with requests that can't overlap (the database with its dependents; each bucket;
 * the broker) runs alone with 100 ms latency, and its link counts the consecutive round trips. The longest chain is the minimum
 * for the whole run. The run at 0 ms is the start-up: Node, the modules, and all work that is not waiting. The target for a run
 * is the start-up plus 1.2 times its longest chain.
 */
import { BUCKETS } from '../src/config/contract.ts';
import { inTurns } from './compare.ts';
import { type Distant, startDistant } from './distant.ts';
import { ALONE, BUILT, succeed } from './programs.ts';
import { atMost, type Measurement, type Row } from './row.ts';

const ROUNDS = 11;
const SLACK = 1.2;
/** High enough to make the work between requests negligible. */
const COUNTED_MS = 100;
/** A busy machine can make chains look longer, but never shorter. */
const COUNTS = 2;

/** The parts that run alone, with the options that select them. */
export const PARTS: Readonly<Record<string, readonly string[]>> = {
  'database and queue': ['--skip', 'object-storage/*', '--skip', 'mqtt-broker/*'],
  broker: ['--only', 'mqtt-broker/*'],
  ...Object.fromEntries(Object.keys(BUCKETS).map((bucket) => [bucket, ['--only', `object-storage/${bucket}/*`]])),
};

/** The number of consecutive round trips of a part. */
export async function countChain(distant: Distant, options: readonly string[], executable = BUILT): Promise<number> {
  const counts: number[] = [];
  distant.setRoundTrip(COUNTED_MS);
  for (let count = 0; count < COUNTS; count++) {
    distant.reset();
    await succeed(process.execPath, [executable, '-f', distant.config, ...options], { env: ALONE });
    counts.push(distant.chain());
  }
  return Math.min(...counts);
}

export const distance: Measurement = {
  id: 'distance',
  measure: async () => {
    const distant = await startDistant();
    try {
      const chains: Record<string, number> = {};
      for (const [part, options] of Object.entries(PARTS)) chains[part] = await countChain(distant, options);
      const chain = Math.max(...Object.values(chains));
      const at = (ms: number) => async () => {
        distant.setRoundTrip(ms);
        return (await succeed(process.execPath, [BUILT, '-f', distant.config], { env: ALONE })).ms;
      };
      const times = await inTurns(ROUNDS, { near: at(0), far: at(20), farther: at(100) });
      return [
        { ms: 20, took: times.far },
        { ms: 100, took: times.farther },
      ].map(({ ms, took }): Row => {
        const ratio = took / (times.near + SLACK * chain * ms);
        return {
          id: `distance/${ms}`,
          what: `the demo with ${ms} ms latency, compared with start-up plus ${SLACK} times its longest chain (${chain} round trips)`,
          figure: `${ratio.toFixed(2)} times`,
          ...atMost(1, ratio, ' times'),
          facts: {
            ratio,
            beyondStartUp: (took - times.near) / (chain * ms),
            chain,
            chains,
            roundTripMs: ms,
            rounds: ROUNDS,
          },
        };
      });
    } finally {
      await distant.stop();
    }
  },
};
