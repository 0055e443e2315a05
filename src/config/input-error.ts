/** Errors that end a run before it starts. */
import { existsSync } from 'node:fs';

/** The run can't start: a one-line message with the file and the expected input. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The longest file name that file systems allow. */
const LONGEST_NAME = 255;
const CONTENT = /[\n{}]|:\/\/|^[A-Za-z_]\w*=/;

/** Whether the path is actually config text or a value: `-f "$CONFIG"` where `$CONFIG` contains the text. */
export const looksLikeContent = (path: string): boolean =>
  (CONTENT.test(path) || path.split('/').some((name) => name.length > LONGEST_NAME)) && !existsSync(path);

/** Not a secret: at most 4 characters, a number, or 20 characters as in IDs, with at most one after an `=`. */
const HARMLESS = /^(?:.{0,4}|-?\d{1,6}|[a-z*/-]{0,20}(?:=.?)?)\s{0,4}$/su;

/** An argument as a message may quote it: `…` if it could be a secret in the wrong place. */
export const quotable = (argument: string): string => (HARMLESS.test(argument) ? argument : '…');
