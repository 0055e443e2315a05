import { InputError, type Source } from '../../../src/config/entry.ts';
import { parseSource } from '../../../src/config/sources/index.ts';

/** The message with which a text is refused. */
export async function refusal(name: string, text: string): Promise<string> {
  return messageOf(parseSource(name, text));
}

export async function messageOf(reading: Promise<unknown>): Promise<string> {
  const outcome = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof InputError) return outcome.message;
  throw outcome ?? new Error('it was accepted');
}

/** Values by name; what is not known shows its kind. */
export const valuesOf = (source: Source): Record<string, string> =>
  Object.fromEntries(
    source.entries.map(({ name, kind, value }) => [name, kind === 'known' ? value : `${kind}: ${value}`]),
  );

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
