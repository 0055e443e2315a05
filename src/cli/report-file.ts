/** The files that options name: of `--report`, written completely or not at all; of `--debug`, line by line. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../config/entry.ts';
import { codeOf } from '../net/network-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is exceeded',
  ENAMETOOLONG: 'the file name is too long',
  ENXIO: 'no process is reading from it',
  ELOOP: 'its symbolic links form a loop',
};

/** The process's own descriptors: always links, to wherever the caller redirected them. */
const OWN_DESCRIPTOR = /^\/dev\/(stdout|stderr|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/;
/** The mode of new reports, which list the parts of the installation. */
const PRIVATE = 0o600;

/** Writes the text to the file. */
export type Write = (text: string) => void;

/**
 * Makes sure, before the run, that the file can be written afterward.
 * @throws InputError if it can't, now or when the report is written
 */
export function prepare(path: string): Write {
  const guarded = <T>(action: () => T): T => writing(path, action);
  if (OWN_DESCRIPTOR.test(path)) return (text: string) => guarded(() => writeFileSync(path, text));
  return guarded(() => {
    // A link stays a link, but only within its directory: whoever created it must not redirect the report elsewhere.
    const file = target(path);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (stats !== undefined) accessSync(file, constants.W_OK);
    // A pipe or device is written to, not replaced.
    if (stats !== undefined && !stats.isFile()) return (text: string) => guarded(() => writeInto(file, text));
    const trial = beside(file);
    closeSync(openSync(trial, 'wx', PRIVATE));
    rmSync(trial);
    return (text: string) => guarded(() => replace(file, text, stats));
  });
}

/**
 * Replaces the file by an empty one, like a report, and returns how to add lines, each of which is there at once. A line that
 * can't be written, since the disk is full or the reader of a pipe is gone or slow, is lost.
 * @throws InputError if the file can't be written
 */
export function prepareLog(path: string): Write {
  if (OWN_DESCRIPTOR.test(path)) return orLost((line) => appendFileSync(path, line));
  const isFile = writing(path, () => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true);
  if (isFile) prepare(path)('');
  return writing(path, () => {
    const file = target(path);
    const how = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const descriptor = openSync(file, how);
    return orLost((line) => writeSync(descriptor, line));
  });
}

const orLost =
  (write: (line: string) => unknown): Write =>
  (line) => {
    try {
      write(line);
    } catch {
      // A log must not end the run.
    }
  };

/** @throws InputError with the name of the file and the reason, if the action throws */
export function writing<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = codeOf(error) ?? 'unknown';
    throw new InputError(`cannot write ${name}: ${REASONS[code] ?? code}`);
  }
}

/** Resolves a path, which may not exist yet. @throws InputError if a link points to another directory */
function target(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!isLink) return path;
  const folder = realpathSync(dirname(path));
  const file = realOrTold(path);
  if (dirname(file) === folder) return file;
  throw new InputError(`cannot write ${path}: it is a symbolic link to a file outside its directory`);
}

/** Follows a link to a file that does not exist yet by one step. */
function realOrTold(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const next = resolve(dirname(path), readlinkSync(path));
    const there = lstatSync(next, { throwIfNoEntry: false }) !== undefined;
    return there ? next : join(realpathSync(dirname(next)), basename(next));
  }
}

/** Writes to a pipe or device, unless it has been replaced by a link. */
function writeInto(file: string, text: string): void {
  const flags = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
  // Opening a pipe without a reader would block forever; with O_NONBLOCK it is an error.
  const descriptors = [openSync(file, flags | (constants.O_NONBLOCK ?? 0))];
  try {
    const descriptor = openSync(file, flags);
    descriptors.push(descriptor);
    writeFileSync(descriptor, text);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

const beside = (file: string): string =>
  join(dirname(file), `.${basename(file).slice(0, 100)}.${randomBytes(6).toString('hex')}`);

function replace(file: string, text: string, before: Stats | undefined): void {
  const temporary = beside(file);
  try {
    writeFileSync(temporary, text, { flag: 'wx', flush: true, mode: PRIVATE });
    if (before !== undefined) chmodSync(temporary, before.mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
