/** Spacelift's requirements for each queue, and each service's operations on it (permissions of the published IAM policies). */

import { QUEUES, type Queue } from '../../src/config/contract.ts';
import type { Service } from '../../src/config/options.ts';
import { drainSchedules } from '../../src/config/releases.ts';
import type { Run } from '../../src/engine/check.ts';

export interface QueueRequirements {
  readonly fifo: boolean;
  /** Seconds. */
  readonly visibility: number;
  /** Seconds; not checked when absent. */
  readonly retention?: number;
  /** The dead-letter queue, for messages that were received too often. */
  readonly deadLetters?: 'dlq' | 'dlq-fifo';
  readonly sentBy: readonly Service[];
}

export const MAX_RECEIVE_COUNT = 3;

/** From Spacelift's message queue reference. */
export const REQUIREMENTS: Readonly<Record<Queue, QueueRequirements>> = {
  async: { fifo: false, visibility: 300, deadLetters: 'dlq', sentBy: ['server', 'drain'] },
  'async-fifo': { fifo: true, visibility: 300, deadLetters: 'dlq-fifo', sentBy: ['server', 'drain'] },
  cronjobs: { fifo: false, visibility: 300, retention: 3600, deadLetters: 'dlq', sentBy: ['scheduler'] },
  dlq: { fifo: false, visibility: 300, sentBy: [] },
  'dlq-fifo': { fifo: true, visibility: 300, sentBy: [] },
  'events-inbox': { fifo: false, visibility: 300, deadLetters: 'dlq', sentBy: ['server', 'drain'] },
  iot: { fifo: false, visibility: 45, deadLetters: 'dlq', sentBy: ['server', 'drain'] },
  webhooks: { fifo: false, visibility: 600, deadLetters: 'dlq', sentBy: ['server'] },
};

/** A service's operations on a queue, and the permission that each needs. */
export const ACTIONS = {
  send: 'sqs:SendMessage',
  receive: 'sqs:ReceiveMessage',
  delete: 'sqs:DeleteMessage',
  postpone: 'sqs:ChangeMessageVisibility',
  look: 'sqs:GetQueueAttributes',
} as const;
export type QueueAction = keyof typeof ACTIONS;

/** Whether an operation must succeed, only one service needs it, or none does. */
export type RequiredBy = 'must' | Service | undefined;

/** Whether an operation must succeed for the one service that is checked, or for all services together. */
export function requiredBy({ deployment }: Pick<Run, 'deployment'>, queue: Queue, operation: QueueAction): RequiredBy {
  const { service } = deployment;
  const performers = operation === 'send' ? sendersOf(deployment, queue) : (['drain'] as const);
  if (service !== undefined) return performers.some((performer) => performer === service) ? 'must' : undefined;
  return performers.length > 1 ? 'must' : performers[0];
}

function sendersOf({ lookup, release: { release } }: Run['deployment'], queue: Queue): readonly Service[] {
  if (queue !== 'cronjobs') return REQUIREMENTS[queue].sentBy;
  const enabled = lookup('DRAIN_SCHEDULER_ENABLED');
  // A value that is not known here could be either.
  const isKnown = enabled.state === 'unset' || enabled.state === 'set';
  const value = enabled.state === 'set' ? enabled.value : undefined;
  return isKnown && drainSchedules(release, value) ? ['scheduler', 'drain'] : REQUIREMENTS[queue].sentBy;
}

/** The queues that the service, or all services together, use. */
export function usedIn(run: Pick<Run, 'deployment'>): Queue[] {
  const operations = Object.keys(ACTIONS) as QueueAction[];
  return (Object.keys(QUEUES) as Queue[]).filter((queue) =>
    operations.some((operation) => requiredBy(run, queue, operation) !== undefined),
  );
}
