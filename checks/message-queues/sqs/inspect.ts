/** A queue's attributes, read once for all of its rules. */
import type { Attributes } from '../../../src/clouds/aws/sqs/client.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { type Skip, skip } from '../../../src/outcome/outcome.ts';
import { type QueueIssue, queueIssue } from './errors.ts';
import { otherRegion } from './messages.ts';
import type { QueueUnderTest } from './queue.ts';

/** The result of inspecting a queue: its attributes, or an outcome and the rule that it belongs to. */
export type Inspection = { readonly attributes: Attributes } | QueueIssue;

const SEEN = new WeakMap<QueueUnderTest, Promise<Inspection>>();

/** The queue's attributes, read once. */
export function inspect(queue: QueueUnderTest): Promise<Inspection> {
  const seen = SEEN.get(queue) ?? look(queue);
  SEEN.set(queue, seen);
  return seen;
}

async function look(queue: QueueUnderTest): Promise<Inspection> {
  const { run, sqs, address } = queue;
  const region = run.require('AWS_REGION');
  if (address.region !== undefined && address.region !== region) {
    return { outcome: otherRegion(queue, region), rule: 'exists' };
  }
  try {
    if (queue.requiredBy('look') !== undefined) {
      const attributes = await sqs.attributes(run, address.url);
      queue.seenKey = attributes.KmsMasterKeyId;
      return { attributes };
    }
    await sqs.reach(run);
  } catch (error) {
    return queueIssue(queue, error, ['look']);
  }
  return { outcome: notForThisService(queue), rule: 'exists' };
}

const notForThisService = ({ run, address }: QueueUnderTest): Skip =>
  skip(`${address.name} was not checked: only the drain has sqs:GetQueueAttributes`, {
    detail: `SQS responds; the ${run.deployment.service} can’t test anything else without leaving a trace.`,
    fix: advice`run with --service drain, or without --service with an operator’s credentials`,
    evidence: { queue: address.name, permission: 'sqs:GetQueueAttributes' },
  });
