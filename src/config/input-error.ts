/** What ends a run before it begins. */
import { existsSync } from 'node:fs';

/** The run can't start: one line that names the file and what was expected. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** No name in a directory is longer. */
const LONGEST_NAME = 255;
const CONTENT = /[\n{}]|:\/\/|^[A-Za-z_]\w*=/;

/** Whether it can only be meant as the text of a config, or as a value: `-f "$CONFIG"` where `$CONFIG` holds the text. */
export const looksLikeContent = (path: string): boolean =>
  (CONTENT.test(path) || path.split('/').some((name) => name.length > LONGEST_NAME)) && !existsSync(path);

/** At most 4 characters, a number, or 20 of what ids are made of, with at most one behind an `=`: no secret. */
const HARMLESS = /^(?:.{0,4}|-?\d{1,6}|[a-z*/-]{0,20}(?:=.?)?)\s{0,4}$/su;

/** An argument as a message may quote it: `…` when it could be a secret that slipped into its place. */
export const quotable = (argument: string): string => (HARMLESS.test(argument) ? argument : '…');
