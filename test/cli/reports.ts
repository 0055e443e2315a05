/** The report that a run printed as JSON. */
import type { Report, ReportFinding } from '../../src/report/report.ts';
import type { Finished } from './spawned.ts';

export const report = ({ stdout }: Pick<Finished, 'stdout'>): Report => JSON.parse(stdout);

export const findings = (of: Report): ReportFinding[] => of.checks.flatMap((check) => check.findings);

export const failures = (of: Report) =>
  findings(of)
    .filter(({ status }) => status === 'fail')
    .map(({ id }) => id);

export const find = (of: Report, id: string) => findings(of).find((finding) => finding.id === id);
