/** How the programs that read an env file differ. */
import type { SkippedLine } from './assignment.ts';
import type { ReaderName } from './readers.ts';

/** What the readers disagree about. */
export type Reason =
  | 'reference'
  | 'missing'
  | 'trailing whitespace'
  | 'comment'
  | 'dollar sign'
  | 'backslash'
  | 'quotes'
  | 'syntax';

/** How the value can be written so that programs agree; `none` if it can't. */
export type Spelling = 'plain' | 'encoded' | 'single-quoted' | 'none';

/** One variable that programs read differently; without its value. */
export interface Difference {
  readonly name: string;
  readonly line: number;
  /** The programs that agree with each other, in groups; one group if all of them put in a variable from outside the file. */
  readonly groups: readonly (readonly ReaderName[])[];
  readonly reason: Reason;
  readonly spelling: Spelling;
}

/** An env file as the programs read it. */
export interface EnvFile {
  readonly file: string;
  /** The programs that it can be for. */
  readonly readers: readonly ReaderName[];
  readonly differences: readonly Difference[];
  /** Lines that are no assignment, and that programs ignore or for which they reject the file. */
  readonly skipped: readonly SkippedLine[];
}
