/** How much a config may hold: far more than any has, and little enough that none fills the memory. */
import { type Entry, InputError } from '../entry.ts';
import { named } from './quote.ts';

/** No process can be given a longer one on Linux (MAX_ARG_STRLEN). */
const LONGEST_KIB = 128;
/** In bytes: no program has one that is nearly as long. */
const LONGEST_NAME = 1024;
/** In all sources together. */
export const MOST_VARIABLES = 20_000;
const PROPER_NAME = /^[A-Za-z_][\w.-]{0,79}$/;

/** @throws InputError */
export function refuseLong(file: string, entries: readonly Entry[]): void {
  if (entries.some(({ name }) => isOver(LONGEST_NAME, name)))
    throw new InputError(`${file}: a name of a variable is longer than ${LONGEST_NAME} bytes`);
  const long = entries.find(({ value }) => isOver(LONGEST_KIB * 1024, value));
  if (long === undefined) return;
  const what = PROPER_NAME.test(long.name) ? `the value of ${named(long.name, 'variable')}` : 'a value';
  throw new InputError(`${file}: ${what} is larger than ${LONGEST_KIB} KiB, the most that a process can be given`);
}

/** Bytes are counted only where there may be too many: no character has more than three per code unit. */
const isOver = (most: number, text: string): boolean => text.length * 3 > most && Buffer.byteLength(text) > most;

export const tooMany = (file: string): InputError =>
  new InputError(`${file}: more than ${MOST_VARIABLES.toLocaleString('en')} variables, the most that are read`);
