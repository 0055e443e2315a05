/** The kinds of message queue, by MESSAGE_QUEUE_TYPE: the one place to register another. */

import type { MessageQueueType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { postgres } from './postgres/index.ts';
import type { Provider } from './provider.ts';
import { sqs } from './sqs/index.ts';

export const PROVIDERS = { postgres, sqs } satisfies Record<MessageQueueType, Provider>;

/** @throws CheckStopped when the choice is found wrong, or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('MESSAGE_QUEUE_TYPE')];

/** As `providerOf`, but `undefined` where that stops. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const type = deployment.chosen('MESSAGE_QUEUE_TYPE');
  return type && PROVIDERS[type];
}
