/** Earlier reports: `--baseline`, and the two of `diff`. */
import { InputError } from '../config/input-error.ts';
import { STDIN, titleOf } from '../config/sources/quote.ts';
import { bytesOf, type Deadline, deadlineIn, decodeOutput, readBytes } from '../config/sources/read.ts';
import { type Comparable, compare, isMatrix } from '../report/comparison/compare.ts';
import type { Comparison } from '../report/comparison/types.ts';
import type { Matrix } from '../report/matrix/types.ts';
import { readComparable } from '../report/read.ts';
import type { Report } from '../report/types.ts';

const EXPECTED = 'expected a report or a matrix in JSON (-o json)';

/** @throws InputError one line that names the file */
async function readDocument(path: string, deadline: Deadline): Promise<Comparable> {
  const name = titleOf(path);
  const bytes = await readBytes(name, () => bytesOf(path), deadline);
  const read = readComparable(decodeOutput(bytes));
  if ('problem' in read) throw new InputError(`${name}: ${read.problem}; ${EXPECTED}`);
  return read.document;
}

/** The file of `--baseline`. */
async function readBaseline(path: string, timeoutMs: number): Promise<Comparable> {
  if (path === STDIN)
    throw new InputError('--baseline does not read standard input; expected the path of an earlier report');
  return readDocument(path, deadlineIn(timeoutMs));
}

/** @throws InputError if it is a matrix, or no report */
export async function readReportBaseline(path: string, timeoutMs: number): Promise<Report> {
  const document = await readBaseline(path, timeoutMs);
  if (!isMatrix(document)) return document;
  throw new InputError(`--baseline ${titleOf(path)}: it is a matrix; expected the report of an earlier run`);
}

/** @throws InputError if it is the report of a single run, or no matrix */
export async function readMatrixBaseline(path: string, timeoutMs: number): Promise<Matrix> {
  const document = await readBaseline(path, timeoutMs);
  if (isMatrix(document)) return document;
  throw new InputError(`--baseline ${titleOf(path)}: it is the report of one run; expected an earlier matrix`);
}

/** @throws InputError if a file can't be read in time, or if they can't be compared */
export async function compareFiles(before: string, after: string, timeoutMs: number): Promise<Comparison> {
  const deadline = deadlineIn(timeoutMs);
  const [earlier, now] = [await readDocument(before, deadline), await readDocument(after, deadline)];
  if (isMatrix(earlier) === isMatrix(now)) return compare(earlier, now);
  const [matrix, report] = isMatrix(earlier) ? [before, after] : [after, before];
  throw new InputError(
    `${titleOf(matrix)} is a matrix, and ${titleOf(report)} the report of one run; expected two of a kind`,
  );
}
