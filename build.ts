/** Bundles the executable and the API into `dist/`: one chunk per provider, and nothing to install besides. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(ROOT, 'dist');
const EXECUTABLE = 'bin/spacelift-preflight';
/** What the executable loads when it has seen a version of Node that will do; as imported by it, and as built. */
const MAIN = { source: '../src/cli/index.ts', built: '../chunks/cli.js' };
/** Keeps the executable to what old versions of Node can read. */
const apart: Plugin = {
  name: 'apart',
  resolveId: (id) => (id === MAIN.source ? { id: MAIN.built, external: 'relative' } : null),
};
/** The file of a licence, in a package. */
const LICENCE = /^(licen[cs]e|copying|notice)\b/i;

await rm(DIST, { recursive: true, force: true });
const chunks = await bundle({ 'chunks/cli': 'src/cli/index.ts', index: 'src/index.ts' });
await bundle({ [EXECUTABLE]: `${EXECUTABLE}.ts` }, [apart]);
await chmod(join(DIST, `${EXECUTABLE}.js`), 0o755);
await writeFile(join(DIST, 'THIRD-PARTY-LICENSES.txt'), await notices(chunks));
await declare('src/index.ts');

/** @throws when something that it needs can't be bundled */
async function bundle(input: Record<string, string>, plugins: Plugin[] = []): Promise<OutputChunk[]> {
  const build = await rolldown({
    cwd: ROOT,
    input,
    plugins,
    platform: 'node',
    transform: { target: 'node22.15' },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const { output } = await build.write({
    dir: DIST,
    format: 'esm',
    minify: true,
    // SDKs tell errors and commands apart by the names of their classes.
    keepNames: true,
    entryFileNames: '[name].js',
    chunkFileNames: ({ facadeModuleId }) => `chunks/${nameOf(facadeModuleId) ?? '[name]'}-[hash].js`,
  });
  await build.close();
  return output.filter((part) => part.type === 'chunk');
}

/** A package's chunk has its name: `aws-sdk-client-s3`. */
function nameOf(module: string | null): string | undefined {
  const [folder] = packageOf(module ?? '');
  return folder
    ?.replace(/^.*[\\/]node_modules[\\/]/, '')
    .replace(/^@/, '')
    .replace(/[\\/]/, '-');
}

/** The licences of the packages that are in the bundle. */
async function notices(bundled: readonly OutputChunk[]): Promise<string> {
  const folders = new Set(bundled.flatMap(({ moduleIds }) => moduleIds.flatMap(packageOf)));
  const texts = await Promise.all([...folders].map(noticeOf));
  return `${[...new Set(texts)].sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** `…/node_modules/@scope/name/lib/x.js` → `…/node_modules/@scope/name` */
function packageOf(module: string): string[] {
  const found = /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(module)?.[1];
  return found === undefined ? [] : [found];
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => LICENCE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const text = texts.map((part) => part.trim()).join('\n\n') || `Licence: ${license}`;
  return `${name} ${version}\n\n${text}\n`;
}

/** Writes the declarations that the API's own need, and no others, to `dist/types`. */
async function declare(entry: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 'declarations-'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', emitted], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const found = new Set([entry]);
  for (const source of found) {
    const name = source.replace(/\.ts$/, '.d.ts');
    const text = await readFile(join(emitted, name), 'utf8');
    const written = text.replace(/(from |import\()'(\.[^']+)\.ts'/g, (_, before, path) => {
      found.add(join(dirname(source), `${path}.ts`));
      return `${before}'${path}.js'`;
    });
    const target = join(DIST, 'types', name.replace(/^src[\\/]/, ''));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, written);
  }
  await rm(emitted, { recursive: true });
}
