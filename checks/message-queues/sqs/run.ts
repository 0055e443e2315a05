/** The eight SQS queues, checked concurrently. */

import { type Attributes, openSqs } from '../../../src/clouds/aws/sqs/client.ts';
import type { Queue } from '../../../src/config/contract.ts';
import type { Context, MaybeOutcome } from '../../../src/engine/check.ts';
import { CheckStopped, type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { whyNoMessages } from '../installed.ts';
import { usedIn } from '../requirements.ts';
import type { QueueRule } from '../rules.ts';
import { checkAccess, notSent } from './access.ts';
import { inspect } from './inspect.ts';
import { wrongKind } from './messages.ts';
import { QueueUnderTest } from './queue.ts';
import { checkKind, checkSettings } from './settings.ts';

export async function run(context: Context<QueueRule>): Promise<void> {
  const sqs = await openSqs(context);
  const allUnderTest = new Map<Queue, QueueUnderTest>();
  const queues = usedIn(context);
  // All of them before the first is checked: a queue's dead letters go to another.
  for (const queue of queues) {
    try {
      allUnderTest.set(queue, new QueueUnderTest(context, sqs, queue, allUnderTest));
    } catch (error) {
      if (!(error instanceof CheckStopped)) throw error;
    }
  }
  await Promise.all(
    queues.map((queue) =>
      context.forSubject(queue, async (part) =>
        checkQueue(part, allUnderTest.get(queue) ?? new QueueUnderTest(context, sqs, queue, allUnderTest)),
      ),
    ),
  );
}

type Part = 'exists' | 'kind' | 'settings' | 'access';

/** Checks one rule: if the queue can't be inspected, or has the wrong type, one rule reports it, and the others depend on it. */
async function outcomeOf(
  rule: Part,
  underTest: QueueUnderTest,
  how: (attributes: Attributes) => MaybeOutcome,
): Promise<Outcome> {
  const seen = await inspect(underTest);
  const failed = 'outcome' in seen && seen.outcome.status === 'fail';
  if (!underTest.isRightKind && !failed && rule !== 'exists') {
    const wrong = wrongKind(underTest);
    if (rule === 'kind') return wrong;
    throw new CheckStopped(wrong);
  }
  if ('attributes' in seen) return how(seen.attributes);
  if (seen.rule === rule) return seen.outcome;
  if (rule === 'access' && !failed && underTest.requiredBy('look') === undefined) return notSent(underTest);
  throw new CheckStopped(seen.outcome);
}

async function checkQueue({ check, selected }: Context<QueueRule>, underTest: QueueUnderTest): Promise<void> {
  // The database takes as long as the queue, so query both concurrently.
  if (selected('<queue>/access') && underTest.requiredBy('delete') !== undefined) {
    whyNoMessages(underTest.run).catch(() => {});
  }
  const judging = (rule: Part, how: (attributes: Attributes) => MaybeOutcome) =>
    check(`<queue>/${rule}`, () => outcomeOf(rule, underTest, how));
  await Promise.all([
    judging('exists', () => exists(underTest)),
    judging('kind', (attributes) => checkKind(underTest, attributes)),
    judging('settings', (attributes) => checkSettings(underTest, attributes)),
    judging('access', (attributes) => checkAccess(underTest, attributes)),
  ]);
}

const exists = ({ run, address }: QueueUnderTest): Outcome =>
  pass(`queue ${address.name} exists in ${run.require('AWS_REGION')}`, {
    evidence: { queue: address.name, url: address.url },
  });
