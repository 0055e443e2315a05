/** `--report`: a file that is there whole, or not at all. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
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
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long',
  ENXIO: 'nobody reads from it',
  ELOOP: 'a symbolic link leads back to itself',
};

/** What the process was started with: links by nature, which lead to where its caller said. */
const OWN_DESCRIPTOR = /^\/dev\/(stdout|stderr|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/;
/** Of new reports: they name what the installation is made of. */
const PRIVATE = 0o600;

/** Writes the text to the file. */
export type Write = (text: string) => void;

/**
 * Makes sure, before anything is run, that the file can be written in the end.
 * @throws InputError when it can't, at once or when written
 */
export function prepare(path: string): Write {
  const guarded = <T>(action: () => T): T => writing(path, action);
  if (OWN_DESCRIPTOR.test(path)) return (text: string) => guarded(() => writeFileSync(path, text));
  return guarded(() => {
    // A link stays a link, and leads to a neighbor: whoever could make one must not choose another place.
    const file = target(path);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (stats !== undefined) accessSync(file, constants.W_OK);
    // A pipe or a device can't be replaced, and must not be.
    if (stats !== undefined && !stats.isFile()) return (text: string) => guarded(() => writeInto(file, text));
    const trial = beside(file);
    closeSync(openSync(trial, 'wx', PRIVATE));
    rmSync(trial);
    return (text: string) => guarded(() => replace(file, text, stats));
  });
}

/** @throws InputError for what the action throws; it names the file, and why it can't be written */
export function writing<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = codeOf(error) ?? 'unknown';
    throw new InputError(`cannot write ${name}: ${REASONS[code] ?? code}`);
  }
}

/** Where a path leads, which may be nothing yet. @throws InputError when a link leads out of its directory */
function target(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!isLink) return path;
  const folder = realpathSync(dirname(path));
  const file = realOrTold(path);
  if (dirname(file) === folder) return file;
  throw new InputError(`cannot write ${path}: it is a symbolic link that leads out of its directory`);
}

/** A link to a file that is not there yet is followed one step. */
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

/** What is no file is written into, and only if it is still none that a link stands for. */
function writeInto(file: string, text: string): void {
  const flags = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
  // A pipe that nobody reads would hold the process here for ever; tried so, it is an error.
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
