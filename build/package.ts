/** Bundles the executable and the API into `dist/`, with one chunk per provider and no dependencies to install. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OutputChunk } from 'rolldown';
import { bundle, EXECUTABLE, ROOT } from './bundle.ts';
import { writeCode } from './code/write.ts';
import { derivedDeclarations } from './declarations.ts';
import { notices } from './licenses.ts';

const DIST = join(ROOT, 'dist');

await rm(DIST, { recursive: true, force: true });
const chunks = await bundle(DIST, { index: 'src/index.ts' });
await writeCode(DIST, chunks);
await chmod(join(DIST, `${EXECUTABLE}.js`), 0o755);
await exportAs(
  'index.js',
  chunks.find(({ fileName }) => fileName === 'index.cjs'),
);
await writeFile(join(DIST, 'THIRD-PARTY-LICENSES.txt'), await notices(chunks));
await declare('src/index.ts');

/** The API as an ES module with named exports: Node does not find those of a minified CommonJS module. */
async function exportAs(name: string, api: OutputChunk | undefined): Promise<void> {
  if (api === undefined) throw new Error('the bundle has no API');
  await writeFile(
    join(DIST, name),
    `import api from './${api.fileName}';\nexport const { ${api.exports.join(', ')} } = api;\n`,
  );
}

/** Writes the type declarations that the API needs, and no others, to `dist/types`. */
async function declare(entry: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 'declarations-'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', emitted], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const derived = await derivedDeclarations(ROOT);
  const found = new Set([entry]);
  for (const source of found) {
    const name = source.replace(/\.ts$/, '.d.ts');
    const text = derived.get(source) ?? (await readFile(join(emitted, name), 'utf8'));
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
