/** Has every peer ready before the first test: a peer that can't be had fails them all, since a skipped one is no pass. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cached } from '../../build/cache.ts';
import { PEERS, type Peer } from './catalog.ts';
import type { Program, Way } from './ways.ts';

const nameOf = (peer: string, way: Way): string => `${peer}-${way.version()}`;
const place = (peer: string, way: Way): string => join(cacheDirectory(), nameOf(peer, way));

/** What to spawn for a program that is installed. */
export const programOf = (name: string, way: Way): Program => way.program(place(name, way));
export const program = (peer: Peer): Program => programOf(peer, PEERS[peer]);

/**
 * Installs what is missing; a minute or more for some, nothing the next time.
 * @throws Error with one line for each peer that can't be had
 */
export async function install(peers: Readonly<Record<string, Way>>): Promise<void> {
  const missing = Object.entries(peers).filter(([peer, way]) => !way.found?.() && !existsSync(place(peer, way)));
  const failures: string[] = [];
  const lanes = Map.groupBy(missing, ([, way]) => way.lane);
  const inTurn = async (lane: typeof missing) => {
    for (const [peer, way] of lane) {
      await installOne(peer, way).catch((error: Error) => failures.push(`${peer} can’t be had: ${error.message}`));
    }
  };
  await Promise.all([...lanes.values()].map(inTurn));
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function installOne(peer: string, way: Way): Promise<void> {
  const began = Date.now();
  process.stderr.write(`${peer} is not in the cache: getting ${way.version()} …\n`);
  const path = await cached(nameOf(peer, way), way.build);
  process.stderr.write(`${peer} is in ${path} after ${Math.round((Date.now() - began) / 1000)} s\n`);
}

/** Called by the test runner once, before all tests. */
export const setup = (): Promise<void> => install(PEERS);
