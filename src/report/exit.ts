/** The exit code that a report makes. */
import { BY_REQUEST, matcher } from '../engine/select.ts';
import type { Report } from './types.ts';
import { undecided, unknownIn, withheldFrom } from './verdict.ts';

export interface ExitRules {
  /** Warnings that were not accepted count, and so does an inconclusive verdict, but for what was left out by request. */
  readonly strict: boolean;
  /** Patterns; a skip of what they match counts. */
  readonly require: readonly string[];
}

/** 0, or 1 with what made it so beyond the failures that the report itself shows. */
export function exitCode(report: Report, { strict, require }: ExitRules): { code: 0 | 1; because: readonly string[] } {
  const findings = report.checks.flatMap((check) => check.findings);
  const required = matcher(require);
  const warnings = strict ? findings.filter(({ status, accepted }) => status === 'warn' && accepted === undefined) : [];
  const skipped = findings.filter(({ id, status }) => status === 'skip' && required(id));
  const because = [
    ...(strict && isOpen(report) ? ['--strict, and the verdict is inconclusive'] : []),
    ...(warnings.length > 0
      ? [`--strict, and ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`]
      : []),
    ...skipped.map(({ id, title }) => `${id} is required, and was skipped: ${title}`),
  ];
  return { code: report.summary.fail > 0 || because.length > 0 ? 1 : 0, because };
}

/** Inconclusive, and not only for what the caller left out. */
function isOpen(report: Report): boolean {
  if (report.verdict !== 'inconclusive') return false;
  const leftOut = (id: string) =>
    report.checks.some((check) => check.id === id && check.findings.every(({ title }) => title === BY_REQUEST));
  const without = undecided(report).filter((id) => !leftOut(id));
  return report.interrupted || without.length + unknownIn(report).length + withheldFrom(report).length > 0;
}
