/** The exit code for a matrix, by the rules for a report. */
import { matcher } from '../../engine/select.ts';
import { plural } from '../../util/format.ts';
import { countedIn, type ExitCode, type ExitRules, isOpen, newFailuresReason } from '../exit.ts';
import type { Matrix } from './types.ts';

/** 0, or 1 with the reasons that are not failures in the matrix. */
export function matrixExitCode(matrix: Matrix, { strict = false, require = [], failOn }: ExitRules = {}): ExitCode {
  const { runs, checks } = matrix;
  const { isNew, failures } = countedIn(matrix, failOn);
  const entries = checks.flatMap(({ findings }) =>
    findings.flatMap(({ id, entries: own }) => own.map((entry) => ({ ...entry, id }))),
  );
  const required = matcher(require);
  const open = runs.filter(
    ({ verdict, report }) => verdict === 'inconclusive' && report !== undefined && isOpen(report),
  );
  const warnings = entries.filter(
    ({ id, status, accepted, runs: names }) =>
      status === 'warn' && accepted === undefined && names.some((name) => isNew(id, name)),
  );
  const skipped = entries.filter(({ id, status }) => status === 'skip' && required(id));
  const because = [
    ...(failOn === 'new' && failures > 0 ? [newFailuresReason(failures)] : []),
    ...(strict && open.length > 0
      ? [`the verdict is inconclusive for ${open.map(({ name }) => name).join(', ')} (--strict)`]
      : []),
    ...(strict && warnings.length > 0 ? [`${plural(warnings.length, 'warning')} (--strict)`] : []),
    ...skipped.map(
      ({ id, title, runs: names }) => `${id} is required (--require) but was skipped for ${names.join(', ')}: ${title}`,
    ),
  ];
  return { code: failures > 0 || because.length > 0 ? 1 : 0, because };
}
