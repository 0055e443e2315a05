/** Folds findings with the same cause into one failure. */
import type { CheckResult, Finding, RawFinding } from './finding.ts';

/**
 * Folds the findings with the same cause: the first in report order stays a failure and lists the affected findings, the
 * others become skips that point to it.
 */
export function foldByCause(
  checks: readonly CheckResult[],
): (Omit<CheckResult, 'findings'> & { findings: Finding[] })[] {
  const groups = new Map<string, Group>();
  for (const finding of checks.flatMap((check) => check.findings)) {
    if (finding.cause === undefined || (finding.status !== 'fail' && finding.status !== 'skip')) continue;
    const key = keyOf(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, groupOf(finding));
    else {
      group.all.push(finding);
      if (finding.blocked !== true) group.hit.push(finding);
    }
  }
  const folded = (finding: RawFinding): Finding => {
    const { cause, blocked, ...raw } = finding;
    const { all, hit } = groups.get(keyOf(finding)) ?? groupOf(finding);
    const isSkip = finding.status === 'skip' && cause !== undefined;
    const first = (isSkip ? undefined : hit[0]) ?? all[0] ?? finding;
    if (isSkip ? finding.id !== first.id : finding !== first)
      return pointer(finding, first.id, titleOf(finding, first.id));
    // Only the first lists what the others name: to do it for each would take the square of their number.
    const rest = listing({ ...printed(raw), ...(isUnreachable(finding) && { unreachable: true }) }, all);
    if (isSkip || hit.length < 2) return rest;
    return {
      ...rest,
      title: cause?.title ?? rest.title,
      affected: hit.map((other) => other.id),
    };
  };
  return checks.map((check) => ({ ...check, findings: check.findings.map(folded) }));
}

/** Findings with the same cause, in report order. */
interface Group {
  readonly all: RawFinding[];
  /** Those that were tested. */
  readonly hit: RawFinding[];
}

const groupOf = (finding: RawFinding): Group => ({ all: [finding], hit: finding.blocked === true ? [] : [finding] });

const isUnreachable = ({ status, cause }: RawFinding): boolean => status === 'fail' && cause?.unreachable === true;

/** Failures and skips are folded separately. */
const keyOf = ({ status, cause }: Pick<RawFinding, 'status' | 'cause'>): string => `${status} ${cause?.key}`;

/** The title of a skip with the same reason as another one. */
export const sameReason = (id: string): string => `skipped for the same reason as ${id}`;

/** Of a finding whose reason another one states. */
function titleOf({ status, blocked }: RawFinding, first: string): string {
  if (status === 'skip') return sameReason(first);
  return blocked ? `not tested: it depends on ${first}, which failed` : `same cause as ${first}`;
}

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
function pointer({ id, rule, subject, startMs, durationMs }: RawFinding, dependsOn: string, title: string): Finding {
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
