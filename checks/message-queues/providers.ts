/** The message queue types, keyed by MESSAGE_QUEUE_TYPE: the one place to register another. */

import type { MessageQueueType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { postgres } from './postgres/index.ts';
import type { Provider } from './provider.ts';
import { sqs } from './sqs/index.ts';

export const PROVIDERS = { postgres, sqs } satisfies Record<MessageQueueType, Provider>;

/** @throws CheckStopped if the choice is invalid, or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('MESSAGE_QUEUE_TYPE')];

/** Like `providerOf`, but returns `undefined` instead of throwing. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const type = deployment.chosen('MESSAGE_QUEUE_TYPE');
  return type && PROVIDERS[type];
}
