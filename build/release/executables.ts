/** The archives with the executables, one for each platform. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../bundle.ts';
import type { Bundled } from '../executable.ts';
import { type Component, nodeComponent } from '../image/sbom.ts';
import { type Entry, tar } from '../image/tar.ts';
import { notices } from '../licenses.ts';
import { NODE, nodeFor } from '../node.ts';
import { signAdHoc } from './sign.ts';
import { start } from './start.ts';
import { folderOf, HOST, type Target } from './targets.ts';

export interface Built {
  readonly file: string;
  readonly content: Buffer;
  /** Whether the executable was started, and printed its version. */
  readonly started: boolean;
  /** Node, as in the executable before the bundle was put into it. */
  readonly node: Component;
}

interface Tool {
  readonly name: string;
  readonly version: string;
}

/** @throws if the executable can be started here, but does not print its version */
export async function archiveFor(target: Target, bundled: Bundled, { name, version }: Tool): Promise<Built> {
  const { platform } = target;
  const { path, purl } = await nodeFor(platform);
  const folder = folderOf(name, version, platform);
  const work = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    const file = join(work, name);
    await writeFile(file, await bundled.executable(platform, path));
    if (platform.startsWith('macos-')) await signAdHoc(file, name);
    const started = platform === HOST;
    await chmod(file, 0o755);
    if (started) await start(file, [], version);
    const entries: Entry[] = [
      { path: platform.startsWith('windows-') ? `${name}.exe` : name, content: await readFile(file), executable: true },
      { path: 'LICENSE', content: await readFile(join(ROOT, 'LICENSE')) },
      // Windows' package has none; it is the same for all.
      { path: 'NODE-LICENSE', content: await readFile((await nodeFor('linux-x64')).license) },
      { path: 'THIRD-PARTY-LICENSES.txt', content: Buffer.from(await notices(bundled.chunks)) },
    ];
    const content = gzipSync(tar(entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }))));
    return {
      file: `${folder}.tar.gz`,
      content,
      started,
      node: nodeComponent(purl, NODE, await readFile(path)),
    };
  } finally {
    await rm(work, { recursive: true });
  }
}
