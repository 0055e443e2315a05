/** Names to addresses, as the system's resolver sees them (hosts file, search domains and all). */
import { lookup } from 'node:dns/promises';
import type { Run } from '../check.ts';
import { Problem, toProblem } from '../problem.ts';

/** In ms; resolvers try each server for 5 s. */
const DEADLINE_MS = 10_000;

/** @throws Problem of kind `dns`, or `timeout` */
export async function resolve(run: Pick<Run, 'within'>, host: string): Promise<string[]> {
  return run.within(DEADLINE_MS, async () => {
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch (error) {
      throw toProblem(error) ?? new Problem('dns');
    }
  });
}
