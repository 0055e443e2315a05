/**
 * The demo, compared with a native program that makes the same calls and nothing else (`bench/floor`, in Go): the processor time,
 * and the time with 20 ms latency.
 */
import { install, programOf } from '../test/peers/install.ts';
import { goSources } from '../test/peers/ways.ts';
import { inTurns } from './compare.ts';
import { runCounted } from './counted.ts';
import { startDistant } from './distant.ts';
import { ALONE, BUILT, expectCode } from './programs.ts';
import { atMost, type Measurement } from './row.ts';

const ROUNDS = 7;
const ROUND_TRIP_MS = 20;
const PROCESSOR = 4.5;
const WALL = 1.3;

const WAY = goSources(new URL('floor/', import.meta.url));

export const floor: Measurement = {
  id: 'floor',
  measure: async () => {
    await install({ floor: WAY });
    const { command } = programOf('floor', WAY);
    const distant = await startDistant();
    try {
      const tool = async () =>
        expectCode(await runCounted(process.execPath, [BUILT, '-f', distant.config], { env: ALONE }), 0, 'tool');
      const native = async () =>
        expectCode(await runCounted(command, [], { env: { ...ALONE, ...distant.variables } }), 0, 'floor');
      const operations = Number(/^(\d+) operations/.exec((await native()).stdout)?.[1]);
      const processor = await inTurns(ROUNDS, {
        tool: async () => (await tool()).processorMs,
        native: async () => (await native()).processorMs,
      });
      distant.setRoundTrip(ROUND_TRIP_MS);
      const wall = await inTurns(ROUNDS, {
        tool: async () => (await tool()).ms,
        native: async () => (await native()).ms,
      });
      const [used, took] = [processor.tool / processor.native, wall.tool / wall.native];
      const than = `the demo, compared with a native program that makes the same ${operations} calls`;
      return [
        {
          id: 'floor/processor',
          what: `processor time of ${than}`,
          figure: `${used.toFixed(1)} times`,
          ...atMost(PROCESSOR, used, ' times'),
          facts: { ratio: used, ...processor, operations, rounds: ROUNDS },
        },
        {
          id: 'floor/wall',
          what: `${than}, with ${ROUND_TRIP_MS} ms latency`,
          figure: `${took.toFixed(2)} times`,
          ...atMost(WALL, took, ' times'),
          facts: { ratio: took, ...wall, operations, rounds: ROUNDS, roundTripMs: ROUND_TRIP_MS },
        },
      ];
    } finally {
      await distant.stop();
    }
  },
};
