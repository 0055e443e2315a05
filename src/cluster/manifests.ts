/** Manifests from files or standard input, as `helm template` prints them. */
import { InputError } from '../config/input-error.ts';
import { parseText } from '../config/sources/open.ts';
import { shown } from '../config/sources/quote.ts';
import { bytesOf, deadlineIn, decode, readBytes } from '../config/sources/read.ts';
import type { JsonMap } from '../util/json.ts';
import { flattened, jsonOf } from './objects.ts';

const STDIN = '-';
/** In characters. */
const LONGEST_PATH = 256;

/**
 * @param files paths; `-` is standard input, at most once
 * @param timeoutMs for all files together
 * @throws InputError
 */
export async function readManifests(
  files: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  timeoutMs: number,
): Promise<JsonMap[]> {
  if (files.filter((file) => file === STDIN).length > 1)
    throw new InputError('standard input (-) can be read only once');
  const deadline = deadlineIn(timeoutMs);
  const objects: JsonMap[] = [];
  for (const file of files) {
    const title = titleOf(file);
    const bytes = await readBytes(title, () => (file === STDIN ? stdin : bytesOf(file)), deadline);
    const values = await parseText(title, decode(title, bytes));
    const found = flattened(values.map(jsonOf));
    if (!found.some(({ kind }) => typeof kind === 'string'))
      throw new InputError(`${title}: contains no Kubernetes object; expected the output of helm template`);
    objects.push(...found);
  }
  return objects;
}

/** The files in a message. */
export const titleOfAll = (files: readonly string[]): string => files.map(titleOf).join(', ');

const titleOf = (file: string): string => (file === STDIN ? 'standard input' : shown(file, LONGEST_PATH));
