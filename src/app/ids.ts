/** Validates patterns and IDs from the user against all rules, regardless of the deployment. */

import { InputError } from '../config/input-error.ts';
import { idsOf } from '../engine/check.ts';
import { quoted, suggest, unmatched } from '../engine/select.ts';
import { CHECKS } from './checks.ts';

export interface GivenIds {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly require?: readonly string[] | undefined;
  /** IDs, not patterns. */
  readonly accept?: readonly string[] | undefined;
}

/**
 * @param dash precedes the name of the option in the message
 * @throws InputError if a pattern or ID matches no rule; suggests the nearest one
 */
export function checkIds(given: GivenIds, dash: '--' | '' = ''): void {
  const ids = CHECKS.flatMap(idsOf);
  const groups = CHECKS.flatMap(({ id, subjects = [] }) => [
    `${id}/*`,
    ...subjects.map((subject) => `${id}/${subject}/*`),
  ]);
  for (const option of ['only', 'skip', 'require'] as const) {
    const missed = unmatched(given[option] ?? [], ids);
    if (missed === undefined) continue;
    const { pattern } = missed;
    const known = [...groups, ...ids];
    throw new InputError(`${dash}${option} ${quoted(pattern, known)} matches no rule${suggest(pattern, known)}`);
  }
  const unknown = given.accept?.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new InputError(`${dash}accept ${quoted(unknown, ids)}: no such rule${suggest(unknown, ids)}`);
}
