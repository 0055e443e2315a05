/** The checks of a report, from their folded results: safe to print. */

import type { Redact } from '../config/redact.ts';
import type { Finding } from '../engine/finding.ts';
import type { foldByCause } from '../engine/fold.ts';
import type { Evidence, Status } from '../outcome/status.ts';
import { type Acceptances, acceptedFields } from './accepted.ts';
import { fixSanitizer, LIMITS, oneLine, sanitizer } from './sanitize.ts';
import { summaryOf } from './summary.ts';
import type { ReportCheck, ReportFinding, ReportOperation } from './types.ts';

export interface ReportCheckOptions {
  readonly accept: Acceptances;
  readonly redact: Redact;
  /** What the checks tried, by check ID. */
  readonly operations?: ReadonlyMap<string, readonly ReportOperation[]> | undefined;
}

/** From the tables of rules and variables; a secret such as `https://` must not break it. */
const LINK = /^https:\/\/docs\.spacelift\.io\/[\w./#-]*$/;

export function checksOf(
  folded: ReturnType<typeof foldByCause>,
  { accept, redact, operations }: ReportCheckOptions,
): readonly ReportCheck[] {
  const [clean, cleanFix] = [sanitizer(redact), fixSanitizer(redact)];
  const evidenceOf = (evidence: Evidence): Evidence =>
    Object.fromEntries(
      Object.entries(evidence).map(([key, held]) => {
        if (typeof held === 'string') return [key, clean(held)];
        if (Array.isArray(held)) return [key, bounded(held).map((item) => clean(item))];
        return [key, held];
      }),
    );
  const findingOf = (finding: Finding): ReportFinding => {
    const { id, rule, subject, variable, status, dependsOn, unknownVariable, withheldFrom } = finding;
    const { inProgress, unreachable, planned } = finding;
    const affected = finding.affected === undefined ? undefined : bounded(finding.affected);
    return {
      id,
      rule,
      ...(subject !== undefined && { subject }),
      ...(variable !== undefined && { variable: oneLine(clean(variable)) }),
      status,
      title: oneLine(clean(finding.title)),
      detail: clean(finding.detail ?? ''),
      ...(finding.expected !== undefined && { expected: clean(finding.expected) }),
      ...(finding.fix !== undefined &&
        cleanFix({
          fix: finding.fix,
          ...(finding.fixKind !== undefined && { fixKind: finding.fixKind }),
          ...(finding.fixLanguage !== undefined && { fixLanguage: finding.fixLanguage }),
          ...(finding.fixDestructive && { fixDestructive: true }),
        })),
      ...(finding.docs !== undefined && { docs: LINK.test(finding.docs) ? finding.docs : clean(finding.docs) }),
      ...(finding.status === 'warn' && acceptedFields(finding.id, accept, clean)),
      startMs: Math.round(finding.startMs),
      durationMs: Math.round(finding.durationMs),
      evidence: {
        ...evidenceOf(finding.evidence),
        ...(dependsOn !== undefined && { dependsOn }),
        ...(affected !== undefined && { affected }),
      },
      ...(dependsOn !== undefined && { dependsOn }),
      ...(affected !== undefined && { affected }),
      ...(unknownVariable !== undefined && { unknownVariable: clean(unknownVariable) }),
      ...(withheldFrom !== undefined && { withheldFrom: clean(withheldFrom) }),
      ...(inProgress && { inProgress }),
      ...(unreachable && { unreachable }),
      ...(planned && { planned }),
    };
  };
  const operationsOf = (id: string): Pick<ReportCheck, 'operations'> => {
    const tried = operations?.get(id) ?? [];
    if (tried.length === 0) return {};
    return {
      operations: tried.map(({ rules, does, at }) => ({
        rules,
        does: oneLine(clean(does)),
        at: bounded(at).map((name) => oneLine(clean(name))),
      })),
    };
  };
  return folded.map((check): ReportCheck => {
    const findings = check.findings.map(findingOf);
    return {
      id: check.id,
      title: check.title,
      status: worst(findings.map(({ status }) => status)),
      summary: oneLine(clean(summaryOf(check))),
      startMs: Math.round(check.startMs),
      durationMs: Math.round(check.durationMs),
      findings,
      ...operationsOf(check.id),
    };
  });
}

/** The first items, and the number of omitted ones if there are too many. */
const bounded = (items: readonly string[]): readonly string[] =>
  items.length <= LIMITS.items
    ? items
    : [...items.slice(0, LIMITS.items - 1), `… and ${items.length - LIMITS.items + 1} more`];

const BY_WEIGHT: readonly Status[] = ['fail', 'warn', 'pass', 'skip'];

export const worst = (statuses: readonly Status[]): Status =>
  BY_WEIGHT.find((status) => statuses.includes(status)) ?? 'skip';
