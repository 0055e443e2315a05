/** Size limits for a config: far above any real one, and low enough that no input exhausts the memory. */
import { type Entry, InputError } from '../entry.ts';
import { named } from './quote.ts';

/** The limit for a variable on Linux (MAX_ARG_STRLEN). */
const LONGEST_KIB = 128;
/** In bytes: far longer than any real name. */
const LONGEST_NAME = 1024;
/** In characters, all values of a file together: far more than fits into one process, for a file with many workloads. */
const MOST_TEXT_MIB = 32;
/** In all sources together. */
export const MOST_VARIABLES = 20_000;
/** Of one file, those that count for nothing included: later assignments override them, or they are not Spacelift's. */
export const MOST_ASSIGNMENTS = 5 * MOST_VARIABLES;
const MOST_LINES = 200_000;
const PROPER_NAME = /^[A-Za-z_][\w.-]{0,79}$/;

/**
 * Refuses values, and names, that are longer than those of any process.
 * @throws InputError
 */
export function refuseLong(file: string, entries: readonly Entry[]): void {
  for (const { name } of entries) refuseLongName(file, name);
  const long = entries.find(({ value }) => isOver(LONGEST_KIB * 1024, value));
  if (long !== undefined) throw tooLong(file, long.name);
  if (entries.reduce((sum, { value }) => sum + value.length, 0) > MOST_TEXT_MIB * 1024 * 1024)
    throw new InputError(`${file}: its values are larger than ${MOST_TEXT_MIB} MiB together, the maximum`);
}

/** @throws InputError */
export function refuseLongName(file: string, ...parts: readonly string[]): void {
  if (parts.some((part) => isOver(LONGEST_NAME, part)))
    throw new InputError(`${file}: a variable name is longer than ${LONGEST_NAME} bytes`);
}

/** Whether a value is certainly too long, by its length in characters: it need not be built further. */
export const isTooLong = (length: number): boolean => length > LONGEST_KIB * 1024;

export function tooLong(file: string, name: string): InputError {
  const what = PROPER_NAME.test(name) ? `the value of ${named(name, 'variable')}` : 'a value';
  return new InputError(`${file}: ${what} is larger than ${LONGEST_KIB} KiB, the limit for a process environment`);
}

/**
 * More lines than any file that Kubernetes stores; in YAML, a block scalar is split into lines, which take a hundred bytes each.
 * @param what the format
 * @throws InputError
 */
export function refuseLines(file: string, text: string, what: string): void {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  if (lines > MOST_LINES)
    throw new InputError(`${file}: more than ${MOST_LINES.toLocaleString('en')} lines of ${what}`);
}

/** Counts bytes only if there may be too many: a code unit takes at most three bytes. */
const isOver = (most: number, text: string): boolean => text.length * 3 > most && Buffer.byteLength(text) > most;

export const tooMany = (file: string): InputError =>
  new InputError(`${file}: more than ${MOST_VARIABLES.toLocaleString('en')} variables, the maximum`);
