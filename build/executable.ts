/** A single executable with the bundle and Node. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { OutputChunk } from 'rolldown';
import { bundle, EXECUTABLE, ROOT } from './bundle.ts';
import { strip } from './image/elf.ts';
import type { Platform } from './node.ts';
import { unsigned } from './release/pe.ts';

/** The bundle, ready to be put into executables. */
export interface Bundled {
  readonly chunks: readonly OutputChunk[];
  /**
   * Writes the executable for this machine, with the running Node.
   * @param output its path
   */
  write(output: string): Promise<void>;
  /**
   * The executable for any platform. It is not signed, and Linux' has no symbols.
   * @param node the path of the platform's Node, of the running version
   */
  executable(platform: Platform, node: string): Promise<Buffer>;
}

const prepare = (platform: Platform, node: Buffer): Buffer => {
  if (platform.startsWith('linux-')) return strip(node);
  return platform.startsWith('windows-') ? unsigned(node) : node;
};

/** Bundles once, for executables of several platforms. */
export async function withBundle<T>(use: (bundled: Bundled) => Promise<T>): Promise<T> {
  const work = await mkdtemp(join(tmpdir(), 'standalone-'));
  try {
    const bundled = join(work, 'bundle');
    const chunks = await bundle(bundled);
    const written = await readdir(bundled, { recursive: true, withFileTypes: true });
    const files = written.flatMap((file) => (file.isFile() ? [join(file.parentPath, file.name)] : [])).sort();
    // Relative, since it is written into the executable, which must not depend on where it was built.
    const main = 'main.mjs';
    await writeFile(join(work, main), `import './${EXECUTABLE}.js';`);
    const settings = {
      main,
      mainFormat: 'module',
      disableExperimentalSEAWarning: true,
      // Loading only the required chunks is faster than loading a single file with its code cache.
      useVfs: true,
      assets: {
        'package.json': join(ROOT, 'package.json'),
        ...Object.fromEntries(files.map((file) => [relative(bundled, file).replaceAll(sep, '/'), file])),
      },
    };
    const write = async (output: string, node?: string) => {
      const config = 'sea.json';
      await writeFile(join(work, config), JSON.stringify({ ...settings, output, ...(node && { executable: node }) }));
      await promisify(execFile)(process.execPath, ['--build-sea', config], { cwd: work });
    };
    const executable = async (platform: Platform, node: string) => {
      // First: Node finds the bundle by its place in the file.
      const bare = join(work, 'node');
      await writeFile(bare, prepare(platform, await readFile(node)), { mode: 0o755 });
      const output = join(work, 'executable');
      await write(output, bare);
      return readFile(output);
    };
    return await use({ chunks, write, executable });
  } finally {
    await rm(work, { recursive: true });
  }
}
