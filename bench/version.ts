/** `--version`, compared with an empty program in the same Node version. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns } from './compare.ts';
import { ALONE, BUILT, succeed } from './programs.ts';
import { atMost, type Measurement } from './row.ts';

const ROUNDS = 25;
const TARGET = 1.5;

export const version: Measurement = {
  id: 'version',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const empty = join(directory, 'empty.js');
      await writeFile(empty, '');
      const node = async (...args: string[]) => (await succeed(process.execPath, args, { env: ALONE })).ms;
      const { own, bare } = await inTurns(ROUNDS, { bare: () => node(empty), own: () => node(BUILT, '--version') });
      const ratio = own / bare;
      return [
        {
          id: 'version',
          what: '--version, compared with an empty program',
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
