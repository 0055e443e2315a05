/** The package of the Helm chart, as `helm package` lays it out, but the same for the same files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../bundle.ts';
import { tar } from '../image/tar.ts';
import { run } from '../run.ts';

/** @param name of the chart and its folder */
export async function chartPackage(name: string): Promise<Buffer> {
  const folder = join(ROOT, 'charts');
  const files = (await run('git', ['ls-files', '-z', name], folder)).split('\0').filter(Boolean);
  const contents = files.map(async (path) => ({ path, content: await readFile(join(folder, path)) }));
  return gzipSync(tar(await Promise.all(contents)));
}
