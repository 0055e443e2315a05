/** The exit code that a report makes. */
import { matcher } from '../select.ts';
import type { Report } from './types.ts';

export interface ExitRules {
  /** Warnings that were not accepted count, and so does a verdict that is inconclusive. */
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
    ...(strict && report.verdict === 'inconclusive' ? ['--strict, and the verdict is inconclusive'] : []),
    ...(warnings.length > 0
      ? [`--strict, and ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`]
      : []),
    ...skipped.map(({ id, title }) => `${id} is required, and was skipped: ${title}`),
  ];
  return { code: report.summary.fail > 0 || because.length > 0 ? 1 : 0, because };
}
