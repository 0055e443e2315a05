/** Whether messages may be sent and received at all: on a live installation the real drain would get them. */

import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Skip, skip } from '../../src/outcome/outcome.ts';
import { factsOf } from '../database/index.ts';

/**
 * Why no message may be sent or received; `undefined` when the database shows that Spacelift is not installed yet.
 * @throws only the reason of the run's end
 */
export const whyNoMessages = oncePerRun(async (run): Promise<Skip | undefined> => {
  const { readOnly, phase } = run.options;
  if (readOnly) {
    return skip('messages were not tried: --read-only sends none', { fix: advice`run it without --read-only` });
  }
  if (phase === 'post-install') return installed('--phase post-install says so');
  try {
    const { tables } = await factsOf(run);
    return (await tables).installed ? installed('its tables are in the database') : undefined;
  } catch {
    run.signal.throwIfAborted();
    return skip('messages were not tried: the database does not tell whether Spacelift is installed', {
      detail: 'On a live installation its drain would get them.',
      fix: advice`let this run read the database in DATABASE_URL, before installation`,
    });
  }
});

const installed = (how: string): Skip =>
  skip(`messages were not tried: Spacelift is installed (${how})`, {
    detail: 'Its drain would get them.',
    fix: advice`verified before installation only; afterwards, see the drain’s log`,
  });
