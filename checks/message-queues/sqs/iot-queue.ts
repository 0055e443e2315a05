/** The queue that IoT Core delivers to, for the MQTT broker check. */
import type { Attributes, Sqs } from '../../../src/clouds/aws/sqs/client.ts';
import type { Address } from '../../../src/clouds/aws/sqs/queue-url.ts';
import type { Run } from '../../../src/engine/check.ts';
import { CheckStopped, type Issue, type Skip } from '../../../src/outcome/outcome.ts';
import { whyNotHere } from './access.ts';
import { inspect } from './inspect.ts';
import { QueueUnderTest } from './queue.ts';

export interface IotQueue {
  readonly address: Address;
  readonly attributes: Attributes;
  /** Why it can't hold a test message. @throws CheckStopped for errors that concern the queue as a whole */
  hindrance(): Promise<Issue | Skip | undefined>;
}

/** @throws CheckStopped when the queue can't be inspected */
export async function inspectIotQueue(run: Run, sqs: Sqs): Promise<IotQueue> {
  const queues = new Map();
  const queue = new QueueUnderTest(run, sqs, 'iot', queues);
  queues.set('iot', queue);
  const seen = await inspect(queue);
  if ('outcome' in seen) throw new CheckStopped(seen.outcome);
  const { attributes } = seen;
  return { address: queue.address, attributes, hindrance: () => whyNotHere(queue, attributes) };
}
