/** What a reader of env files makes of a file. */

export interface Assignment {
  readonly name: string;
  /** References to variables that the file does not set are left as they are. */
  readonly value: string;
  /** The value depends on something outside the file: an environment variable, a home directory. */
  readonly expands: boolean;
  /** From 1. */
  readonly line: number;
}

/** A name without a value: programs pass it on from the environment, if it is there. */
export type BareName = Pick<Assignment, 'name' | 'line'>;

/** A line that is no assignment, and neither a comment nor a name. */
export interface SkippedLine {
  readonly line: number;
  /** The variable with whose name it starts. */
  readonly name?: string;
}

/** `undefined`: the reader rejects the file, or does something other than set variables, such as running a command. */
export type Read = readonly Assignment[] | undefined;

/** What Go calls space (`unicode.IsSpace`). */
const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING_SPACE = new RegExp(`^${SPACE}+`);
const ONE_SPACE = new RegExp(`^${SPACE}$`);
export const isSpace = (character: string): boolean => ONE_SPACE.test(character);
export const trimStart = (text: string): string => text.replace(LEADING_SPACE, '');

/** Unlike a pattern that ends in `$`, in time that grows with the length alone. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The last of several assignments of a name counts. */
export const lastOf = (assignments: readonly Assignment[]): Map<string, Assignment> =>
  new Map(assignments.map((assignment) => [assignment.name, assignment]));

/** More than all variables of a process together, and little enough that references to references exhaust no memory. */
const MOST_EXPANDED_MIB = 4;

/** Counts the text that references of one file were replaced with. */
export class Budget {
  static readonly MIB = MOST_EXPANDED_MIB;
  #left = MOST_EXPANDED_MIB * 1024 * 1024;

  /** Whether the text is too much. */
  isSpentBy(text: string): boolean {
    this.#left -= text.length;
    return this.#left < 0;
  }
}
