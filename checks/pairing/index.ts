/** Choices that exclude each other; the judging itself is in `src/config/choices.ts`. */

import { DOCS } from '../../src/config/contract.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';

export const pairing = defineCheck({
  id: 'pairing',
  title: 'Pairing',
  rules: {
    'iotcore-needs-sqs': {
      title: 'the MQTT broker goes with the message queue',
      procedure: 'Looks at MQTT_BROKER_TYPE and MESSAGE_QUEUE_TYPE as they are in force, by default or explicitly.',
      rationale:
        'Workers’ messages reach Spacelift through an IoT topic rule that writes into an SQS queue. With another queue they are lost. Setting only MESSAGE_QUEUE_TYPE=postgres breaks it, because the broker is then IoT Core by default.',
      fix: 'Set MQTT_BROKER_TYPE=builtin, or use SQS.',
      example: { found: 'IoT Core needs SQS, and the message queue is postgres', fix: 'set MQTT_BROKER_TYPE=builtin' },
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
