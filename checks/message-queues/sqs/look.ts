/** What a queue shows of itself, asked once for all of its rules. */
import type { Attributes } from '../../../src/clouds/aws/sqs/client.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { type Skip, skip } from '../../../src/outcome/outcome.ts';
import { type Told, troubleOf } from './errors.ts';
import { otherRegion } from './messages.ts';
import type { Desk } from './queue.ts';

/** What a look at a queue gave: its attributes, or an outcome and the rule that it belongs to. */
export type Seen = { readonly attributes: Attributes } | Told;

const SEEN = new WeakMap<Desk, Promise<Seen>>();

/** The queue's attributes, asked once. */
export function inspect(queue: Desk): Promise<Seen> {
  const seen = SEEN.get(queue) ?? look(queue);
  SEEN.set(queue, seen);
  return seen;
}

async function look(queue: Desk): Promise<Seen> {
  const { run, sqs, address } = queue;
  const region = run.require('AWS_REGION');
  if (address.region !== undefined && address.region !== region) {
    return { outcome: otherRegion(queue, region), rule: 'exists' };
  }
  try {
    if (queue.duty('look') !== undefined) {
      const attributes = await sqs.attributes(run, address.url);
      queue.seenKey = attributes.KmsMasterKeyId;
      return { attributes };
    }
    await sqs.reach(run);
  } catch (error) {
    return troubleOf(queue, error, ['look']);
  }
  return { outcome: notForThisService(queue), rule: 'exists' };
}

const notForThisService = ({ run, address }: Desk): Skip =>
  skip(`${address.name} was not looked at: only the drain may (sqs:GetQueueAttributes)`, {
    detail: `SQS answers, and that is all that the ${run.deployment.service} can try without a trace.`,
    fix: advice`run with --service drain, or without --service with an operator’s credentials`,
    evidence: { queue: address.name, permission: 'sqs:GetQueueAttributes' },
  });
