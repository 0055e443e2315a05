/** Size limits for a config: far above any real one, and low enough that no input exhausts the memory. */
import { type Entry, InputError } from '../entry.ts';
import { named } from './quote.ts';

/** The limit for a variable on Linux (MAX_ARG_STRLEN). */
const LONGEST_KIB = 128;
/** In bytes: far longer than any real name. */
const LONGEST_NAME = 1024;
/** In all sources together. */
export const MOST_VARIABLES = 20_000;
const PROPER_NAME = /^[A-Za-z_][\w.-]{0,79}$/;

/** @throws InputError */
export function refuseLong(file: string, entries: readonly Entry[]): void {
  if (entries.some(({ name }) => isOver(LONGEST_NAME, name)))
    throw new InputError(`${file}: a variable name is longer than ${LONGEST_NAME} bytes`);
  const long = entries.find(({ value }) => isOver(LONGEST_KIB * 1024, value));
  if (long === undefined) return;
  const what = PROPER_NAME.test(long.name) ? `the value of ${named(long.name, 'variable')}` : 'a value';
  throw new InputError(`${file}: ${what} is larger than ${LONGEST_KIB} KiB, the limit for a process environment`);
}

/** Counts bytes only if there may be too many: a code unit takes at most three bytes. */
const isOver = (most: number, text: string): boolean => text.length * 3 > most && Buffer.byteLength(text) > most;

export const tooMany = (file: string): InputError =>
  new InputError(`${file}: more than ${MOST_VARIABLES.toLocaleString('en')} variables, the maximum`);
