/** What an installation still lacks after an attempt, and what of it can change while somebody waits. */
import type { Check, Run } from '../engine/check.ts';
import type { CheckResult, RawFinding } from '../engine/finding.ts';
import { partsOf } from '../engine/finding-id.ts';
import { BY_REQUEST } from '../engine/select.ts';
import { operationsOf } from '../plan/plan.ts';

/** Whether something outside this machine decides the finding with this ID. */
export type IsRemote = (id: string) => boolean;

/** @param idle a run that contacts nothing */
export async function remoteRules(checks: readonly Check[], idle: Run): Promise<IsRemote> {
  const remote = new Set((await Promise.all(checks.map((check) => remoteOf(check, idle)))).flat());
  return (id) => remote.has(partsOf(id).base) || remote.has(checkOf(id));
}

const checkOf = (id: string): string => id.slice(0, id.indexOf('/'));

/** The IDs of its rules that contact something; of the check itself if that is not known. */
async function remoteOf(check: Check, idle: Run): Promise<readonly string[]> {
  if (check.plan === undefined) return [];
  try {
    const { operations, hindered } = await operationsOf(check, idle);
    if (hindered !== null) return [check.id];
    return operations.filter(({ at }) => at.length > 0).flatMap(({ rules }) => rules.map((id) => `${check.id}/${id}`));
  } catch {
    return [check.id];
  }
}

/**
 * The failures, and what depends on them, that can change: those with a cause outside the config. Findings with the same
 * cause are decided together.
 */
export function missingIn(checks: readonly CheckResult[], isRemote: IsRemote): readonly RawFinding[] {
  const failures = checks.flatMap(({ findings }) => findings).filter(({ status }) => status === 'fail');
  const changing = new Set(
    failures.filter(({ id, cause }) => cause?.isInConfig !== true && isRemote(id)).map(({ cause }) => cause?.key),
  );
  return failures.filter(({ cause }) => changing.has(cause?.key));
}

/** For people: without those that depend on another one. */
export function namesOf(missing: readonly RawFinding[]): readonly string[] {
  const own = missing.filter(({ blocked }) => blocked !== true);
  return (own.length > 0 ? own : missing).map(({ id }) => id);
}

/** The skips that can be a consequence of something missing: in the same check, about the same subject or about none. */
export function skippedWith(missing: readonly RawFinding[], checks: readonly CheckResult[]): readonly RawFinding[] {
  return checks.flatMap(({ id, findings }) => {
    const here = missing.filter((finding) => checkOf(finding.id) === id);
    if (here.length === 0) return [];
    return findings.filter(
      (finding) =>
        isOpen(finding, ['skip']) &&
        (finding.subject === undefined || here.some(({ subject }) => subject === finding.subject)),
    );
  });
}

/** What could have been decided differently if the phase had been known. */
export const doubtfulIn = (checks: readonly CheckResult[]): readonly RawFinding[] =>
  checks.flatMap(({ findings }) => findings.filter((finding) => isOpen(finding, ['skip', 'warn'])));

const isOpen = ({ status, title }: RawFinding, statuses: readonly RawFinding['status'][]): boolean =>
  statuses.includes(status) && title !== BY_REQUEST;
