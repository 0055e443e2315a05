/** A single executable with the bundle and Node. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { OutputChunk } from 'rolldown';
import { bundle, EXECUTABLE, ROOT } from './bundle.ts';
import { codeFolder } from './code/loader.ts';
import { writeCode } from './code/write.ts';
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

const SYSTEMS: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' };
/** The platform that this runs on: V8's code of the bundle is for it alone. */
const THIS = `${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`;

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
    await writeCode(bundled, chunks);
    const written = await readdir(bundled, { recursive: true, withFileTypes: true });
    const files = written.flatMap((file) => (file.isFile() ? [join(file.parentPath, file.name)] : [])).sort();
    // Relative, since it is written into the executable, which must not depend on where it was built.
    const main = 'main.mjs';
    await writeFile(join(work, main), `import './${EXECUTABLE}.js';`);
    const assets = Object.fromEntries(files.map((file) => [relative(bundled, file).replaceAll(sep, '/'), file]));
    const others = Object.fromEntries(Object.entries(assets).filter(([name]) => !name.startsWith(codeFolder())));
    const settings = {
      main,
      mainFormat: 'module',
      disableExperimentalSEAWarning: true,
      // Loading only the required chunks is faster than loading a single file with its code cache.
      useVfs: true,
    };
    const write = async (output: string, platform = THIS, node?: string) => {
      const config = 'sea.json';
      const written = {
        ...settings,
        assets: { 'package.json': join(ROOT, 'package.json'), ...(platform === THIS ? assets : others) },
        output,
        ...(node && { executable: node }),
      };
      await writeFile(join(work, config), JSON.stringify(written));
      await promisify(execFile)(process.execPath, ['--build-sea', config], { cwd: work });
    };
    const executable = async (platform: Platform, node: string) => {
      // First: Node finds the bundle by its place in the file.
      const bare = join(work, 'node');
      await writeFile(bare, prepare(platform, await readFile(node)), { mode: 0o755 });
      const output = join(work, 'executable');
      await write(output, platform, bare);
      return readFile(output);
    };
    return await use({ chunks, write: (output) => write(output), executable });
  } finally {
    await rm(work, { recursive: true });
  }
}
