/** What came of a service's run on a platform, as a run of a matrix. */
import type { Lost } from '../cluster/refusal.ts';
import type { Perspective } from '../config/options.ts';
import type { Redact } from '../config/redact.ts';
import type { Fact, LostRun, ServiceRun } from '../report/matrix/types.ts';
import type { Report } from '../report/types.ts';

/** Its report, or why there is none. */
export type RunOutcome = { readonly report: Report } | { readonly lost: Lost };

/** @param redact for the words of the platform */
export const serviceRun = (
  service: Perspective,
  facts: readonly Fact[],
  outcome: RunOutcome,
  redact: Redact,
): ServiceRun =>
  'report' in outcome
    ? { service, facts, report: outcome.report }
    : { service, facts, lost: lostRun(outcome.lost, redact) };

function lostRun({ title, detail, fix }: Lost, redact: Redact): LostRun {
  return {
    title: redact(title),
    detail: redact(detail),
    fix: fix.text,
    fixKind: fix.kind,
    ...(fix.language !== undefined && { fixLanguage: fix.language }),
  };
}
