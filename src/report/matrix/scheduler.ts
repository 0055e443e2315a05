/** Whether a matrix without the scheduler is complete. */
import { BY_REQUEST } from '../../engine/select.ts';
import type { ServiceRun } from './types.ts';

const RULE = 'configuration/scheduler';

/** A lost run of the scheduler, or a note that there need not be one; neither if the matrix is about less than an installation. */
export function missingScheduler(runs: readonly ServiceRun[]): { run?: ServiceRun; note?: string } {
  const services = new Set(runs.map(({ service }) => service));
  if (services.has('scheduler') || !services.has('server') || !services.has('drain')) return {};
  const found = runs.flatMap((run) => {
    if (run.service !== 'drain' || !('report' in run)) return [];
    return run.report.checks.flatMap(({ findings }) => findings.filter(({ id }) => id === RULE));
  });
  if (found.some(({ status }) => status === 'pass'))
    return { note: 'there is no scheduler service: the drain runs it' };
  const [skipped] = found;
  if (skipped === undefined || skipped.title === BY_REQUEST) {
    return { note: 'there is no report of the scheduler, and no drain’s report says whether the drain runs it' };
  }
  return {
    run: {
      service: 'scheduler',
      lost: {
        title: 'there is no report of the scheduler',
        detail: `The drain’s report does not show that the drain runs it: ${skipped.title}.`,
        fix: 'add a report of the scheduler (--service scheduler); if the drain runs it, run its preflight with --release, or with DRAIN_SCHEDULER_ENABLED=true in its config',
        fixKind: 'advice',
      },
    },
  };
}
