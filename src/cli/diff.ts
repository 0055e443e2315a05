/** `diff`: what changed between two reports, or two matrices. */
import { compareFiles } from '../app/baseline.ts';
import { InputError } from '../config/input-error.ts';
import { COMPARISON_FORMATS } from '../report/comparison/index.ts';
import { newFailures } from '../report/comparison/new-failures.ts';
import { newFailuresReason } from '../report/exit.ts';
import { notice } from './errors.ts';
import type { DiffArguments } from './options.ts';
import { printAs } from './output.ts';

/** @throws InputError if a file contains neither, or if they are not of one kind */
export async function diff(
  host: NodeJS.Process,
  files: { readonly before: string; readonly after: string },
  args: DiffArguments,
): Promise<void> {
  if (files.before === '-' || files.after === '-')
    throw new InputError('diff does not read standard input; expected the paths of two reports');
  const comparison = await compareFiles(files.before, files.after, args.timeout * 1000);
  const failures = args.failOn === 'new' ? newFailures(comparison).length : 0;
  host.exitCode = failures > 0 ? 1 : 0;
  await printAs(host, args, COMPARISON_FORMATS[args.format], comparison);
  if (failures > 0) notice(host, `exit code 1: ${newFailuresReason(failures)}`);
}
