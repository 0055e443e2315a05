/** The settings of a queue: its dead-letter queue, and the settings that Spacelift recommends. */

import type { Attributes } from '../../../src/clouds/aws/sqs/client.ts';
import { sameQueue } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { advice, type Fix } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Outcome, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import { membersOf } from '../../../src/util/json.ts';
import { MAX_RECEIVE_COUNT } from '../requirements.ts';
import { inspect } from './inspect.ts';
import { attributesFor, redriveToNowhere, redriveToWrongKind, setAttributes } from './messages.ts';
import type { QueueUnderTest } from './queue.ts';

interface Redrive {
  /** ARN. */
  readonly target: string;
  readonly maxReceiveCount: number;
}

function redriveIn({ RedrivePolicy: text = '' }: Attributes): Redrive | undefined {
  const { deadLetterTargetArn, maxReceiveCount } = membersOf(text) ?? {};
  if (typeof deadLetterTargetArn !== 'string') return undefined;
  return { target: deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) };
}

const nameIn = (arn: string): string => arn.split(':').at(-1) ?? arn;

export async function checkKind(underTest: QueueUnderTest, attributes: Attributes): Promise<Outcome> {
  const { address, needs } = underTest;
  const { name } = address;
  const what = needs.fifo ? 'FIFO' : 'standard';
  const redrive = redriveIn(attributes);
  const evidence = { queue: name, ...(redrive !== undefined && { deadLetterTargetArn: redrive.target }) };
  if (redrive === undefined || needs.deadLetters === undefined) return pass(`${name} is ${what}`, { evidence });
  const to = `its dead letters go to ${nameIn(redrive.target)}`;
  const wrong = misdirected(underTest, redrive);
  if (wrong !== undefined) return wrong;
  const there = await isThere(underTest, redrive);
  if (there === undefined) {
    return skip(`${name} is ${what}; ${to}, which could not be checked`, {
      fix: advice`allow sqs:GetQueueAttributes on ${redrive.target}`,
      evidence,
    });
  }
  return there ? pass(`${name} is ${what}, ${to}`, { evidence }) : redriveToNowhere(underTest, redrive.target);
}

function misdirected(underTest: QueueUnderTest, { target }: Redrive): Issue | undefined {
  return target.endsWith('.fifo') === underTest.needs.fifo ? undefined : redriveToWrongKind(underTest, target);
}

/** @throws CheckStopped when the dead-letter queue in the config is missing, which is a separate failure */
async function isThere(underTest: QueueUnderTest, { target }: Redrive): Promise<boolean | undefined> {
  const { deadLetters } = underTest;
  if (deadLetters === undefined || !sameQueue(deadLetters.address.arn, target)) return underTest.isThere(target);
  const seen = await inspect(deadLetters);
  if ('attributes' in seen) return true;
  if (seen.outcome.status === 'fail') throw new CheckStopped(seen.outcome);
  return undefined;
}

export async function checkSettings(underTest: QueueUnderTest, attributes: Attributes): Promise<Outcome> {
  const { needs, address, deadLetters } = underTest;
  const found: string[] = [];
  const changes: Record<string, string> = {};
  const want = attributesFor(needs, deadLetters?.address.arn);
  const differs = (attribute: string, says: string) => {
    found.push(says);
    const value = want[attribute];
    if (value !== undefined) changes[attribute] = value;
  };
  const { VisibilityTimeout, MessageRetentionPeriod } = attributes;
  if (VisibilityTimeout !== want.VisibilityTimeout)
    differs('VisibilityTimeout', `visibility timeout ${VisibilityTimeout} s`);
  if (needs.retention !== undefined && MessageRetentionPeriod !== want.MessageRetentionPeriod) {
    differs('MessageRetentionPeriod', `retention ${MessageRetentionPeriod} s`);
  }
  for (const says of await redriveDifferences(underTest, redriveIn(attributes))) differs('RedrivePolicy', says);
  if (underTest.shared.length > 0)
    found.push(`${underTest.shared.join(' and ')} also ${underTest.shared.length === 1 ? 'names' : 'name'} it`);
  const { name, url } = address;
  const evidence = { queue: name, url, expected: suggested(underTest) };
  if (found.length === 0)
    return pass(`${name} has the recommended settings: ${suggested(underTest).join(', ')}`, { evidence });
  return warn(`${name} differs from the recommended settings: ${found.join(', ')}`, {
    expected: suggested(underTest).join(', '),
    fix: fixFor(underTest, changes),
    evidence: { ...evidence, found },
  });
}

function fixFor(underTest: QueueUnderTest, attributes: Record<string, string>): Fix {
  if (Object.keys(attributes).length > 0) return setAttributes(underTest, attributes);
  if (underTest.shared.length > 0)
    return advice`create a separate queue for each of ${[underTest.address.variable, ...underTest.shared].join(' and ')}`;
  return setAttributes(underTest, { RedrivePolicy: '' });
}

/** Empty if the redrive policy is a separate failure. */
async function redriveDifferences(underTest: QueueUnderTest, redrive: Redrive | undefined): Promise<string[]> {
  const { needs, deadLetters } = underTest;
  if (needs.deadLetters === undefined)
    return redrive === undefined ? [] : ['a redrive policy, which a dead-letter queue should not have'];
  if (redrive === undefined) return ['no redrive policy'];
  const found: string[] = [];
  if (redrive.maxReceiveCount !== MAX_RECEIVE_COUNT) found.push(`max receive count ${redrive.maxReceiveCount}`);
  const elsewhere = deadLetters !== undefined && !sameQueue(deadLetters.address.arn, redrive.target);
  if (
    elsewhere &&
    misdirected(underTest, redrive) === undefined &&
    (await underTest.isThere(redrive.target)) !== false
  ) {
    found.push(`dead letters go to ${nameIn(redrive.target)}`);
  }
  return found;
}

function suggested({ needs, deadLetters }: QueueUnderTest): string[] {
  return [
    `visibility timeout ${needs.visibility} s`,
    ...(needs.retention === undefined ? [] : [`retention ${needs.retention} s`]),
    ...(needs.deadLetters === undefined
      ? []
      : [`dead letters to ${deadLetters?.address.name ?? needs.deadLetters} after ${MAX_RECEIVE_COUNT} receives`]),
  ];
}
