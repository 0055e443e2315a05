/** Incompatible backend types. The logic is in `src/config/choices.ts`. */

import { DOCS } from '../../src/config/contract.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';

export const pairing = defineCheck({
  id: 'pairing',
  title: 'Pairing',
  rules: {
    'iotcore-needs-sqs': {
      title: 'the MQTT broker is compatible with the message queue',
      procedure: 'Compares the effective values of MQTT_BROKER_TYPE and MESSAGE_QUEUE_TYPE, whether set or default.',
      rationale:
        'With IoT Core, messages from workers reach Spacelift through a topic rule that writes to an SQS queue. With any other queue they are lost. Setting only MESSAGE_QUEUE_TYPE=postgres causes this, because the broker defaults to IoT Core.',
      fix: 'Set MQTT_BROKER_TYPE=builtin, or use SQS.',
      example: { found: 'IoT Core needs SQS, but the message queue is postgres', fix: 'set MQTT_BROKER_TYPE=builtin' },
      docs: `${DOCS.mqtt}#message-queue-type`,
    },
  },

  expects: ({ deployment }) => (deployment.service === 'worker' ? [] : ['iotcore-needs-sqs']),

  async run({ deployment, check, choice }) {
    await check('iotcore-needs-sqs', () => {
      if (deployment.pairing !== undefined) return deployment.pairing;
      return pass(`${choice('MQTT_BROKER_TYPE')} broker with ${choice('MESSAGE_QUEUE_TYPE')} queues`);
    });
  },
});
