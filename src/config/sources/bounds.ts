/** How much a config may hold: far more than any has, and little enough that none fills the memory. */
import { type Entry, InputError } from '../entry.ts';
import { named } from './quote.ts';

/** No process can be given a longer one on Linux (MAX_ARG_STRLEN). */
const LONGEST_KIB = 128;
/** In all sources together. */
export const MOST_VARIABLES = 20_000;
const PROPER_NAME = /^[A-Za-z_][\w.-]{0,79}$/;

/** @throws InputError */
export function refuseLong(file: string, entries: readonly Entry[]): void {
  const long = entries.find(({ name, value }) => isLong(name) || isLong(value));
  if (long === undefined) return;
  const what = PROPER_NAME.test(long.name) ? `the value of ${named(long.name)}` : 'a value, or a name,';
  throw new InputError(`${file}: ${what} is larger than ${LONGEST_KIB} KiB, the most that a process can be given`);
}

/** Bytes are counted only where there may be too many: no character has more than three per code unit. */
const isLong = (text: string): boolean =>
  text.length * 3 > LONGEST_KIB * 1024 && Buffer.byteLength(text) > LONGEST_KIB * 1024;

export const tooMany = (file: string): InputError =>
  new InputError(`${file}: more than ${MOST_VARIABLES.toLocaleString('en')} variables, the most that are read`);
