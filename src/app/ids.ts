/** Validates patterns and IDs from the user against all rules, regardless of the deployment. A variable in brackets is not validated. */

import { InputError } from '../config/input-error.ts';
import type { Decisions } from '../config/schema.ts';
import { idsOf } from '../engine/check.ts';
import { partsOf } from '../engine/finding-id.ts';
import { noSuchRule, quoted, suggest, unmatched } from '../engine/select.ts';
import { CHECKS } from './checks.ts';
import { refuseEmptySelection } from './selection.ts';

export interface GivenIds {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly require?: readonly string[] | undefined;
  /** IDs, not patterns. */
  readonly accept?: readonly string[] | undefined;
  readonly decisions?: Decisions | undefined;
}

/**
 * @param dash precedes the name of the option in the message
 * @throws InputError if a pattern or ID matches no rule, with the nearest one; or if no rule is selected
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
    const hint = pattern.includes(',')
      ? '; pass each pattern by itself, not a list with commas'
      : suggest(pattern, known);
    throw new InputError(`${dash}${option} ${quoted(pattern, known)} matches no rule${hint}`);
  }
  refuseEmptySelection(given, dash);
  const unknown = given.accept?.map((id) => partsOf(id).base).find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new InputError(`${dash}accept ${quoted(unknown, ids)}: ${noSuchRule(unknown, ids)}`);
}
