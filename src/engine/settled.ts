/** Which checks are settled while others still run: no later finding can change theirs any more when they are folded. */
import type { CheckResult, RawFinding } from './finding.ts';

/**
 * The number of checks at the start of the report that are settled.
 * @param checks all of the run, in report order; `undefined` while a check runs
 */
export function settledIn(checks: readonly (CheckResult | undefined)[]): number {
  const gap = checks.indexOf(undefined);
  if (gap === -1) return checks.length;
  const finished = checks.slice(0, gap).filter((check) => check !== undefined);
  const firstHits = firstHitsIn(finished.flatMap(({ findings }) => findings));
  const open = finished.findIndex(({ findings }) => !findings.every((finding) => isSettled(finding, firstHits)));
  return open === -1 ? gap : open;
}

/** By cause, the failure that the others point to. */
function firstHitsIn(findings: readonly RawFinding[]): ReadonlyMap<string, RawFinding> {
  const hits = new Map<string, RawFinding>();
  for (const finding of findings) {
    const { status, blocked, cause } = finding;
    if (status !== 'fail' || blocked === true || cause === undefined || hits.has(cause.key)) continue;
    hits.set(cause.key, finding);
  }
  return hits;
}

/** Of the failures with one cause, the first lists the others, unless it is a cause that no other finding can have. */
function isSettled(finding: RawFinding, firstHits: ReadonlyMap<string, RawFinding>): boolean {
  const { id, status, cause } = finding;
  if (cause === undefined || status === 'pass' || status === 'warn') return true;
  if (cause.about !== undefined) return false;
  if (status === 'skip') return true;
  const first = firstHits.get(cause.key);
  return first === finding ? cause.key === id : first !== undefined;
}
