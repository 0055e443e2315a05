/** The message queue types, keyed by MESSAGE_QUEUE_TYPE: the one place to register another. */

import type { MessageQueueType } from '../../src/config/contract.ts';
import { registry } from '../../src/engine/registry.ts';
import { postgres } from './postgres/index.ts';
import type { Provider } from './provider.ts';
import { sqs } from './sqs/index.ts';

export const PROVIDERS = { postgres, sqs } satisfies Record<MessageQueueType, Provider>;

export const { providerOf, knownProvider } = registry<'MESSAGE_QUEUE_TYPE', Provider>('MESSAGE_QUEUE_TYPE', PROVIDERS);
