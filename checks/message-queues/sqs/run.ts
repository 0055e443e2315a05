/** The eight queues of SQS, all at once. */

import { type Attributes, openSqs } from '../../../src/clouds/aws/sqs/client.ts';
import type { Queue } from '../../../src/config/contract.ts';
import type { CheckedOutcome, Context } from '../../../src/engine/check.ts';
import { CheckStopped, type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { whyNoMessages } from '../installed.ts';
import { usedIn } from '../requirements.ts';
import type { RuleKey } from '../rules.ts';
import { access, notSent } from './access.ts';
import { inspect } from './look.ts';
import { wrongKind } from './messages.ts';
import { Desk } from './queue.ts';
import { kind, settings } from './settings.ts';

export async function judgeSqs(context: Context<RuleKey>): Promise<void> {
  const sqs = await openSqs(context);
  try {
    const desks = new Map<Queue, Desk>();
    const queues = usedIn(context);
    // All of them before the first is judged: a queue's dead letters go to another.
    for (const queue of queues) {
      try {
        desks.set(queue, new Desk(context, sqs, queue, desks));
      } catch (error) {
        if (!(error instanceof CheckStopped)) throw error;
      }
    }
    await Promise.all(
      queues.map((queue) =>
        context.forSubject(queue, async (part) =>
          judgeQueue(part, desks.get(queue) ?? new Desk(context, sqs, queue, desks)),
        ),
      ),
    );
  } finally {
    // When the run has ended early, what clears up after it still needs the connections.
    if (!context.signal.aborted) sqs.close();
  }
}

type Part = 'exists' | 'kind' | 'settings' | 'access';

/** One rule: when the queue can't be looked at, or is of the wrong kind, the rule that this belongs to says so, and the others depend on it. */
async function outcomeOf(rule: Part, desk: Desk, how: (attributes: Attributes) => CheckedOutcome): Promise<Outcome> {
  const seen = await inspect(desk);
  const failed = 'outcome' in seen && seen.outcome.status === 'fail';
  if (!desk.isRightKind && !failed && rule !== 'exists') {
    const wrong = wrongKind(desk);
    if (rule === 'kind') return wrong;
    throw new CheckStopped(wrong);
  }
  if ('attributes' in seen) return how(seen.attributes);
  if (seen.rule === rule) return seen.outcome;
  if (rule === 'access' && !failed && desk.duty('look') === undefined) return notSent(desk);
  throw new CheckStopped(seen.outcome);
}

async function judgeQueue({ check, selected, once }: Context<RuleKey>, desk: Desk): Promise<void> {
  // The database takes as long as the queue: both at once.
  if (selected('<queue>/access') && desk.duty('delete') !== undefined) once(whyNoMessages).catch(() => {});
  const judging = (rule: Part, how: (attributes: Attributes) => CheckedOutcome) =>
    check(`<queue>/${rule}`, () => outcomeOf(rule, desk, how));
  await Promise.all([
    judging('exists', () => exists(desk)),
    judging('kind', (attributes) => kind(desk, attributes)),
    judging('settings', (attributes) => settings(desk, attributes)),
    judging('access', (attributes) => access(desk, attributes)),
  ]);
}

const exists = ({ run, address }: Desk): Outcome =>
  pass(`${address.name} is there, in ${run.require('AWS_REGION')}`, {
    evidence: { queue: address.name, url: address.url },
  });
