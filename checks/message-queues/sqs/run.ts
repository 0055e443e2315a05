/** The eight queues of SQS, all at once. */
import { type Context, type Judged, type Outcome, pass, Stop } from '../../../src/engine/check.ts';
import type { Queue } from '../../../src/config/contract.ts';
import { type Attributes, openSqs } from '../../../src/clouds/aws/sqs/client.ts';
import { Desk } from './queue.ts';
import { whyNoMessages } from '../installed.ts';
import { usedIn } from '../requirements.ts';
import type { RuleKey } from '../rules.ts';
import { access, notSent } from './access.ts';
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
        if (!(error instanceof Stop)) throw error;
      }
    }
    await Promise.all(
      queues.map((queue) =>
        context.about(queue, async (part) =>
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
async function outcomeOf(rule: Part, desk: Desk, how: (attributes: Attributes) => Judged): Promise<Outcome> {
  const seen = await desk.see();
  const failed = 'outcome' in seen && seen.outcome.status === 'fail';
  const { wrongKind } = desk;
  if (wrongKind !== undefined && !failed && rule !== 'exists') {
    if (rule === 'kind') return wrongKind;
    throw new Stop(wrongKind);
  }
  if ('attributes' in seen) return how(seen.attributes);
  if (seen.rule === rule) return seen.outcome;
  if (rule === 'access' && !failed && desk.duty('look') === undefined) return notSent(desk);
  throw new Stop(seen.outcome);
}

async function judgeQueue({ judge, selected, share }: Context<RuleKey>, desk: Desk): Promise<void> {
  // The database takes as long as the queue: both at once.
  if (selected('<queue>/access') && desk.duty('delete') !== undefined) share(whyNoMessages).catch(() => {});
  const judging = (rule: Part, how: (attributes: Attributes) => Judged) =>
    judge(`<queue>/${rule}`, () => outcomeOf(rule, desk, how));
  await Promise.all([
    judging('exists', () => exists(desk)),
    judging('kind', (attributes) => kind(desk, attributes)),
    judging('settings', (attributes) => settings(desk, attributes)),
    judging('access', (attributes) => access(desk, attributes)),
  ]);
}

const exists = ({ run, address }: Desk): Outcome =>
  pass(`${address.name} is there, in ${run.need('AWS_REGION')}`, {
    evidence: { queue: address.name, url: address.url },
  });
