/**
 * V8's code of the chunks, for the version of Node and the platform that build them: a run then need not compile its functions. The
 * npm package does without it, since it is as large as the package, for one of the versions that the package supports.
 */
import { basename, join } from 'node:path';
import type { OutputChunk } from 'rolldown';
import { packageOf, ROOT } from '../bundle.ts';
import { run } from '../run.ts';

/** Packages of which every run uses most; of the others, compiling what is used takes no longer than reading the code of all. */
const PACKAGES = /[\\/]node_modules[\\/](yaml|pg)$/;

/** @param bundle the folder of the bundle with these chunks */
export async function writeCode(bundle: string, chunks: readonly OutputChunk[]): Promise<void> {
  const names = chunks.filter(isWorthIt).map(({ fileName }) => basename(fileName));
  // The seed makes the same bytes of the same chunks.
  await run(process.execPath, ['--random-seed=1', join(ROOT, 'build/code/compile.ts'), bundle, ...names], ROOT);
}

const isWorthIt = ({ fileName, moduleIds }: OutputChunk): boolean =>
  fileName.startsWith('chunks/') &&
  moduleIds.some((id) => {
    const owner = packageOf(id);
    return owner === undefined || PACKAGES.test(owner);
  });
