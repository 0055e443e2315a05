/** Leaves out what can't be a config, before the rest is parsed: most of a plan, and Secrets with a type. */
import { isJsonObject, LARGEST, tooLarge } from './read.ts';
import type { ReducedJson } from './reduced-json.ts';
import { withoutTypedSecrets } from './typed-secrets.ts';

/** What is left of a file; nothing of it if it is read as a whole. */
export interface Reduced extends ReducedJson {
  readonly text?: Buffer<ArrayBuffer>;
}

/** @throws InputError if it is too large */
export async function reduced(file: string, bytes: Buffer<ArrayBuffer>): Promise<Reduced> {
  const isLarge = bytes.length > LARGEST;
  if (isJsonObject(bytes)) {
    const { reducedJson } = await import('./reduced-json.ts');
    const found = reducedJson(file, bytes, isLarge);
    if (found === undefined && isLarge) throw tooLarge(file);
    return found ?? {};
  }
  const text = withoutTypedSecrets(bytes);
  if ((text ?? bytes).length > LARGEST) throw tooLarge(file);
  return text === undefined ? {} : { text };
}
