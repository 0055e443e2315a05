/**
 * V8's code of what healthy runs call, for the version of Node and the platform that build it: such a run then compiles next to
 * nothing. The npm package does without it, since it would fit one of the versions that the package supports.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { OutputChunk } from 'rolldown';
import { ROOT } from '../bundle.ts';
import { run } from '../run.ts';
import { functionsIn } from './functions.ts';
import { chunkName, readProfile } from './profile.ts';

/**
 * For the same bytes each time: V8's hashes have the same seed, and nothing is collected, since the gaps in reused memory, which V8
 * writes too, are not cleared. `compile.ts` resets the sizes, in MB, which must be those of a run.
 */
const FLAGS = ['--random-seed=1', '--initial-heap-size=2000', '--min-semi-space-size=512', '--max-semi-space-size=512'];

/** @param bundle the folder of the bundle with these chunks */
export async function writeCode(bundle: string, chunks: readonly OutputChunk[]): Promise<void> {
  const profile = readProfile();
  const places: Record<string, readonly number[]> = {};
  for (const name of chunks.map(({ fileName }) => basename(fileName)).sort()) {
    const called = profile.get(chunkName(name));
    if (called === undefined) continue;
    const functions = functionsIn(await readFile(join(bundle, 'chunks', name), 'utf8'));
    places[name] = [...functions].flatMap(([path, { inside }]) => (called.has(path) ? [inside] : []));
  }
  const compile = join(ROOT, 'build/code/compile.ts');
  await run(process.execPath, [...FLAGS, compile, bundle, JSON.stringify(places)], ROOT);
}
