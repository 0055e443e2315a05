/** The executable as users get it: bundled once for each state of the sources. A process starts a third faster from it. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, EXECUTABLE, ROOT } from '../../build/bundle.ts';

const CACHE = join(ROOT, 'node_modules', '.cache', 'spacelift-preflight');
const SOURCES = ['{bin,build,checks,src}/**/*.{ts,json}', 'package.json', 'package-lock.json'];
/** What no run of the tests still uses, ms. */
const OLD_MS = 6 * 3_600_000;

/** The path of the bundled executable; bundled now, unless another test has done it since the sources changed. */
export async function builtExecutable(): Promise<string> {
  const folder = join(CACHE, stateOfSources());
  const executable = join(folder, `${EXECUTABLE}.js`);
  if (existsSync(executable)) return executable;
  await mkdir(CACHE, { recursive: true });
  await removeOld();
  const building = await mkdtemp(join(CACHE, 'building-'));
  try {
    await bundle(building);
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    // Another worker may have been faster.
    if (!existsSync(executable)) throw error;
  }
  return executable;
}

function stateOfSources(): string {
  const hash = createHash('sha256');
  for (const name of globSync(SOURCES, { cwd: ROOT }).sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const { mtimeMs } = await stat(join(CACHE, name));
    if (Date.now() - mtimeMs > OLD_MS) await rm(join(CACHE, name), { recursive: true, force: true });
  }
}
