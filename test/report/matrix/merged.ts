/** Merged reports, and what is in the matrix. */
import { makeMatrix } from '../../../src/report/matrix/merge.ts';
import type { Matrix, MatrixEntry, ServiceRun } from '../../../src/report/matrix/types.ts';
import { expectValidMatrix } from '../../support/valid.ts';

export const merged = (runs: readonly ServiceRun[], more = {}): Matrix => expectValidMatrix(makeMatrix(runs, more));

export const entriesOf = (matrix: Matrix, id: string): readonly MatrixEntry[] =>
  matrix.checks.flatMap(({ findings }) => findings).find((finding) => finding.id === id)?.entries ?? [];

export const cell = (matrix: Matrix, check: string, run: string) =>
  matrix.checks.find(({ id }) => id === check)?.cells.find((one) => one.run === run);
