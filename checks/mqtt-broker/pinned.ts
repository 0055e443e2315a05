/** Whether the broker is that of the baseline. */
import { pinnedInConfig } from '../../src/config/pinned.ts';
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';

export const isPinned = ({ options }: Run): boolean => options.pinned?.mqttBroker !== undefined;
export const COMPARES: PlannedOperation = {
  rules: ['pinned'],
  does: 'compares the broker with the baseline',
  at: [],
};

export function pinned({ options, deployment }: Run): Outcome {
  const [before, now] = [options.pinned?.mqttBroker, pinnedInConfig(deployment).mqttBroker];
  if (before === undefined || now === undefined) return skip('the broker is not known here');
  const evidence = { before: before.endpoint, now: now.endpoint };
  const what = before.type !== now.type ? 'type' : 'endpoint';
  if (before[what] === now[what]) return pass('the broker is that of the baseline', { evidence });
  return warn(`the ${what} of the broker was ${before[what]}, and is ${now[what]} now`, {
    detail: 'Workers connect to the endpoint in the credentials that they were set up with.',
    expected: `${before.endpoint} (${before.type}), as in the baseline`,
    fix: advice`if this is intended, give each worker pool new credentials afterward; otherwise, restore the earlier value`,
    evidence,
  });
}
