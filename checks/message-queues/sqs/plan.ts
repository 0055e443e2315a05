/** What the message queue check would do, and the SQS permissions that it needs. */

import { type Address, addressIn } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import type { Grant, PlannedOperation, Run } from '../../../src/engine/check.ts';
import { ACTIONS, type QueueAction, requiredBy, usedIn } from '../requirements.ts';

const LIVE = 'not on a live installation, and never to a queue that contains messages or to a dead-letter queue';

interface Subject {
  readonly queue: Queue;
  readonly address: Address;
}

export function plan(run: Run): PlannedOperation[] {
  const subjects = usedIn(run)
    .filter((queue) => run.get(QUEUES[queue]) !== undefined)
    .map((queue): Subject => ({ queue, address: addressIn(run, QUEUES[queue]) }));
  const does = (action: QueueAction) => subjects.filter(({ queue }) => requiredBy(run, queue, action) !== undefined);
  const looked = does('look');
  const unseen = subjects.filter((subject) => !looked.includes(subject));
  const removing = does('delete');
  const sending = does('send').filter((subject) => removing.includes(subject));
  return [
    operation(looked, ['exists', 'kind', 'settings', 'access'], 'reads the queue’s attributes', ['look']),
    operation(
      unseen,
      ['exists', 'kind', 'settings', 'access'],
      'checks whether SQS responds, without reading the queue',
      [],
    ),
    ...(run.options.readOnly
      ? []
      : [
          operation(
            removing,
            ['access'],
            'deletes and hides a message with an invented receipt handle, which changes nothing; before installation, also receives',
            ['delete', 'postpone', 'receive'],
          ),
          {
            ...operation(sending, ['access'], `sends one message, receives it, and deletes it: ${LIVE}`, ['send']),
            writes: 'one message that contains the run ID, deleted when it comes back',
          },
        ]),
  ].filter(({ at }) => at.length > 0);
}

function operation(
  subjects: readonly Subject[],
  rules: readonly string[],
  does: string,
  required: readonly QueueAction[],
): PlannedOperation {
  return {
    rules: subjects.flatMap(({ queue }) => rules.map((rule) => `${queue}/${rule}`)),
    does,
    at: subjects.map(({ address }) => address.name),
    grants: subjects.flatMap(({ address }) =>
      required.map((action): Grant => ({ system: 'aws', action: ACTIONS[action], resource: address.arn })),
    ),
  };
}
