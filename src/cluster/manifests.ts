/** Manifests from files or standard input, as `helm template` prints them. */
import { InputError } from '../config/input-error.ts';
import type { JsonMap } from '../util/json.ts';
import { readDocuments } from './documents.ts';
import { flattened } from './objects.ts';

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
  return (await readDocuments(files, stdin, timeoutMs)).flatMap(({ title, values }) => {
    const found = flattened(values);
    if (!found.some(({ kind }) => typeof kind === 'string'))
      throw new InputError(`${title}: contains no Kubernetes object; expected the output of helm template`);
    return found;
  });
}
