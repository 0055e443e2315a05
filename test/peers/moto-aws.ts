/** What the vendor's module makes in AWS beside the buckets, made in moto: two keys, eight queues, a topic rule. */
import { CreateTopicRuleCommand, DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { CreateAliasCommand, CreateKeyCommand, type CreateKeyCommandInput, KMSClient } from '@aws-sdk/client-kms';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MAX_RECEIVE_COUNT, REQUIREMENTS } from '../../checks/message-queues/requirements.ts';
import { QUEUES, type Queue } from '../../src/config/contract.ts';
import { arnOf, nameOf } from '../checks/message-queues/sqs-world.ts';
import { SQL } from '../checks/mqtt-broker/iotcore-world.ts';
import type { Variables } from '../support/preflight.ts';
import { ACCOUNT, type Moto } from './moto.ts';

export const SIGNING = 'encryption/kms/signing-key';
/**
 * moto has no MQTT, runs no topic rule, tells of another endpoint each time that it is asked, breaks at a request without a
 * signature where policies hold, and signs a digest as if it was a message.
 */
export const LAX = [
  SIGNING,
  ...['round-trip', 'endpoint', 'delivery', 'control-plane'].map((rule) => `mqtt-broker/iotcore/${rule}`),
];

export interface Parts {
  readonly kms: KMSClient;
  readonly sqs: SQSClient;
  readonly iot: IoTClient;
  /** The part of a config that names them all. */
  readonly variables: Variables;
  /** ARNs. */
  readonly keys: { readonly encryption: string; readonly signing: string };
  close(): void;
}

export async function makeParts({ access }: Moto): Promise<Parts> {
  const [kms, sqs, iot] = [new KMSClient(access), new SQSClient(access), new IoTClient(access)];
  const [encryption, signing, queues, endpoint] = await Promise.all([
    makeKey(kms, 'encryption', {}),
    makeKey(kms, 'signing', { KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_4096' }),
    makeQueues(sqs),
    iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' })),
  ]);
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/spacelift-iot`;
  const queueUrl = queues[QUEUES.iot] ?? '';
  const topicRulePayload = {
    sql: SQL,
    awsIotSqlVersion: '2016-03-23',
    actions: [{ sqs: { queueUrl, roleArn, useBase64: true } }],
  };
  await iot.send(new CreateTopicRuleCommand({ ruleName: 'spacelift', topicRulePayload }));
  return {
    kms,
    sqs,
    iot,
    keys: { encryption, signing },
    variables: {
      ENCRYPTION_TYPE: 'kms',
      ENCRYPTION_KMS_ENCRYPTION_KEY_ID: encryption,
      ENCRYPTION_KMS_SIGNING_KEY_ID: signing,
      MESSAGE_QUEUE_TYPE: 'sqs',
      ...queues,
      MQTT_BROKER_TYPE: 'iotcore',
      MQTT_BROKER_ENDPOINT: endpoint.endpointAddress,
    },
    close: () => {
      for (const client of [kms, sqs, iot]) client.destroy();
    },
  };
}

/** @returns its ARN */
async function makeKey(kms: KMSClient, name: string, input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  const TargetKeyId = KeyMetadata?.KeyId ?? '';
  await kms.send(new CreateAliasCommand({ AliasName: `alias/spacelift-${name}`, TargetKeyId }));
  return KeyMetadata?.Arn ?? '';
}

/** Dead-letter queues first: moto refuses a redrive to a queue that is not there. */
async function makeQueues(sqs: SQSClient): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  const all = Object.keys(REQUIREMENTS) as Queue[];
  const make = async (queue: Queue) => {
    const { fifo, visibility, retention, deadLetters } = REQUIREMENTS[queue];
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({
        QueueName: nameOf(queue),
        Attributes: {
          VisibilityTimeout: String(visibility),
          ...(fifo && { FifoQueue: 'true' }),
          ...(retention !== undefined && { MessageRetentionPeriod: String(retention) }),
          ...(deadLetters !== undefined && {
            RedrivePolicy: JSON.stringify({
              deadLetterTargetArn: arnOf(deadLetters),
              maxReceiveCount: MAX_RECEIVE_COUNT,
            }),
          }),
        },
      }),
    );
    urls[QUEUES[queue]] = QueueUrl ?? '';
  };
  await Promise.all(all.filter((queue) => REQUIREMENTS[queue].deadLetters === undefined).map(make));
  await Promise.all(all.filter((queue) => REQUIREMENTS[queue].deadLetters !== undefined).map(make));
  return urls;
}
