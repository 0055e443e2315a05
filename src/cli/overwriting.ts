/** Refuses options that would write to a file twice, or over what the run reads. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../config/input-error.ts';
import { STDIN } from '../config/sources/quote.ts';
import type { RunArguments } from './options.ts';

type Arguments = Partial<Pick<RunArguments, 'file' | 'report' | 'debug' | 'decisions'>>;

/** @throws InputError that names the options and the file */
export function refuseOverwriting({ file = [], report = [], debug, decisions }: Arguments): void {
  const log = debug?.path;
  if (log === undefined && report.length === 0) return;
  const given = file.filter((path) => path !== STDIN);
  const read = new Set([...given, ...(decisions === undefined ? [] : [decisions.file])].map(fileAt));
  if (log !== undefined && read.has(fileAt(log)))
    throw new InputError(`--debug would replace ${log}, which this run reads; write it to another file`);
  const written = new Set<string>();
  for (const { path } of report) {
    const place = fileAt(path);
    if (read.has(place))
      throw new InputError(`--report would replace ${path}, which this run reads; write it to another file`);
    if (log !== undefined && fileAt(log) === place)
      throw new InputError(`--report would replace ${path}, the log of --debug; write it to another file`);
    if (written.has(place)) throw new InputError(`--report uses ${path} twice; write each format to a separate file`);
    written.add(place);
  }
}

/** The same for all paths to one file, which might not exist yet. */
function fileAt(path: string): string {
  for (const find of [() => realpathSync(path), () => join(realpathSync(dirname(path)), basename(path))]) {
    try {
      return find();
    } catch {
      // Whoever opens it says why it can't be.
    }
  }
  return resolve(path);
}
