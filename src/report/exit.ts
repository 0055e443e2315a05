/** The exit code for a report. */
import { BY_REQUEST, matcher } from '../engine/select.ts';
import { plural } from '../util/format.ts';
import { newFailures } from './comparison/new-failures.ts';
import type { Report } from './types.ts';
import { undecided, unknownIn, withheldFrom } from './verdict.ts';

/** All rules are optional: by default, only failures count. */
export interface ExitRules {
  /** Also fails on warnings that were not accepted, and on an inconclusive verdict unless --only or --skip caused it. */
  readonly strict?: boolean | undefined;
  /** Patterns of rule IDs, such as `database/*`; also fails if a matching rule is skipped. Default: none. */
  readonly require?: readonly string[] | undefined;
  /** With a comparison: only failures (and warnings) that are new count. */
  readonly failOn?: 'new' | undefined;
}

/** What a process should exit with. */
export interface ExitCode {
  readonly code: 0 | 1;
  /** The reasons that are not failures in the report, one line each. */
  readonly because: readonly string[];
}

/** What a run exits with that could start. */
export function exitCode(report: Report, { strict = false, require = [], failOn }: ExitRules = {}): ExitCode {
  const findings = report.checks.flatMap((check) => check.findings);
  const required = matcher(require);
  const { isNew, failures } = countedIn(report, failOn);
  const warnings = strict
    ? findings.filter(({ id, status, accepted }) => status === 'warn' && accepted === undefined && isNew(id))
    : [];
  const skipped = findings.filter(({ id, status }) => status === 'skip' && required(id));
  const because = [
    ...(failOn === 'new' && failures > 0 ? [newFailuresReason(failures)] : []),
    ...(strict && isOpen(report) ? ['the verdict is inconclusive (--strict)'] : []),
    ...(warnings.length > 0 ? [`${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} (--strict)`] : []),
    ...skipped.map(({ id, title }) => `${id} is required (--require) but was skipped: ${title}`),
  ];
  return { code: failures > 0 || because.length > 0 ? 1 : 0, because };
}

/** "2 new failures (--fail-on new)". */
export const newFailuresReason = (count: number): string => `${plural(count, 'new failure')} (--fail-on new)`;

interface Counted {
  /** Whether a warning counts. @param run the column of a matrix */
  isNew(id: string, run?: string): boolean;
  readonly failures: number;
}

/** What counts of a report or a matrix: everything, or what is new since the baseline. */
export function countedIn({ comparison, summary }: Pick<Report, 'comparison' | 'summary'>, failOn?: 'new'): Counted {
  if (failOn !== 'new' || comparison === undefined) return { isNew: () => true, failures: summary.fail };
  const isNew = (id: string, run?: string) =>
    comparison.findings.some((one) => one.change === 'new' && one.id === id && one.run === run);
  return { isNew, failures: newFailures(comparison).length };
}

/** Inconclusive, and not only because of --only or --skip. */
export function isOpen(report: Report): boolean {
  if (report.verdict !== 'inconclusive') return false;
  const leftOut = (id: string) =>
    report.checks.some((check) => check.id === id && check.findings.every(({ title }) => title === BY_REQUEST));
  const without = undecided(report).filter((id) => !leftOut(id));
  if (report.phase === 'plan') return true;
  return report.interrupted || without.length + unknownIn(report).length + withheldFrom(report).length > 0;
}
