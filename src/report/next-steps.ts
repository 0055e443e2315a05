/** The next steps: what to fix, in order. */

import { withStatus } from './phrases.ts';
import type { Report, ReportFinding } from './report.ts';

export interface Steps {
  readonly findings: readonly ReportFinding[];
  /** The number of findings that were skipped because of these. */
  readonly waiting: number;
}

/**
 * Failures, then warnings that were not accepted. In report order, the configuration comes before the services that it
 * points to, and a dependency before the checks that need it.
 */
export function stepsOf(report: Report): Steps {
  const warnings = withStatus(report, 'warn').filter(({ accepted }) => accepted === undefined);
  const findings = [...withStatus(report, 'fail'), ...warnings];
  const ids = new Set(findings.map(({ id }) => id));
  const waiting = withStatus(report, 'skip').filter(({ dependsOn = '' }) => ids.has(dependsOn));
  return { findings, waiting: waiting.length };
}
