/** What the MQTT broker check would do, and the IoT Core permissions that it needs. */

import { addressIn } from '../../../src/clouds/aws/sqs/queue-url.ts';
import type { Grant, PlannedOperation, Run } from '../../../src/engine/check.ts';
import { ACTIONS } from '../../message-queues/index.ts';
import { ENDPOINT, READS_ENDPOINT } from '../endpoint.ts';
import type { MqttRule } from '../rules.ts';

export function plan(run: Run, rules: readonly MqttRule[]): PlannedOperation[] {
  const at = [run.require(ENDPOINT)];
  if (run.deployment.service === 'worker') {
    return [READS_ENDPOINT, { rules: ['iotcore/publish'], does: 'opens a TLS connection, and sends nothing', at }];
  }
  const controlPlane: PlannedOperation = {
    rules: ['iotcore/control-plane'],
    does: 'sends an unsigned request, which AWS refuses',
    at: ['IoT Core’s control plane'],
  };
  return [
    READS_ENDPOINT,
    ...withIotCore(run, at),
    controlPlane,
    ...(rules.includes('iotcore/custom-domain')
      ? [{ rules: ['iotcore/custom-domain'], does: `compares ${ENDPOINT} with AWS_SECONDARY_REGION`, at: [] }]
      : []),
  ];
}

function withIotCore(run: Run, at: readonly string[]): PlannedOperation[] {
  const { service } = run.deployment;
  const namespace = run.require('MQTT_BROKER_IOTCORE_NAMESPACE');
  const place = `${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}`;
  const iot = (action: string, resource: string, more: Pick<Grant, 'further'> = {}): Grant => ({
    system: 'aws',
    action: `iot:${action}`,
    resource: resource === '*' ? resource : `arn:${run.require('AWS_PARTITION')}:iot:${place}:${resource}`,
    ...more,
  });
  const further = { further: true } as const;
  const readable = `${namespace}/readonly/preflight/*`;
  const publishing: PlannedOperation = {
    rules: ['iotcore/publish'],
    does: 'publishes a message over HTTPS on a topic that nobody reads',
    at,
    writes: `a message on ${readable.replace('*', '<run id>')}, which IoT Core does not keep`,
    grants: [iot('Publish', `topic/${readable}`)],
  };
  const looking: PlannedOperation = {
    rules: ['iotcore/endpoint', 'iotcore/topic-rule'],
    does: 'checks the account of the endpoint, and reads the topic rules',
    at: ['IoT Core’s control plane'],
    grants: [
      iot('DescribeEndpoint', '*', further),
      iot('ListTopicRules', '*', further),
      iot('GetTopicRule', 'rule/*', further),
    ],
  };
  const comparing: PlannedOperation = {
    rules: ['iotcore/endpoint', 'iotcore/round-trip', 'iotcore/topic-rule', 'iotcore/delivery'],
    does: 'compares the endpoint’s region; the rest requires permissions that no service has, and is skipped',
    at: [],
  };
  const written = run.options.readOnly ? [] : [publishing];
  if (service !== undefined) return [...written, comparing];
  if (run.options.readOnly) return [looking];
  return [
    ...written,
    {
      rules: ['iotcore/round-trip'],
      does: 'connects over MQTT, subscribes, publishes, and receives its own message',
      at,
      writes: `a message on ${readable.replace('*', '<run id>')}, which IoT Core does not keep`,
      grants: [
        iot('Connect', 'client/spacelift-preflight-*', further),
        iot('Subscribe', `topicfilter/${readable}`, further),
        iot('Receive', `topic/${readable}`, further),
      ],
    },
    looking,
    delivery(run, at, iot('Publish', `topic/${namespace}/writeonly/preflight/*`, further)),
  ];
}

function delivery(run: Run, at: readonly string[], publish: Grant): PlannedOperation {
  const { name, arn } = addressIn(run, 'MESSAGE_QUEUE_SQS_IOT_URL');
  const queue = ['look', 'receive', 'delete', 'postpone'] as const;
  return {
    rules: ['iotcore/delivery'],
    does: 'publishes on a worker’s topic, and receives the message from the queue: not on a live installation, and only in an empty queue',
    at: [...at, name],
    writes: 'one message that contains the run ID, deleted when it arrives',
    grants: [
      publish,
      ...queue.map((operation): Grant => ({ system: 'aws', action: ACTIONS[operation], resource: arn, further: true })),
    ],
  };
}
