/** The eight queues of SQS, all at once. */
import { type Context, type Judged, type Outcome, pass, Stop } from '../../src/check.ts';
import type { Queue } from '../../src/config/contract.ts';
import { type Attributes, openSqs } from './client.ts';
import { Desk } from './desk.ts';
import { usedIn } from './queues.ts';
import type { RuleKey } from './rules.ts';
import { access, notSent } from './sqs-access.ts';
import { kind, settings } from './sqs-settings.ts';

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

async function judgeQueue({ judge }: Context<RuleKey>, desk: Desk): Promise<void> {
  /** A rule that needs the queue's attributes: without them, it ends in what has its own rule. */
  const seeing =
    (rule: 'exists' | 'access' | undefined, how: (attributes: Attributes) => Judged) => async (): Promise<Outcome> => {
      const seen = await desk.see();
      if ('attributes' in seen) return how(seen.attributes);
      if (seen.rule === rule) return seen.outcome;
      if (rule === 'access' && seen.outcome.status === 'skip' && desk.duty('look') === undefined) return notSent(desk);
      throw new Stop(seen.outcome);
    };
  const rightKind = (how: () => Promise<Outcome>) => async (): Promise<Outcome> => {
    if (desk.wrongKind !== undefined) throw new Stop(desk.wrongKind);
    return how();
  };
  await Promise.all([
    judge(
      '<queue>/exists',
      seeing('exists', () => exists(desk)),
    ),
    judge('<queue>/kind', async () => desk.wrongKind ?? seeing(undefined, (attributes) => kind(desk, attributes))()),
    judge('<queue>/settings', rightKind(seeing(undefined, (attributes) => settings(desk, attributes)))),
    judge('<queue>/access', rightKind(seeing('access', (attributes) => access(desk, attributes)))),
  ]);
}

const exists = ({ run, address }: Desk): Outcome =>
  pass(`${address.name} is there, in ${run.need('AWS_REGION')}`, {
    evidence: { queue: address.name, url: address.url },
  });
