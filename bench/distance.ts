/**
 * What distance costs: the demo at 0, 20 and 100 ms per round trip, against the longest chain of round trips.
 *
 * The chain is counted, not guessed: each part of the check whose requests can't overlap for good reasons (the database with
 * what waits for it; each bucket; the broker) runs alone, 100 ms away, and its link counts how many round trips came one after
 * the other. The longest of them is what the whole run can't do without. The run at 0 ms is the start-up: Node, the modules,
 * and all the work that is not waiting. A run may take the start-up, and 1.2 times as long as its longest chain.
 */
import { BUCKETS } from '../src/config/contract.ts';
import { inTurns } from './compare.ts';
import { type Distant, startDistant } from './distant.ts';
import { ALONE, BUILT, succeed } from './programs.ts';
import { atMost, type Measurement, type Row } from './row.ts';

const ROUNDS = 11;
const SLACK = 1.2;
/** Far enough for the work in between not to hide an overlap. */
const COUNTED_MS = 100;
/** A machine that is busy makes chains look longer, and never shorter. */
const COUNTS = 2;

/** What runs alone, by the options that choose it. */
export const PARTS: Readonly<Record<string, readonly string[]>> = {
  'database and queue': ['--skip', 'object-storage/*', '--skip', 'mqtt-broker/*'],
  broker: ['--only', 'mqtt-broker/*'],
  ...Object.fromEntries(Object.keys(BUCKETS).map((bucket) => [bucket, ['--only', `object-storage/${bucket}/*`]])),
};

/** The round trips of a part that had to come one after the other. */
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
          what: `the demo ${ms} ms away, against start-up and ${SLACK} times its longest chain, ${chain} round trips`,
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
