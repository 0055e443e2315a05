/** Rejects a selection of rules that leaves nothing to check. */

import type { Deployment } from '../config/deployment.ts';
import { InputError } from '../config/input-error.ts';
import type { RunOptions } from '../config/options.ts';
import type { Decisions } from '../config/schema.ts';
import { named } from '../config/sources/quote.ts';
import { type Check, idsOf, perVariable, type Run } from '../engine/check.ts';
import { partsOf } from '../engine/finding-id.ts';
import { selector } from '../engine/select.ts';
import { idleRun } from '../plan/plan.ts';
import { CHECKS } from './checks.ts';

/** What `--only` and `--skip` were given. */
interface Selection {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Its patterns are among those to skip. */
  readonly decisions?: Decisions | undefined;
}

const MOST_NAMED = 4;

/**
 * Regardless of the deployment.
 * @param dash precedes the name of the options in the message
 * @throws InputError
 */
export function refuseEmptySelection(given: Selection, dash: '--' | ''): void {
  const { only = [], skip = [] } = given;
  const selected = selector(only, skip, perVariable(CHECKS));
  if (!CHECKS.flatMap(idsOf).some(selected)) throw empty(given, dash, '');
}

/**
 * Among the rules that apply to the deployment.
 * @throws InputError
 */
export function refuseInapplicableSelection(deployment: Deployment, options: RunOptions, dash: '--' | ''): void {
  if (options.only.length + options.skip.length === 0) return;
  const selected = selector(options.only, options.skip, perVariable(CHECKS));
  const run = idleRun(deployment, options);
  if (CHECKS.some((check) => expectedOf(check, run).some(selected))) return;
  const service = deployment.service === undefined ? '' : ` of the ${deployment.service}`;
  throw empty(options, dash, `: no other rule applies to this config${service}`);
}

/** A check whose `expects` fails is reported by the run. */
function expectedOf(check: Check, run: Run): readonly string[] {
  try {
    return check.expects(run).map((rule) => `${check.id}/${rule}`);
  } catch {
    return idsOf(check);
  }
}

function empty({ only = [], skip = [], decisions }: Selection, dash: string, why: string): InputError {
  const place = (pattern: string) => decisions?.skipped.find(({ id }) => id === pattern)?.where;
  const given = [
    ...only.map((pattern) => `${dash}only ${shown(pattern)}`),
    ...skip.map((pattern) => {
      const where = place(pattern);
      return where === undefined ? `${dash}skip ${shown(pattern)}` : `skip ${shown(pattern)} in ${where}`;
    }),
  ];
  const named = given.length <= MOST_NAMED ? given : [...given.slice(0, MOST_NAMED - 1), '…'];
  return new InputError(`${named.join(' and ')} ${given.length === 1 ? 'leaves' : 'leave'} nothing to check${why}`);
}

/** The part before the bracket matches the table, so it is no secret. */
function shown(pattern: string): string {
  const { base, variable } = partsOf(pattern);
  return variable === undefined ? base : `${base}[${named(variable, 'key')}]`;
}
