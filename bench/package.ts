/** The size of the package and its installation time, compared with the same code with regular dependencies. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns } from './compare.ts';
import { ROOT, succeed } from './programs.ts';
import { atMost, type Measurement, type Row, short } from './row.ts';

/** In MB (a million bytes). */
const TARGET = 5;
const ROUNDS = 3;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
}

export const packageSize: Measurement = {
  id: 'package',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const { size, unpackedSize } = await pack(ROOT, directory);
      const megabytes = unpackedSize / 1e6;
      return [
        {
          id: 'package',
          what: `unpacked package (packed: ${short(size / 1e6)} MB)`,
          figure: `${short(megabytes)} MB`,
          ...atMost(TARGET, megabytes, ' MB'),
          facts: { packedBytes: size, unpackedBytes: unpackedSize },
        },
      ];
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

export const install: Measurement = {
  id: 'install',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const bundled = await tarball(ROOT, join(directory, 'bundled'));
      const unbundled = await tarball(await listed(directory), join(directory, 'unbundled'));
      let packages = 0;
      const times = await inTurns(ROUNDS, {
        bundled: async () => (await cold(directory, bundled)).ms,
        unbundled: async () => {
          const { ms, count } = await cold(directory, unbundled);
          packages = count;
          return ms;
        },
      });
      const ratio = times.unbundled / times.bundled;
      const row: Row = {
        id: 'install',
        what: `cold installation, compared with the same code unbundled: 1 package instead of ${packages}`,
        figure: `${short(ratio)} times faster`,
        facts: { ratio, packages, rounds: ROUNDS },
      };
      return [row];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** Packs a folder like npm publish, without building it. */
async function pack(folder: string, into: string): Promise<Packed> {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel', 'error', '--pack-destination', into];
  const { stdout } = await succeed('npm', args, { cwd: folder });
  const packed: unknown = JSON.parse(stdout);
  const [only] = Array.isArray(packed) ? packed : Object.values(packed as object);
  return only as Packed;
}

/** Both packages have the same name and version, so each is packed into a separate folder. */
async function tarball(folder: string, into: string): Promise<string> {
  await mkdir(into);
  return join(into, (await pack(folder, into)).filename);
}

const SOURCES = ['bin', 'src', 'checks', 'schemas', 'README.md', 'LICENSE'];

/** The package without a bundler: the sources, with their imports as dependencies. */
async function listed(directory: string): Promise<string> {
  const folder = join(directory, 'listed');
  await mkdir(folder);
  for (const part of SOURCES) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  const { name, version, type, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const used = await imported(folder);
  const dependencies = Object.fromEntries(
    Object.entries<string>(devDependencies).filter(([dependency]) => used.has(dependency)),
  );
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version, type, dependencies }));
  return folder;
}

/** The packages that the sources import, except those imported only for types. */
async function imported(folder: string): Promise<Set<string>> {
  const files = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.ts'));
  const found = new Set<string>();
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const [, fixed, loaded = ''] of text.matchAll(
      /^(?:im|ex)port (?!type)[^;]*?from '([^.'][^']*)'|import\('([^.'][^']*)'\)/gm,
    )) {
      found.add(/^(@[^/]+\/)?[^/]+/.exec(fixed ?? loaded)?.[0] ?? '');
    }
  }
  return found;
}

/** Installs into an empty folder with an empty cache, and returns the time and the number of packages. */
async function cold(directory: string, tarball: string): Promise<{ ms: number; count: number }> {
  const folder = await mkdtemp(join(directory, 'cold-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const cache = join(folder, 'cache');
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts', '--loglevel', 'error'];
  try {
    const { ms } = await succeed('npm', ['install', '--cache', cache, ...quiet, tarball], { cwd: folder });
    const { packages } = JSON.parse(await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8'));
    return { ms, count: Object.keys(packages).length };
  } finally {
    await rm(folder, { recursive: true });
  }
}
