/** Reports of single services, made for what a test is about. */
import type { Perspective } from '../../../src/config/options.ts';
import { worst } from '../../../src/report/checks.ts';
import type { Report, ReportFinding, ReportOperation } from '../../../src/report/report.ts';
import { verdictOf } from '../../../src/report/verdict.ts';

export type Some = Partial<ReportFinding> & Pick<ReportFinding, 'id' | 'status'>;

/** In which every decisive check passes, unless it is one of these. */
export function reportOf(service: Perspective, found: readonly Some[] = [], more: Partial<Report> = {}): Report {
  const all = new Map<string, Some>();
  const passes = ['configuration/required', 'database/connect', 'object-storage/states/access', 'network/server'];
  for (const id of passes) all.set(id, { id, status: 'pass' });
  for (const finding of found) all.set(finding.id, finding);
  const byCheck = Map.groupBy([...all.values()], ({ id }) => id.slice(0, id.indexOf('/')));
  const checks = [...byCheck].map(([id, findings]) => ({
    id,
    title: id,
    status: worst(findings.map(({ status }) => status)),
    summary: `${findings.length} findings`,
    startMs: 1,
    durationMs: 10,
    findings: findings.map(
      (finding): ReportFinding => ({
        rule: finding.id,
        title: `${finding.id} ${finding.status}`,
        detail: '',
        startMs: 2,
        durationMs: 3,
        evidence: {},
        ...finding,
      }),
    ),
    operations: findings.map(
      ({ id: rule }): ReportOperation => ({ rules: [rule], does: `tries ${rule}`, at: ['host'] }),
    ),
  }));
  const statuses = [...all.values()].map(({ status }) => status);
  const count = (status: string) => statuses.filter((one) => one === status).length;
  return {
    kind: 'report',
    schemaVersion: 1,
    tool: { name: 'spacelift-preflight', version: '0.1.0' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 600,
    host: `${service}-1`,
    phase: 'pre-install',
    service,
    release: { version: null, source: 'none', reason: 'LAUNCHER_IMAGE_TAG is not set' },
    interrupted: false,
    verdict: verdictOf(checks, { service, phase: 'pre-install', interrupted: false }),
    summary: { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') },
    checks,
    variables: [],
    notVerified: [],
    leftovers: [],
    ...more,
  };
}

export const asRun = (report: Report, more = {}) => ({ service: report.service ?? 'server', report, ...more }) as const;

/** The three services that every installation has. */
export const three = (found: Partial<Record<Perspective, readonly Some[]>> = {}) =>
  (['server', 'drain', 'scheduler'] as const).map((service) => asRun(reportOf(service, found[service])));
