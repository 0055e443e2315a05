/**
 * The report as metrics in Prometheus' text format, for the textfile collector of node_exporter or a Pushgateway. Each series
 * has the service as a label, so that the reports of several services can be collected together.
 */
import type { Status } from '../outcome/status.ts';
import type { Change } from './comparison/types.ts';
import { type Family, renderFamilies } from './prometheus/families.ts';
import type { Render } from './render.ts';
import type { Report, Verdict } from './types.ts';

const STATUSES: readonly Status[] = ['pass', 'warn', 'fail', 'skip'];
const CHANGES: readonly (Change | 'same')[] = ['new', 'changed', 'gone', 'unchecked', 'same'];
const VERDICTS: readonly Verdict[] = ['ready', 'ready-with-warnings', 'not-ready', 'inconclusive'];

export const renderPrometheus: Render = (report) => renderFamilies(familiesOf(report));

function familiesOf(report: Report): Family[] {
  const service = report.service ?? 'all';
  const findings = report.checks.flatMap((check) => check.findings);
  const endedAt = Date.parse(report.startedAt) + report.durationMs;
  return [
    {
      name: 'build_info',
      help: 'The version of the tool; always 1.',
      samples: [{ labels: { service, version: report.tool.version }, value: 1 }],
    },
    {
      name: 'timestamp_seconds',
      help: 'When the last run ended, in Unix time.',
      samples: [{ labels: { service }, value: endedAt / 1000 }],
    },
    {
      name: 'duration_seconds',
      help: 'The duration of the last run.',
      samples: [{ labels: { service }, value: report.durationMs / 1000 }],
    },
    {
      name: 'interrupted',
      help: 'Whether a signal ended the last run.',
      samples: [{ labels: { service }, value: Number(report.interrupted) }],
    },
    {
      name: 'verdict',
      help: 'The verdict of the last run: 1 for the one that it has, 0 for the others.',
      samples: VERDICTS.map((verdict) => ({
        labels: { service, verdict },
        value: Number(report.verdict === verdict),
      })),
    },
    {
      name: 'findings',
      help: 'The number of findings of the last run by status.',
      samples: STATUSES.map((status) => ({ labels: { service, status }, value: report.summary[status] })),
    },
    {
      name: 'finding_status',
      help: 'The status of each finding of the last run: 1 for the one that it has, 0 for the others.',
      samples: findings.flatMap(({ id, status: own }) =>
        STATUSES.map((status) => ({ labels: { service, id, status }, value: Number(own === status) })),
      ),
    },
    {
      name: 'finding_accepted',
      help: 'The warnings of the last run that were accepted.',
      samples: findings.flatMap(({ id, accepted }) =>
        accepted === undefined ? [] : [{ labels: { service, id }, value: 1 }],
      ),
    },
    {
      name: 'acceptance_end_timestamp_seconds',
      help: 'When the acceptance of a warning of the last run ends or ended, in Unix time.',
      samples: findings.flatMap(({ id, decision }) => {
        const value = endOf(decision?.until);
        return value === undefined ? [] : [{ labels: { service, id }, value }];
      }),
    },
    {
      name: 'comparison_findings',
      help: 'The number of failures and warnings by what became of them since the baseline.',
      samples: CHANGES.flatMap((change) => {
        const value = report.comparison?.summary[change];
        return value === undefined ? [] : [{ labels: { service, change }, value }];
      }),
    },
    {
      name: 'check_duration_seconds',
      help: 'The duration of each check of the last run.',
      samples: report.checks.map(({ id, durationMs }) => ({
        labels: { service, check: id },
        value: durationMs / 1000,
      })),
    },
  ];
}

/**
 * @param until the last day, YYYY-MM-DD (UTC)
 * @returns the time after it, in seconds; `undefined` without a day, or for a text that is none
 */
function endOf(until: string | undefined): number | undefined {
  const start = Date.parse(until ?? '');
  return Number.isNaN(start) ? undefined : (start + DAY_MS) / 1000;
}

const DAY_MS = 86_400_000;
