/** Builds the image, and runs it with runc alone. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type PlatformImage, unpackArchive } from '../support/oci-archive.ts';
import { part } from './parts.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const ARCHIVE = 'spacelift-preflight.oci.tar';

export const buildImage = (folder: string): Promise<unknown> =>
  promisify(execFile)('npm', ['run', '-s', 'build:image', '--', '--out', folder], { cwd: ROOT });

/** @param folder of `buildImage` */
export async function platformsIn(folder: string): Promise<Readonly<Record<'amd64' | 'arm64', PlatformImage>>> {
  const { platforms } = unpackArchive(await readFile(join(folder, ARCHIVE)));
  const of = (architecture: string): PlatformImage => {
    const found = platforms.find(({ platform }) => platform.architecture === architecture);
    if (found === undefined) throw new Error(`the image has no ${architecture}`);
    return found;
  };
  return { amd64: of('amd64'), arm64: of('arm64') };
}

/** Unpacks the layers into a folder, as a container engine does. */
export async function unpackLayers({ layers }: PlatformImage, folder: string): Promise<void> {
  for (const [index, { content }] of layers.entries()) {
    const file = `${folder}.${index}.tar`;
    await writeFile(file, content);
    await promisify(execFile)('tar', ['-xf', file, '-C', folder]);
    await rm(file);
  }
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly args: readonly string[];
  /** In addition to the image's. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs an unpacked image on the machine's network, with a read-only root, no capabilities and nothing that can be written.
 * @param root of `unpackLayers`
 */
export async function runImage(
  root: string,
  image: PlatformImage,
  { args, env = {}, uid, gid }: RunOptions,
): Promise<Ran> {
  const {
    Env = [],
    Entrypoint = [],
    WorkingDir = '/',
  } = image.config.config as {
    Env?: string[];
    Entrypoint?: string[];
    WorkingDir?: string;
  };
  const bundle = await mkdtemp(join(tmpdir(), 'preflight-runc-'));
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  const spec = {
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    process: {
      user: { uid, gid },
      args: [...Entrypoint, ...args],
      env: [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      cwd: WorkingDir,
      noNewPrivileges: true,
      capabilities: none,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'mode=755', 'ro'] },
      // As container engines do.
      ...['/etc/hosts', '/etc/resolv.conf'].map((source) => ({ destination: source, source, options: ['bind', 'ro'] })),
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }] },
  };
  await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
  const { command, env: own } = part('runc');
  const name = `preflight-${randomUUID()}`;
  try {
    return await new Promise((resolve) => {
      const state = ['--root', join(bundle, 'state')];
      const options = { env: own, maxBuffer: 64 << 20 };
      execFile(command, [...state, 'run', '--bundle', bundle, name], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  } finally {
    await rm(bundle, { recursive: true });
  }
}
