/** One result from several attempts: each finding is that of the attempt that decided it. */
import type { CheckResult, RawFinding } from '../engine/finding.ts';
import { partsOf } from '../engine/finding-id.ts';
import { isUnfinished } from '../engine/recorder.ts';
import type { RunResult } from '../engine/run.ts';
import { BY_REQUEST } from '../engine/select.ts';

export interface Attempt {
  readonly result: RunResult;
  /** From the start of the first attempt, ms. */
  readonly startMs: number;
  /** The IDs of the findings that it repeated. */
  readonly repeated: ReadonlySet<string>;
  /** Whether it was ended early: what it did not finish is undecided. */
  readonly isCut: boolean;
}

/** The result after a further attempt. The run itself, with its options, and its start stay those of the first one. */
export function afterAttempt(before: RunResult, attempt: Attempt): RunResult {
  const { result } = attempt;
  const decided = new Set(
    result.checks
      .flatMap(({ findings }) => findings)
      .filter((finding) => finding.title !== BY_REQUEST && !(attempt.isCut && isUnfinished(finding)))
      .map(({ id }) => id),
  );
  const all = before.checks.flatMap(({ findings }) => findings);
  /** Whether the failure that it was blocked by is decided anew, so that it is none of its reasons any more. */
  const isReleased = ({ blocked, cause }: RawFinding): boolean => {
    if (blocked !== true) return false;
    const group = all.filter((other) => other.status === 'fail' && cause?.is(other.cause));
    const root = group.find((other) => other.blocked !== true) ?? group[0];
    return root !== undefined && decided.has(root.id);
  };
  return {
    ...before,
    interrupted: result.interrupted,
    leftovers: [...before.leftovers, ...result.leftovers],
    checks: before.checks.map((check) => {
      const now = result.checks.find(({ id }) => id === check.id);
      return now === undefined ? check : merged(check, now, attempt, { decided, isReleased });
    }),
  };
}

interface Decisions {
  readonly decided: ReadonlySet<string>;
  isReleased(finding: RawFinding): boolean;
}

function merged(
  before: CheckResult,
  now: CheckResult,
  { startMs, repeated, isCut }: Attempt,
  { decided, isReleased }: Decisions,
): CheckResult {
  const baseOf = ({ id }: RawFinding) => partsOf(id).base;
  const basesOf = (findings: readonly RawFinding[]) => new Set(findings.map(baseOf));
  const shifted = now.findings.map((finding) => ({ ...finding, startMs: finding.startMs + startMs }));
  const fresh = shifted.filter(({ id }) => decided.has(id));
  const kept = before.findings.filter(({ id }) => !repeated.has(id) && !decided.has(id));
  // A rule with a finding per variable can be undecided as a whole, and the other way around.
  const open = isCut ? before.findings.filter(({ id }) => repeated.has(id) && !decided.has(id)) : [];
  const [earlier, known] = [basesOf([...kept, ...open]), basesOf([...kept, ...fresh])];
  const undecided = open
    .filter((finding) => finding.subject !== undefined || !known.has(baseOf(finding)))
    .map((finding) => (isReleased(finding) ? (shifted.find(({ id }) => id === finding.id) ?? finding) : finding));
  // Left out by --only or --skip, as opposed to what only this attempt left out.
  const leftOut = shifted.filter((finding) => finding.title === BY_REQUEST && !earlier.has(baseOf(finding)));
  const [rules, ids] = [[...basesOf(now.findings)], before.findings.map(({ id }) => id)];
  /** By rule, and then as before. */
  const order = (a: RawFinding, b: RawFinding) =>
    rules.indexOf(baseOf(a)) - rules.indexOf(baseOf(b)) || ids.indexOf(a.id) - ids.indexOf(b.id);
  return {
    ...before,
    ...now,
    startMs: now.startMs + startMs,
    findings: [...kept, ...fresh, ...undecided, ...leftOut].toSorted(order),
  };
}
