/** What is in the image: the executable, and what it needs of Debian. */
import { globSync } from 'node:fs';
import { lstat, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { cacheDirectory, cached } from '../cache.ts';
import { osRelease, packagesIn, unpack, withApt } from '../debian.ts';
import { run } from '../run.ts';
import { readElf } from './elf.ts';
import type { Entry } from './tar.ts';

/** By Debian's and the image's name. */
export const ARCHITECTURES = {
  amd64: { platform: 'linux-x64', triplet: 'x86_64-linux-gnu' },
  arm64: { platform: 'linux-arm64', triplet: 'aarch64-linux-gnu' },
} as const;

export type Architecture = keyof typeof ARCHITECTURES;

/** Of Debian; what they depend on is looked through too. */
const LIBRARIES = ['libatomic1', 'libc6', 'libgcc-s1', 'libstdc++6'];
const FILES = ['base-files', 'ca-certificates'];
/** Any other user ID works too. */
export const USER = 65532;

const OWN: Readonly<Record<string, string>> = {
  'etc/group': `root:x:0:\nnonroot:x:${USER}:\n`,
  'etc/nsswitch.conf': 'hosts: files dns\n',
  'etc/passwd': `root:x:0:0:root:/nonexistent:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/nonexistent:/sbin/nologin\n`,
};

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly entries: readonly Entry[];
}

/**
 * Debian's packages, each in a folder of its name.
 * @param fresh not those of an earlier build: Debian repairs them
 */
export async function debianFor(architecture: Architecture, fresh: boolean): Promise<string> {
  const name = `image-${osRelease()}-${architecture}`;
  if (fresh) await rm(join(cacheDirectory(), name), { recursive: true, force: true });
  return cached(name, async (directory) => {
    await withApt(
      directory,
      async (apt) => {
        const wanted = await apt('install', '--print-uris', '--no-install-recommends', ...LIBRARIES);
        await apt('download', ...packagesIn(wanted), ...FILES);
      },
      architecture,
    );
    for (const file of (await readdir(directory)).filter((name) => name.endsWith('.deb'))) {
      const folder = join(directory, file.replace(/_.*/, ''));
      await unpack(join(directory, file), join(folder, 'root'));
      await rename(join(directory, file), join(folder, 'package.deb'));
    }
  });
}

/**
 * The libraries that an executable needs, and theirs, with the certificate authorities and the name of the release.
 * @param folder of `debianFor`
 * @throws if no package has a library
 */
export async function needed(executable: Buffer, architecture: Architecture, folder: string): Promise<DebianPackage[]> {
  const { triplet } = ARCHITECTURES[architecture];
  const { interpreter = '', libraries } = readElf(executable);
  const owned: [owner: string, entry: Entry][] = [];
  const waiting = [...libraries, basename(interpreter)];
  const known = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (known.has(name)) continue;
    known.add(name);
    const [path] = globSync(`*/root/{,usr/}lib/${triplet}/${name}`, { cwd: folder });
    if (path === undefined) throw new Error(`${name} is in none of Debian’s packages that were downloaded`);
    const content = await readFile(join(folder, path));
    waiting.push(...readElf(content).libraries);
    const [owner = ''] = path.split(sep);
    owned.push([owner, { path: `usr/lib/${triplet}/${name}`, content, executable: true }]);
    if (name === basename(interpreter))
      owned.push([owner, { path: `usr${interpreter}`, link: `../lib/${triplet}/${name}` }]);
  }
  // Links into `usr`, under the names by which libraries are loaded.
  const folders = new Set(['lib', interpreter.split('/')[1] ?? 'lib']);
  const release = await readFile(join(folder, 'base-files/root/usr/lib/os-release'));
  owned.push(
    ['ca-certificates', { path: 'etc/ssl/certs/ca-certificates.crt', content: await authorities(folder) }],
    ['base-files', { path: 'usr/lib/os-release', content: release }],
    ['base-files', { path: 'etc/os-release', link: '../usr/lib/os-release' }],
    ...[...folders].map((name): [string, Entry] => ['base-files', { path: name, link: `usr/${name}` }]),
  );
  const owners = [...Map.groupBy(owned, ([owner]) => owner)].sort(([one], [other]) => (one < other ? -1 : 1));
  return Promise.all(
    owners.map(([name, all]) =>
      described(
        name,
        folder,
        all.map(([, entry]) => entry),
      ),
    ),
  );
}

/** What `update-ca-certificates` would write. */
async function authorities(folder: string): Promise<Buffer> {
  const files = globSync('ca-certificates/root/usr/share/ca-certificates/**/*.crt', { cwd: folder }).sort();
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
}

/** With its license, and its description where vulnerability scanners look for it. */
async function described(name: string, folder: string, entries: readonly Entry[]): Promise<DebianPackage> {
  const control = await run('dpkg-deb', ['--field', join(folder, name, 'package.deb')], folder);
  const field = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(control)?.[1] ?? '';
  return {
    name,
    version: field('Version'),
    architecture: field('Architecture'),
    entries: [
      ...entries,
      { path: `var/lib/dpkg/status.d/${name}`, content: Buffer.from(control) },
      { path: `usr/share/doc/${name}/copyright`, content: await license(name, folder) },
    ],
  };
}

/** Packages from the same source have the license of one of them. */
async function license(name: string, folder: string): Promise<Buffer> {
  const documents = join(folder, name, 'root/usr/share/doc', name);
  const shared = (await lstat(documents)).isSymbolicLink() ? await readlink(documents) : undefined;
  return shared === undefined ? readFile(join(documents, 'copyright')) : license(shared, folder);
}

export const own = (): Entry[] => Object.entries(OWN).map(([path, text]) => ({ path, content: Buffer.from(text) }));
