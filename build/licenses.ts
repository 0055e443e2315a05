/** The licenses of the bundled packages. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputChunk } from 'rolldown';
import { packageOf } from './bundle.ts';

/** License files in a package, in both spellings. */
const LICENSE = /^(licen[cs]e|copying|notice)\b/i;

/** Each license text once, below the names of its packages. */
export async function notices(bundled: readonly OutputChunk[]): Promise<string> {
  const folders = new Set(bundled.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => packageOf(id) ?? [])));
  const owners = new Map<string, Set<string>>();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const texts = await textsIn(folder);
    for (const text of texts.length === 0 ? [`License: ${license}`] : texts) {
      owners.set(text, (owners.get(text) ?? new Set()).add(`${name} ${version}`));
    }
  }
  const parts = [...owners].map(([text, names]) => `${[...names].sort().join('\n')}\n\n${text}\n`);
  return parts.sort().join(`\n${'-'.repeat(80)}\n\n`);
}

async function textsIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => LICENSE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.map(normal);
}

/** Ignores differences in line ends and trailing white space. */
const normal = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
