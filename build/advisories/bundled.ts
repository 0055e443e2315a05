/** The packages that are actually part of the bundle. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, packageOf } from '../bundle.ts';
import type { Package } from './judge.ts';

/** Bundles the executable and the API into a folder. */
export async function bundledPackages(folder: string): Promise<readonly Package[]> {
  const chunks = await bundle(folder, { index: 'src/index.ts' });
  const folders = new Set(chunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => packageOf(id) ?? [])));
  const known = new Map<string, Package>();
  for (const place of folders) {
    const { name, version } = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as Package;
    known.set(`${name}@${version}`, { name, version });
  }
  return [...known.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
