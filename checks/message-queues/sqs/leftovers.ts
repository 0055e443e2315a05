/** Removes the messages that killed runs left: only before installation, since a drain would have received them long ago. */

import { openSqs, type Received, type Sqs } from '../../../src/clouds/aws/sqs/client.ts';
import type { CleanupResult, Run } from '../../../src/engine/check.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { plural } from '../../../src/util/format.ts';
import { whyNoMessages } from '../installed.ts';
import { type QueueAction, usedIn } from '../requirements.ts';
import { queueIssue } from './errors.ts';
import { inspect } from './inspect.ts';
import { QueueUnderTest } from './queue.ts';

const RUN_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** The messages that src/clouds/aws/sqs/receiver.ts sends. */
const SENT = new RegExp(`^spacelift-preflight ${RUN_ID} [A-Z_]+$`);
/** The messages that checks/mqtt-broker/iotcore/delivery.ts publishes, as IoT Core delivers them: in Base64 or plain. */
const DELIVERED = new RegExp(`"preflight":\\s*"${RUN_ID}"`);
/** In ms: for one queue, no matter how many messages it contains; longer than a run hides the messages that it received. */
const WAIT_MS = 11_000;
/** Messages that can't be received yet were hidden by another receiver, such as a run that was killed. */
const COUNTS = {
  visible: 'ApproximateNumberOfMessages',
  hidden: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const;
/** In seconds: how long one request waits for a message, and how long a received message stays hidden, so it does not come twice. */
const [WAIT, VISIBILITY] = [1, 15];

const isOwn = (body: string): boolean =>
  SENT.test(body) || DELIVERED.test(body) || DELIVERED.test(Buffer.from(body, 'base64').toString());

export async function removeLeftovers(run: Run): Promise<CleanupResult[]> {
  const queues = usedIn(run);
  if (queues.length === 0) return [];
  const hindrance = await whyNoMessages(run);
  if (hindrance !== undefined) return [{ place: 'SQS', removed: [], issue: hindrance }];
  const sqs = await openSqs(run);
  const allUnderTest = new Map();
  return await Promise.all(
    queues.map(async (queue) => {
      try {
        return await removeFromQueue(new QueueUnderTest(run, sqs, queue, allUnderTest), sqs);
      } catch (error) {
        if (error instanceof CheckStopped) return { place: queue, removed: [], issue: error.outcome };
        throw error;
      }
    }),
  );
}

async function removeFromQueue(underTest: QueueUnderTest, sqs: Sqs): Promise<CleanupResult> {
  const { run, address } = underTest;
  const place = address.name;
  if (underTest.requiredBy('delete') === undefined) return { place, removed: [], issue: onlyTheDrain(underTest) };
  let count = 0;
  const done = (issue?: Issue | Skip): CleanupResult => ({
    place,
    removed: count === 0 ? [] : [`${plural(count, 'message')} from earlier runs`],
    ...(issue !== undefined && { issue }),
  });
  let asked: QueueAction = 'look';
  try {
    const seen = await inspect(underTest);
    if ('outcome' in seen) return done(seen.outcome);
    // Each receive counts toward the dead-letter limit, so receive only if there can be something to find.
    const number = (name: keyof typeof COUNTS) => Number(seen.attributes[COUNTS[name]] ?? 0);
    const later = number('hidden') + number('delayed');
    const held = number('visible') + later;
    if (held === 0) return done();
    asked = 'receive';
    const received = await remove(run, sqs, address.url, later > 0 ? held : 0, () => count++);
    return done(later > 0 && received < held ? hidden(underTest, held - received) : undefined);
  } catch (error) {
    return done((await queueIssue(underTest, error, [asked])).outcome);
  }
}

/**
 * Receives all messages, removes the tool's own, and puts the others back.
 * @param atLeast the number of messages to wait for, if some can't be received yet
 * @returns the number of messages received
 */
async function remove(run: Run, sqs: Sqs, url: string, atLeast: number, removed: () => void): Promise<number> {
  const end = performance.now() + WAIT_MS;
  let received = 0;
  const others: Received[] = [];
  try {
    while (performance.now() < end) {
      const found = await sqs.receive(run, url, { wait: WAIT, visibility: VISIBILITY });
      received += found.length;
      if (found.length === 0 && received >= atLeast) break;
      for (const message of found) {
        if (!isOwn(message.body)) others.push(message);
        else await sqs.delete(run, url, message.receipt).then(removed);
      }
    }
    return received;
  } finally {
    // A message that can't be put back becomes visible again by itself.
    await Promise.allSettled(others.map(({ receipt }) => sqs.postpone(run, url, receipt, 0)));
  }
}

const hidden = ({ address }: QueueUnderTest, count: number): Skip =>
  skip(`${plural(count, 'message')} ${count === 1 ? 'is' : 'are'} hidden in ${address.name} and could not be checked`, {
    detail: 'Another receiver has not deleted them yet, or they are delayed.',
    fix: advice`run this tool again when they are visible, after the queue’s visibility timeout`,
    evidence: { queue: address.name, messages: count },
  });

const onlyTheDrain = ({ run, address }: QueueUnderTest): Skip =>
  skip(`${address.name} was not checked: the ${run.deployment.service} is not allowed to receive from it`, {
    fix: advice`run this tool without --service, with an operator’s credentials`,
    evidence: { queue: address.name },
  });
