/**
 * How soon a run says something on a terminal, compared with the whole run of an empty program. What the terminal and the shell on
 * it take themselves is measured as well, and subtracted from both.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTerminal } from '../test/support/pseudo-terminal.ts';
import { inTurns } from './compare.ts';
import { BUILT } from './programs.ts';
import { atMost, type Measurement } from './row.ts';

const ROUNDS = 25;
const TARGET = 1.5;

/** The time until the first byte, ms. */
async function untilFirstByte(script: string, ...args: readonly string[]): Promise<number> {
  const started = performance.now();
  const { first, code, written } = onTerminal(['sh', '-c', script, ...args]);
  await first;
  const ms = performance.now() - started;
  if ((await code) === 2) throw new Error(`${args.join(' ')} exited with 2:\n${written()}`);
  return ms;
}

export const firstByte: Measurement = {
  id: 'first-byte',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const [empty, config] = [join(directory, 'empty.js'), join(directory, 'spacelift.env')];
      await Promise.all([writeFile(empty, ''), writeFile(config, 'SERVER_DOMAIN=spacelift.example.org\n')]);
      const run = [process.execPath, BUILT, '-f', config, '--only', 'configuration/*'];
      const { own, bare, nothing } = await inTurns(ROUNDS, {
        nothing: () => untilFirstByte('printf .'),
        bare: () => untilFirstByte('"$0" "$1"; printf .', process.execPath, empty),
        own: () => untilFirstByte('"$0" "$@"; exit $?', ...run),
      });
      const ratio = (own - nothing) / (bare - nothing);
      return [
        {
          id: 'first-byte',
          what: 'first byte on a terminal, compared with the whole run of an empty program',
          figure: `${ratio.toFixed(2)} times`,
          ...atMost(TARGET, ratio, ' times'),
          facts: { ratio, rounds: ROUNDS },
        },
      ];
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};
