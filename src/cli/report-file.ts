/** `--report`: a file that is there whole, or not at all. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../config/entry.ts';
import { codeOf } from '../problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long',
};

/** Writes the text to the file. */
export type Write = (text: string) => void;

/**
 * Makes sure, before anything is run, that the file can be written in the end.
 * @throws InputError when it can't, at once or when written
 */
export function prepare(path: string): Write {
  const guarded = <T>(action: () => T): T => writing(path, action);
  return guarded(() => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (stats !== undefined) accessSync(path, constants.W_OK);
    // A pipe or a device can't be replaced, and must not be.
    if (stats !== undefined && !stats.isFile()) return (text: string) => guarded(() => writeFileSync(path, text));
    // A link stays a link.
    const file = stats === undefined ? path : realpathSync(path);
    const trial = beside(file);
    closeSync(openSync(trial, 'wx'));
    rmSync(trial);
    return (text: string) => guarded(() => replace(file, text, stats));
  });
}

/** @throws InputError for what the action throws; it names the file, and why it can't be written */
export function writing<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = codeOf(error) ?? 'unknown';
    throw new InputError(`cannot write ${name}: ${REASONS[code] ?? code}`);
  }
}

const beside = (file: string): string =>
  join(dirname(file), `.${basename(file).slice(0, 100)}.${randomBytes(6).toString('hex')}`);

function replace(file: string, text: string, before: Stats | undefined): void {
  const temporary = beside(file);
  try {
    writeFileSync(temporary, text, { flag: 'wx', flush: true });
    if (before !== undefined) chmodSync(temporary, before.mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
