/** What must hold of a queue besides being there: where its dead letters go, and the vendor's suggested settings. */

import type { Attributes } from '../../../src/clouds/aws/sqs/client.ts';
import { sameQueue } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { advice, type Fix } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Outcome, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import { MAX_RECEIVE_COUNT } from '../requirements.ts';
import { inspect } from './look.ts';
import { attributesFor, redriveToNowhere, redriveToWrongKind, setAttributes } from './messages.ts';
import type { Desk } from './queue.ts';

interface Redrive {
  /** ARN. */
  readonly target: string;
  readonly maxReceiveCount: number;
}

function redriveIn({ RedrivePolicy: text = '' }: Attributes): Redrive | undefined {
  const { deadLetterTargetArn, maxReceiveCount } = membersOf(text);
  if (typeof deadLetterTargetArn !== 'string') return undefined;
  return { target: deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) };
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object | null) };
  } catch {
    return {};
  }
}

const nameIn = (arn: string): string => arn.split(':').at(-1) ?? arn;

export async function kind(desk: Desk, attributes: Attributes): Promise<Outcome> {
  const { address, needs } = desk;
  const { name } = address;
  const what = needs.fifo ? 'FIFO' : 'standard';
  const redrive = redriveIn(attributes);
  const evidence = { queue: name, ...(redrive !== undefined && { deadLetterTargetArn: redrive.target }) };
  if (redrive === undefined || needs.deadLetters === undefined) return pass(`${name} is ${what}`, { evidence });
  const to = `its dead letters go to ${nameIn(redrive.target)}`;
  const wrong = misdirected(desk, redrive);
  if (wrong !== undefined) return wrong;
  const there = await isThere(desk, redrive);
  if (there === undefined) {
    return skip(`${name} is ${what}; ${to}, which may not be looked at`, {
      fix: advice`allow sqs:GetQueueAttributes on ${redrive.target}`,
      evidence,
    });
  }
  return there ? pass(`${name} is ${what}, ${to}`, { evidence }) : redriveToNowhere(desk, redrive.target);
}

function misdirected(desk: Desk, { target }: Redrive): Issue | undefined {
  return target.endsWith('.fifo') === desk.needs.fifo ? undefined : redriveToWrongKind(desk, target);
}

/** @throws Stop when the dead-letter queue of the config is missing, which is a failure of its own */
async function isThere(desk: Desk, { target }: Redrive): Promise<boolean | undefined> {
  const { deadLetters } = desk;
  if (deadLetters === undefined || !sameQueue(deadLetters.address.arn, target)) return desk.isThere(target);
  const seen = await inspect(deadLetters);
  if ('attributes' in seen) return true;
  if (seen.outcome.status === 'fail') throw new CheckStopped(seen.outcome);
  return undefined;
}

export async function settings(desk: Desk, attributes: Attributes): Promise<Outcome> {
  const { needs, address, deadLetters } = desk;
  const found: string[] = [];
  const mend: Record<string, string> = {};
  const want = attributesFor(needs, deadLetters?.address.arn);
  const differs = (attribute: string, says: string) => {
    found.push(says);
    const value = want[attribute];
    if (value !== undefined) mend[attribute] = value;
  };
  const { VisibilityTimeout, MessageRetentionPeriod } = attributes;
  if (VisibilityTimeout !== want.VisibilityTimeout)
    differs('VisibilityTimeout', `visibility timeout ${VisibilityTimeout} s`);
  if (needs.retention !== undefined && MessageRetentionPeriod !== want.MessageRetentionPeriod) {
    differs('MessageRetentionPeriod', `retention ${MessageRetentionPeriod} s`);
  }
  for (const says of await redriveDifferences(desk, redriveIn(attributes))) differs('RedrivePolicy', says);
  if (desk.shared.length > 0)
    found.push(`${desk.shared.join(' and ')} ${desk.shared.length === 1 ? 'names' : 'name'} it too`);
  const { name, url } = address;
  const evidence = { queue: name, url, expected: suggested(desk) };
  if (found.length === 0) return pass(`${name} is set as suggested: ${suggested(desk).join(', ')}`, { evidence });
  return warn(`${name} is not set as suggested: ${found.join(', ')}`, {
    expected: suggested(desk).join(', '),
    fix: mendCommand(desk, mend),
    evidence: { ...evidence, found },
  });
}

function mendCommand(desk: Desk, attributes: Record<string, string>): Fix {
  if (Object.keys(attributes).length > 0) return setAttributes(desk, attributes);
  if (desk.shared.length > 0)
    return advice`give each of ${[desk.address.variable, ...desk.shared].join(' and ')} a queue of its own`;
  return setAttributes(desk, { RedrivePolicy: '' });
}

/** Nothing when the redrive policy is a failure of its own. */
async function redriveDifferences(desk: Desk, redrive: Redrive | undefined): Promise<string[]> {
  const { needs, deadLetters } = desk;
  if (needs.deadLetters === undefined)
    return redrive === undefined ? [] : ['a redrive policy, which a dead-letter queue has not'];
  if (redrive === undefined) return ['no redrive policy'];
  const found: string[] = [];
  if (redrive.maxReceiveCount !== MAX_RECEIVE_COUNT) found.push(`max receive count ${redrive.maxReceiveCount}`);
  const elsewhere = deadLetters !== undefined && !sameQueue(deadLetters.address.arn, redrive.target);
  if (elsewhere && misdirected(desk, redrive) === undefined && (await desk.isThere(redrive.target)) !== false) {
    found.push(`dead letters go to ${nameIn(redrive.target)}`);
  }
  return found;
}

function suggested({ needs, deadLetters }: Desk): string[] {
  return [
    `visibility timeout ${needs.visibility} s`,
    ...(needs.retention === undefined ? [] : [`retention ${needs.retention} s`]),
    ...(needs.deadLetters === undefined
      ? []
      : [`dead letters to ${deadLetters?.address.name ?? needs.deadLetters} after ${MAX_RECEIVE_COUNT} receives`]),
  ];
}
