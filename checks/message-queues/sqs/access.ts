/** Tests a service's operations on a queue, without disturbing an installation. */

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

/** A receipt handle that SQS never issues: SQS checks the permission, then rejects the handle, and nothing changes. */
const INVENTED = 'spacelift-preflight';

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

export async function checkAccess(underTest: QueueUnderTest, attributes: Attributes): Promise<Outcome> {
  const { run, address } = underTest;
  const hindrance = (await whyNoMessages(run)) ?? occupied(underTest, attributes);
  // On a live installation, test only the permissions that the service itself must have.
  const mayAsk = hindrance === undefined || (underTest.requiredBy('delete') === 'must' && !run.options.readOnly);
  const asked = mayAsk
    ? await issue(underTest, ['delete', 'postpone', ...(hindrance === undefined ? ['receive' as const] : [])])
    : undefined;
  if (asked !== undefined) return asked;
  if (hindrance !== undefined) return mayAsk ? { ...hindrance, ...permitted(underTest, hindrance) } : hindrance;
  const sending = underTest.requiredBy('send');
  if (sending === undefined) {
    return pass(`messages in ${address.name} can be received, hidden, and deleted`, {
      detail:
        underTest.needs.deadLetters === undefined
          ? 'No test message is sent to a dead-letter queue.'
          : `The ${run.deployment.service} does not send messages to this queue.`,
      evidence: { queue: address.name, tried: [ACTIONS.receive, ACTIONS.postpone, ACTIONS.delete] },
    });
  }
  return sent(underTest, attributes);
}

/**
 * Why a queue can't hold a test message, no matter who sends it: another receiver could get it, or it could not be removed.
 * @throws CheckStopped for errors that concern the queue as a whole
 */
export async function whyNotHere(underTest: QueueUnderTest, attributes: Attributes): Promise<Issue | Skip | undefined> {
  const hindrance = (await whyNoMessages(underTest.run)) ?? occupied(underTest, attributes);
  return hindrance ?? issue(underTest, ['delete', 'postpone', 'receive']);
}

/** For a service that only sends, and can't remove its own messages. */
export const notSent = ({ run, address }: QueueUnderTest): Skip =>
  skip(`no test message was sent to ${address.name}: the ${run.deployment.service} can’t remove it`, {
    fix: advice`before installation, run without --service, with an operator’s credentials`,
    evidence: { queue: address.name, permission: ACTIONS.send },
  });

const permitted = ({ address }: QueueUnderTest, { detail }: Skip): Partial<Skip> => ({
  detail: `${detail} The credentials are allowed to delete messages in ${address.name} and to change their visibility.`,
  evidence: { queue: address.name, permitted: [ACTIONS.delete, ACTIONS.postpone] },
});

/** Existing messages may belong to another installation. */
function occupied({ address }: QueueUnderTest, attributes: Attributes): Skip | undefined {
  const count = COUNTS.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
  if (count === 0) return undefined;
  return skip(`no message was sent to or received from ${address.name}: it contains ${plural(count, 'message')}`, {
    detail: 'They may belong to another installation: messages are tested only in an empty queue.',
    fix: command(sh`aws sqs receive-message --queue-url ${address.url} --visibility-timeout 1`, {
      note: 'look at the messages',
    }),
    evidence: { queue: address.name, messages: count },
  });
}

/** Tries operations that leave no trace; returns the failure or skip if one is denied. */
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
      return new CheckStopped(skip(`no test message was sent: ${address.name} is not empty`));
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
    return skip(`no test message was sent: ${name} delays every message by ${delay} s`, {
      evidence: { queue: name, delay },
    });
  }
  try {
    const came = await roundTrip(run, sqs, address);
    const evidence = { queue: name, tried: Object.values(ACTIONS) };
    if (came === 'same')
      return pass(`a test message was sent to ${name}, received, compared, and deleted`, { evidence });
    return came === 'different' ? altered(name) : lost(name);
  } catch (error) {
    run.signal.throwIfAborted();
    return outcomeOf(underTest, error, ['send']);
  }
}

const altered = (name: string): Issue =>
  fail(`the message received from ${name} differs from the one sent`, {
    expected: 'the message exactly as sent',
    fix: advice`look for a proxy that changes requests or responses`,
    evidence: { queue: name },
    cause: cause.queues('content').titled('the message received differs from the one sent'),
  });

const lost = (name: string): Issue =>
  fail(`the message sent to ${name} did not come back within 5 s`, {
    expected: 'the message, within a second',
    fix: advice`find out what else receives from ${name}: another Spacelift installation, an event source mapping (aws lambda list-event-source-mappings), or another consumer`,
    evidence: { queue: name },
    cause: cause.queues('lost').titled('messages did not come back within 5 s'),
  });
