/** What builds and tests download or build once for all checkouts. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Outside the tree, so that a fresh checkout finds it. */
export const cacheDirectory = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spacelift-preflight-peers');

/**
 * @param name says which version it is
 * @param fill puts it into an empty directory, which is moved afterward
 * @returns the path of its directory in the cache
 */
export async function cached(name: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const path = join(cacheDirectory(), name);
  if (existsSync(path)) return path;
  await mkdir(cacheDirectory(), { recursive: true });
  const building = await mkdtemp(join(cacheDirectory(), 'building-'));
  try {
    await fill(building);
    await rename(building, path);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    // Another run may have been faster.
    if (!existsSync(path)) throw error;
  }
  return path;
}
