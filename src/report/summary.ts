/** The one-line summary of a check. */

import type { CheckResult, Finding } from '../engine/finding.ts';
import { sameReason } from '../engine/fold.ts';
import type { Status } from '../outcome/status.ts';
import { plural } from '../util/format.ts';

type Folded = Omit<CheckResult, 'findings'> & { readonly findings: readonly Finding[] };

/** "1 of 10 buckets failed"; for a passed check, its result; for a skipped one, the reason. */
export function summaryOf(check: Folded): string {
  const count = (status: Status) => check.findings.filter((finding) => finding.status === status).length;
  const warnings = count('warn');
  if (count('fail') > 0)
    return [failedOf(check, count('fail')), ...(warnings > 0 ? [plural(warnings, 'warning')] : [])].join(', ');
  const passed = check.findings.find(({ status }) => status === 'pass');
  const found = passed === undefined ? undefined : (check.summary ?? passed.title);
  if (found !== undefined) return warnings > 0 ? `${plural(warnings, 'warning')}; ${found}` : found;
  if (warnings > 0) return plural(warnings, 'warning');
  const reasons = reasonsOf(check.findings);
  return reasons.size === 1 ? [...reasons].join() : `${count('skip')} skipped`;
}

/** All different reasons. */
export const reasonsOf = (findings: readonly Pick<Finding, 'title' | 'dependsOn'>[]): ReadonlySet<string> =>
  new Set(findings.map(reasonOf));

/** Why a finding was skipped, in the same words for the same reason. */
export function reasonOf({ title, dependsOn }: Pick<Finding, 'title' | 'dependsOn'>): string {
  if (dependsOn === undefined || title === sameReason(dependsOn)) return title;
  return `depends on ${dependsOn}, which failed`;
}

/** Counts failures in the unit that people expect: buckets or queues, otherwise rules. */
function failedOf(check: Folded, failures: number): string {
  const { subject } = check;
  const subjectOf = new Map(check.findings.map((finding) => [finding.id, finding.subject]));
  const subjects = (ids: readonly string[]) =>
    new Set(ids.map((id) => subjectOf.get(id)).filter((name) => name !== undefined)).size;
  const failed = check.findings
    .filter(({ status }) => status === 'fail')
    .flatMap(({ id, affected = [] }) => [id, ...affected]);
  const hit = subjects(failed);
  if (subject === undefined || hit === 0) return `${failures} failed`;
  return `${hit} of ${plural(subjects(check.findings.map(({ id }) => id)), subject.noun)} failed`;
}
