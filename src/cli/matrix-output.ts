/** Prints a matrix, and writes it to files. */
import { InputError } from '../config/input-error.ts';
import { matrixExitCode } from '../report/matrix/exit.ts';
import { MATRIX_FORMATS, type MatrixFormatName, renderMatrixAs } from '../report/matrix/index.ts';
import type { Matrix } from '../report/matrix/types.ts';
import { PLAIN } from '../report/style.ts';
import { notice } from './errors.ts';
import type { KubernetesArguments } from './kubernetes-options.ts';
import { print } from './print.ts';
import { prepare } from './report-file.ts';
import { styleOf } from './terminal.ts';

export function matrixOutput(host: NodeJS.Process, args: KubernetesArguments) {
  if (args.format === 'frame') throw new InputError('frame');
  const format: MatrixFormatName = args.format;
  const files = (args.report ?? []).map((target) => ({ ...target, write: prepare(target.path) }));
  return async (matrix: Matrix, interrupted: number | undefined): Promise<void> => {
    const { code, because } = matrixExitCode(matrix, { strict: args.strict === true, require: args.require ?? [] });
    host.exitCode = interrupted ?? code;
    const { load, styled, how } = MATRIX_FORMATS[format];
    const render = await load();
    const verbosity = args.quiet === true ? 'quiet' : args.verbose === true ? 'verbose' : 'normal';
    const style = styled ? await styleOf(host.stdout, host.env, { color: args.color, verbosity }) : PLAIN;
    await print(host, await render(matrix, style), how);
    for (const { format: name, write } of files) if (name !== 'frame') write(await renderMatrixAs(matrix, name));
    for (const reason of because) notice(host, `exit code 1: ${reason}`);
  };
}
