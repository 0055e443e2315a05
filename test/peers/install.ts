/** Has every peer ready before the first test: a peer that can't be had fails them all, since a skipped one is no pass. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PEERS, type Peer } from './catalog.ts';
import type { Program, Way } from './ways.ts';

/** Outside the tree, so that a fresh checkout finds it. */
const cacheDirectory = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spacelift-preflight-peers');

const place = (peer: string, way: Way): string => join(cacheDirectory(), `${peer}-${way.version()}`);

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
  const path = place(peer, way);
  process.stderr.write(`${peer} is not in the cache: getting ${way.version()} …\n`);
  await mkdir(cacheDirectory(), { recursive: true });
  const building = await mkdtemp(join(cacheDirectory(), 'building-'));
  try {
    await way.build(building);
    await rename(building, path);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    // Another run may have been faster.
    if (!existsSync(path)) throw error;
  }
  process.stderr.write(`${peer} is in ${path} after ${Math.round((Date.now() - began) / 1000)} s\n`);
}

/** Called by the test runner once, before all tests. */
export const setup = (): Promise<void> => install(PEERS);
