/** The rules of every check, by the ids that `explain` prints. */
import { CHECKS } from '../../checks/index.ts';
import { partsOf } from '../../src/engine/finding-id.ts';

/** `object-storage/<bucket>/access`, `database/connect` … */
export const RULES: readonly string[] = CHECKS.flatMap((check) =>
  Object.keys(check.rules).map((key) => `${check.id}/${key}`),
);

/** Whether a finding is of a rule, whatever the variable. */
export function isOf(rule: string, findingId: string): boolean {
  const { base: id } = partsOf(findingId);
  const [before, after] = rule.split(/<[a-z]+>/);
  if (after === undefined) return id === rule;
  return id.startsWith(before ?? '') && id.endsWith(after) && !id.slice(before?.length, -after.length).includes('/');
}
