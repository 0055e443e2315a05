/** What to do next: the order in which to mend what is wrong. */

import { withStatus } from './phrases.ts';
import type { Report, ReportFinding } from './report.ts';

export interface Steps {
  readonly findings: readonly ReportFinding[];
  /** Findings that were skipped for one of these. */
  readonly waiting: number;
}

/**
 * Failures, then warnings that nobody accepted. The report's own order has the configuration before what is reached by it,
 * and a dependency before what needs it.
 */
export function stepsOf(report: Report): Steps {
  const warnings = withStatus(report, 'warn').filter(({ accepted }) => accepted === undefined);
  const findings = [...withStatus(report, 'fail'), ...warnings];
  const ids = new Set(findings.map(({ id }) => id));
  const waiting = withStatus(report, 'skip').filter(({ dependsOn = '' }) => ids.has(dependsOn));
  return { findings, waiting: waiting.length };
}
