/** Folds findings with the same cause into one failure. */
import type { CheckResult, Finding, RawFinding } from './finding.ts';

/**
 * Folds the findings with the same cause: the first in report order stays a failure and lists the affected findings, the
 * others become skips that point to it.
 */
export function foldByCause(
  checks: readonly CheckResult[],
): (Omit<CheckResult, 'findings'> & { findings: Finding[] })[] {
  const groups = new Map<string, RawFinding[]>();
  for (const finding of checks.flatMap((check) => check.findings)) {
    if (finding.cause === undefined || (finding.status !== 'fail' && finding.status !== 'skip')) continue;
    const key = keyOf(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  const folded = (finding: RawFinding): Finding => {
    const { cause, blocked, ...raw } = finding;
    const group = groups.get(keyOf(finding)) ?? [finding];
    const rest = listing({ ...printed(raw), ...(isUnreachable(finding) && { unreachable: true }) }, group);
    if (finding.status === 'skip' && cause !== undefined) return skipped(rest, group[0] ?? finding);
    const hit = group.filter((other) => other.blocked !== true);
    const first = hit[0] ?? group[0] ?? finding;
    if (finding !== first) {
      const title = blocked ? `not tested: it depends on ${first.id}, which failed` : `same cause as ${first.id}`;
      return pointer(rest, first.id, title);
    }
    if (hit.length < 2) return rest;
    return {
      ...rest,
      title: cause?.title ?? rest.title,
      affected: hit.map((other) => other.id),
    };
  };
  return checks.map((check) => ({ ...check, findings: check.findings.map(folded) }));
}

const isUnreachable = ({ status, cause }: RawFinding): boolean => status === 'fail' && cause?.unreachable === true;

/** Failures and skips are folded separately. */
const keyOf = ({ status, cause }: Pick<RawFinding, 'status' | 'cause'>): string => `${status} ${cause?.key}`;

/** The title of a skip with the same reason as another one. */
export const sameReason = (id: string): string => `skipped for the same reason as ${id}`;

/** Of several skips with the same reason, the first states it. */
const skipped = (finding: Finding, first: RawFinding): Finding =>
  finding.id === first.id ? finding : pointer(finding, first.id, sameReason(first.id));

/** The finding with its fix as text. */
function printed({ fix, ...finding }: Omit<RawFinding, 'cause' | 'blocked'>): Finding {
  if (fix === undefined) return finding;
  const { kind, language, text, destructive } = fix;
  return {
    ...finding,
    fix: text,
    fixKind: kind,
    ...(language !== undefined && { fixLanguage: language }),
    ...(destructive && { fixDestructive: true }),
  };
}

/** The finding with all the names that its cause is about. */
function listing(finding: Finding, group: readonly RawFinding[]): Finding {
  const names = [...new Set(group.flatMap(({ cause }) => cause?.about ?? []))];
  if (names.length === 0) return finding;
  const detail = `${finding.detail ?? ''} Not resolved: ${names.join(', ')}.`.trim();
  return { ...finding, detail, evidence: { ...finding.evidence, names } };
}

/** A skip that only points to another finding. */
function pointer({ id, rule, subject, startMs, durationMs }: Finding, dependsOn: string, title: string): Finding {
  return {
    id,
    rule,
    ...(subject !== undefined && { subject }),
    status: 'skip',
    title,
    startMs,
    durationMs,
    evidence: {},
    dependsOn,
  };
}
