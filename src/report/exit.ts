/** The exit code for a report. */
import { BY_REQUEST, matcher } from '../engine/select.ts';
import type { Report } from './types.ts';
import { undecided, unknownIn, withheldFrom } from './verdict.ts';

export interface ExitRules {
  /** Also fails on warnings that were not accepted, and on an inconclusive verdict unless --only or --skip caused it. */
  readonly strict: boolean;
  /** Patterns; also fails if a matching rule is skipped. */
  readonly require: readonly string[];
}

/** 0, or 1 with the reasons that are not failures in the report. */
export function exitCode(report: Report, { strict, require }: ExitRules): { code: 0 | 1; because: readonly string[] } {
  const findings = report.checks.flatMap((check) => check.findings);
  const required = matcher(require);
  const warnings = strict ? findings.filter(({ status, accepted }) => status === 'warn' && accepted === undefined) : [];
  const skipped = findings.filter(({ id, status }) => status === 'skip' && required(id));
  const because = [
    ...(strict && isOpen(report) ? ['the verdict is inconclusive (--strict)'] : []),
    ...(warnings.length > 0 ? [`${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} (--strict)`] : []),
    ...skipped.map(({ id, title }) => `${id} is required (--require) but was skipped: ${title}`),
  ];
  return { code: report.summary.fail > 0 || because.length > 0 ? 1 : 0, because };
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
