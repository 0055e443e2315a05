/** The documents in files or standard input that describe what a run copies: manifests, task definitions. */
import { InputError } from '../config/input-error.ts';
import { parseText } from '../config/sources/open.ts';
import { STDIN, titleOf } from '../config/sources/quote.ts';
import { bytesOf, deadlineIn, decode, readBytes } from '../config/sources/read.ts';
import type { Json } from '../util/json.ts';
import { jsonOf } from './objects.ts';

export interface Documents {
  /** The file in messages. */
  readonly title: string;
  readonly values: readonly Json[];
}

/**
 * @param files paths; `-` is standard input, at most once
 * @param timeoutMs for all files together
 * @throws InputError
 */
export async function readDocuments(
  files: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  timeoutMs: number,
): Promise<Documents[]> {
  if (files.filter((file) => file === STDIN).length > 1)
    throw new InputError('standard input (-) can be read only once');
  const deadline = deadlineIn(timeoutMs);
  const all: Documents[] = [];
  for (const file of files) {
    const title = titleOf(file);
    const bytes = await readBytes(title, () => (file === STDIN ? stdin : bytesOf(file)), deadline);
    const values = await parseText(title, decode(title, bytes));
    all.push({ title, values: values.map((value) => jsonOf(title, value)) });
  }
  return all;
}

/** The files in a message. */
export const titleOfAll = (files: readonly string[]): string => files.map(titleOf).join(', ');
