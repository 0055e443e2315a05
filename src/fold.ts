/** One cause, one failure. */
import type { CheckResult, Finding, RawFinding } from './finding.ts';

/**
 * Folds the findings of one cause: the first in report order stays a failure and names whom it hits, the others become
 * skips that point to it.
 */
export function fold(checks: readonly CheckResult[]): (Omit<CheckResult, 'findings'> & { findings: Finding[] })[] {
  const groups = new Map<string, RawFinding[]>();
  for (const finding of checks.flatMap((check) => check.findings)) {
    if (finding.cause === undefined || finding.status !== 'fail') continue;
    const group = groups.get(finding.cause.key);
    if (group === undefined) groups.set(finding.cause.key, [finding]);
    else group.push(finding);
  }
  const folded = (finding: RawFinding): Finding => {
    const { cause, blocked, ...raw } = finding;
    const rest = printed(raw);
    const group = (finding.status === 'fail' && groups.get(cause?.key ?? '')) || [finding];
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

/** The fix as text. */
function printed({ fix, ...finding }: Omit<RawFinding, 'cause' | 'blocked'>): Finding {
  if (fix === undefined) return finding;
  // Until every check has moved to `fix.ts`.
  if (typeof (fix as unknown) === 'string') return { ...finding, fix: String(fix), fixKind: 'advice' };
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
