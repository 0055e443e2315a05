/** Debian's packages, without installing them. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

type Apt = (...args: string[]) => Promise<string>;

/**
 * `apt-get` in a directory, with lists and a cache that are removed afterward.
 * @param architecture another than the machine's, as if nothing was installed
 */
export async function withApt(
  directory: string,
  use: (apt: Apt) => Promise<void>,
  architecture?: string,
): Promise<void> {
  const own = join(directory, 'apt');
  for (const path of ['Dir::State::Lists/partial', 'Dir::Cache/archives/partial']) {
    await mkdir(join(own, path), { recursive: true });
  }
  const settings: [name: string, value: string][] = [
    ...['Dir::State::Lists', 'Dir::Cache'].map((name): [string, string] => [name, join(own, name)]),
    ['Debug::NoLocking', 'true'],
    ['APT::Sandbox::User', 'root'],
  ];
  if (architecture !== undefined) {
    const status = join(own, 'status');
    await writeFile(status, '');
    settings.push(
      ['Dir::State::status', status],
      ['APT::Architecture', architecture],
      ['APT::Architectures', architecture],
    );
  }
  const apt: Apt = (...args) =>
    run('apt-get', [...settings.flatMap(([name, value]) => ['-o', `${name}=${value}`]), '-qq', ...args], directory);
  await apt('update');
  await use(apt);
  await rm(own, { recursive: true });
}

/** The packages that `apt-get --print-uris` lists. */
export const packagesIn = (uris: string): string[] =>
  [...uris.matchAll(/^'[^']*' ([^_ ]+)_/gm)].map(([, name = '']) => decodeURIComponent(name));

/** Unpacks one package file into a folder. */
export async function unpack(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run('dpkg-deb', ['-x', file, folder], folder);
}

/** Which system packages come from: `debian12`. */
export function osRelease(): string {
  if (!existsSync('/etc/os-release')) return process.platform;
  const text = readFileSync('/etc/os-release', 'utf8');
  return ['ID', 'VERSION_ID'].map((name) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '').join('');
}
