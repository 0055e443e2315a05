/** One cause, one failure. */
import type { CheckResult, Finding, RawFinding } from './finding.ts';

/**
 * Folds the findings of one cause: the first in report order stays a failure and names whom it hits, the others become
 * skips that point to it.
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
    const rest = printed(raw);
    const group = groups.get(keyOf(finding)) ?? [finding];
    if (finding.status === 'skip' && cause !== undefined) return skipped(rest, group[0] ?? finding);
    const hit = group.filter((other) => other.blocked !== true);
    const first = hit[0] ?? group[0] ?? finding;
    if (finding !== first) return pointer(rest, first.id, blocked === true);
    if (hit.length < 2) return rest;
    return {
      ...rest,
      title: cause?.title ?? rest.title,
      evidence: { ...rest.evidence, affected: hit.map((other) => other.id) },
    };
  };
  return checks.map((check) => ({ ...check, findings: check.findings.map(folded) }));
}

/** Failures and skips are folded apart. */
const keyOf = ({ status, cause }: Pick<RawFinding, 'status' | 'cause'>): string => `${status} ${cause?.key}`;

/** Of what was skipped for one reason, the first tells it. */
function skipped(finding: Finding, first: RawFinding): Finding {
  if (finding.id === first.id) return finding;
  const { id, startMs, durationMs } = finding;
  const evidence = { dependsOn: first.id };
  return { id, status: 'skip', title: `skipped for the same reason as ${first.id}`, startMs, durationMs, evidence };
}

/** The fix as text. */
function printed({ fix, ...finding }: Omit<RawFinding, 'cause' | 'blocked'>): Finding {
  if (fix === undefined) return finding;
  const { kind, language, text } = fix;
  return { ...finding, fix: text, fixKind: kind, ...(language !== undefined && { fixLanguage: language }) };
}

function pointer({ id, startMs, durationMs }: Finding, to: string, blocked: boolean): Finding {
  return {
    id,
    status: 'skip',
    title: blocked ? `not tried: it depends on ${to}, which failed` : `the same cause as ${to}`,
    startMs,
    durationMs,
    evidence: { dependsOn: to },
  };
}
