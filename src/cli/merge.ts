/** `merge`: one matrix from the reports of several services, which somebody else collected. */
import { comparedTo } from '../app/compared.ts';
import { readRuns } from '../app/merge.ts';
import { InputError } from '../config/entry.ts';
import { matrixExitCode } from '../report/matrix/exit.ts';
import { MATRIX_FORMATS } from '../report/matrix/index.ts';
import { makeMatrix } from '../report/matrix/merge.ts';
import type { MergeArguments } from './options.ts';
import { prepareOutput } from './output.ts';
import { acceptancesIn, checkIds, exitRules, matrixBaseline } from './prepare.ts';

/** @throws InputError if a file contains no report, or several of one service */
export async function merge(host: NodeJS.Process, files: readonly string[], args: MergeArguments): Promise<void> {
  checkIds(args);
  const baseline = await matrixBaseline(args);
  const output = prepareOutput(host, args, MATRIX_FORMATS);
  if (files.includes('-') && host.stdin.isTTY)
    throw new InputError('merge - reads standard input, but that is a terminal; pipe reports into it, or name files');
  const runs = await readRuns(files, host.stdin, args.timeout * 1000);
  const merged = makeMatrix(runs, { accept: acceptancesIn(args), decisions: args.decisions });
  const matrix = await comparedTo(merged, baseline);
  const { code, because } = matrixExitCode(matrix, exitRules(args));
  host.exitCode = code;
  await output(matrix, because);
}
