/** What a service does with a queue, tried where nobody can notice. */

import type { Attributes } from '../../../src/clouds/aws/sqs/client.ts';
import { receiveNothing, roundTrip } from '../../../src/clouds/aws/sqs/receiver.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { plural } from '../../../src/util/format.ts';
import { whyNoMessages } from '../installed.ts';
import { ACTIONS, type QueueAction } from '../requirements.ts';
import { isDenied, isInventedHandle, queueIssue } from './errors.ts';
import type { QueueUnderTest } from './queue.ts';

/** SQS never gives such a receipt handle: whoever may delete is told so, and nothing happens. */
const INVENTED = 'spacelift-preflight';

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

export async function access(underTest: QueueUnderTest, attributes: Attributes): Promise<Outcome> {
  const { run, address } = underTest;
  const hindrance = (await whyNoMessages(run)) ?? occupied(underTest, attributes);
  // On a live installation only for the service whose permission it is.
  const mayAsk = hindrance === undefined || (underTest.requiredBy('delete') === 'must' && !run.options.readOnly);
  const asked = mayAsk
    ? await issue(underTest, ['delete', 'postpone', ...(hindrance === undefined ? ['receive' as const] : [])])
    : undefined;
  if (asked !== undefined) return asked;
  if (hindrance !== undefined) return mayAsk ? { ...hindrance, ...permitted(underTest, hindrance) } : hindrance;
  const sending = underTest.requiredBy('send');
  if (sending === undefined) {
    return pass(`messages of ${address.name} may be received, hidden and deleted`, {
      detail:
        underTest.needs.deadLetters === undefined
          ? 'Nothing is sent into a dead-letter queue.'
          : `The ${run.deployment.service} sends none here.`,
      evidence: { queue: address.name, tried: [ACTIONS.receive, ACTIONS.postpone, ACTIONS.delete] },
    });
  }
  return sent(underTest, attributes);
}

/**
 * Why no message may be tried in a queue, whoever puts it there: somebody would notice, or it could not be taken out again.
 * @throws CheckStopped for what is wrong with the queue as a whole
 */
export async function whyNotHere(underTest: QueueUnderTest, attributes: Attributes): Promise<Issue | Skip | undefined> {
  const hindrance = (await whyNoMessages(underTest.run)) ?? occupied(underTest, attributes);
  return hindrance ?? issue(underTest, ['delete', 'postpone', 'receive']);
}

/** For a service that can't remove what it sends, and does nothing else. */
export const notSent = ({ run, address }: QueueUnderTest): Skip =>
  skip(`nothing was sent to ${address.name}: the ${run.deployment.service} can’t remove what it sends`, {
    fix: advice`before installation, run without --service, with an operator’s credentials`,
    evidence: { queue: address.name, permission: ACTIONS.send },
  });

const permitted = ({ address }: QueueUnderTest, { detail }: Skip): Partial<Skip> => ({
  detail: `${detail} Deleting and changing the visibility in ${address.name} are permitted.`,
  evidence: { queue: address.name, permitted: [ACTIONS.delete, ACTIONS.postpone] },
});

/** Messages that are there already are somebody's. */
function occupied({ address }: QueueUnderTest, attributes: Attributes): Skip | undefined {
  const count = COUNTS.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
  if (count === 0) return undefined;
  return skip(`${address.name} holds ${plural(count, 'message')}: none was sent or received`, {
    detail: 'They may be somebody’s: a message is tried only in an empty queue.',
    fix: command(sh`aws sqs receive-message --queue-url ${address.url} --visibility-timeout 1`, {
      note: 'see what they are',
    }),
    evidence: { queue: address.name, messages: count },
  });
}

/** Tries what leaves no trace; the failure or skip of what is not permitted. */
async function issue(underTest: QueueUnderTest, operations: readonly QueueAction[]): Promise<Issue | Skip | undefined> {
  const results = await Promise.all(
    operations.map(async (operation) => ({ operation, error: await refusal(underTest, operation) })),
  );
  const failed = results.filter(({ error }) => error !== undefined);
  const first = failed.find(({ error }) => isDenied(error)) ?? failed[0];
  if (first === undefined) return undefined;
  const same = isDenied(first.error) ? failed.map(({ operation }) => operation) : [first.operation];
  return outcomeOf(underTest, first.error, same);
}

async function refusal({ run, sqs, address }: QueueUnderTest, operation: QueueAction): Promise<unknown> {
  const { url } = address;
  try {
    if (operation === 'delete') await sqs.delete(run, url, INVENTED);
    else if (operation === 'postpone') await sqs.postpone(run, url, INVENTED, 0);
    else if (!(await receiveNothing(run, sqs, address)))
      return new CheckStopped(skip(`${address.name} is not empty: no message was sent`));
    return undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    return isInventedHandle(error) ? undefined : error;
  }
}

async function outcomeOf(
  underTest: QueueUnderTest,
  error: unknown,
  operations: readonly QueueAction[],
): Promise<Issue | Skip> {
  const { outcome, rule } = await queueIssue(underTest, error, operations);
  if (rule === 'access') return outcome;
  throw new CheckStopped(outcome);
}

async function sent(underTest: QueueUnderTest, attributes: Attributes): Promise<Outcome> {
  const { run, sqs, address } = underTest;
  const { name } = address;
  const delay = Number(attributes.DelaySeconds ?? 0);
  if (address.fifo && delay > 0) {
    return skip(`${name} delays every message by ${delay} s: none was sent`, { evidence: { queue: name, delay } });
  }
  try {
    const came = await roundTrip(run, sqs, address);
    const evidence = { queue: name, tried: Object.values(ACTIONS) };
    if (came === 'same') return pass(`a message was sent to ${name}, received, compared and deleted`, { evidence });
    return came === 'different' ? altered(name) : lost(name);
  } catch (error) {
    run.signal.throwIfAborted();
    return outcomeOf(underTest, error, ['send']);
  }
}

const altered = (name: string): Issue =>
  fail(`what is received from ${name} is not what was sent`, {
    expected: 'the message as it was sent',
    fix: advice`find out what stands between: a proxy that changes requests or answers`,
    evidence: { queue: name },
    cause: cause.queues('content').titled('what is received is not what was sent'),
  });

const lost = (name: string): Issue =>
  fail(`what is sent to ${name} does not come back within 5 s`, {
    expected: 'the message, within a second',
    fix: advice`find out what else receives from ${name}: another Spacelift installation, an event source mapping (aws lambda list-event-source-mappings), a topic’s consumer`,
    evidence: { queue: name },
    cause: cause.queues('lost').titled('what is sent does not come back within 5 s'),
  });
