/** Sends a message from the topic that workers publish on to the queue that the drain reads. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { allowing } from '../../../src/clouds/aws/denial.ts';
import { CredentialError } from '../../../src/clouds/aws/errors.ts';
import { generalOutcome } from '../../../src/clouds/aws/messages.ts';
import { openSqs, type Sqs, until } from '../../../src/clouds/aws/sqs/client.ts';
import type { Address } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { MessageReceiver, removeCommand } from '../../../src/clouds/aws/sqs/receiver.ts';
import type { Context, Run } from '../../../src/engine/check.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, skip } from '../../../src/outcome/outcome.ts';
import { membersOf } from '../../../src/util/json.ts';
import { inspectIotQueue } from '../../message-queues/index.ts';
import { queuesFinding } from '../../message-queues/rules.ts';
import { type MqttRule, mqttFinding } from '../rules.ts';
import { type DataPlane, iotArn, notPermitted, openData } from './clients.ts';
import { namespaceOf, published } from './publish.ts';
import { findRule } from './rule.ts';

/** In ms: how long to wait for a message, and how long to look for a late one again at the end of the run. */
const WAIT_MS = 8_000;
const AFTERWARDS_MS = 1_000;

/** The queue's own findings come first: until then, it may contain messages that belong to another installation. */
const BEFORE = (['exists', 'kind', 'access'] as const).map((rule) => queuesFinding(`iot/${rule}`));

export async function checkDelivery(context: Context<MqttRule>): Promise<Outcome> {
  const { service } = context.deployment;
  if (service !== undefined) {
    return skip(`not tested: the ${service}’s role is not allowed to publish on workers’ topics`, {
      detail: 'Spacelift’s roles are allowed to publish on readonly topics only.',
      fix: advice`before installation, run this tool without --service, with an operator’s credentials`,
    });
  }
  const [publishing, rule] = await Promise.all([
    published(context),
    findRule(context),
    ...BEFORE.map((id) => context.dependsOn(id)),
  ]);
  if (publishing.status === 'fail') throw new CheckStopped(of('publish', publishing));
  const troubled = rule.outcome.status === 'fail' ? of('topic-rule', rule.outcome) : undefined;
  if (troubled !== undefined && rule.brings === undefined) throw new CheckStopped(troubled);
  const sqs = await openSqs(context);
  const { address, attributes, hindrance } = await inspectIotQueue(context, sqs);
  if (troubled !== undefined) {
    takeOut(context, address, rule.brings ?? '');
    throw new CheckStopped(troubled);
  }
  const hindered = await hindrance();
  if (hindered !== undefined) throw new CheckStopped(hindered);
  return await deliver(context, sqs, address, { roleArn: rule.roleArn, keyId: attributes.KmsMasterKeyId });
}

/** At the end, when everything is published: removes the messages that a wrong rule has sent to the queue. */
function takeOut(run: Run, { name, url }: Address, rule: string): void {
  const removal = `test messages that topic rule ${rule} sent to ${name}`;
  run.cleanup(removal, removeCommand(url), async (signal) => {
    const under = until(run, signal);
    const sqs = await openSqs(under);
    await new MessageReceiver(sqs, url, isOf(run)).take(under, AFTERWARDS_MS, Number.POSITIVE_INFINITY);
  });
}

/** Whether a message belongs to this run, as published or as a rule encodes it. */
const isOf = (run: Run) => (body: string) =>
  [body, decoded(body)].some((text) => text.includes('"preflight"') && text.includes(run.id));

const of = (rule: 'publish' | 'topic-rule', issue: Issue): Issue => ({
  ...issue,
  cause: issue.cause ?? cause.finding(mqttFinding(`iotcore/${rule}`)),
});

interface DeliverySettings {
  readonly roleArn: string | undefined;
  readonly keyId: string | undefined;
}

async function deliver(run: Run, sqs: Sqs, address: Address, settings: DeliverySettings): Promise<Outcome> {
  const data = await openData(run);
  const { name, url } = address;
  const topic = `${namespaceOf(run)}/writeonly/preflight/${run.id}`;
  const receiver = new MessageReceiver(sqs, url, isOf(run));
  const removal = run.cleanup(`a message in ${name}, published on ${topic}`, removeCommand(url), async (signal) => {
    await receiver.clear(until(run, signal), AFTERWARDS_MS);
  });
  try {
    await data.publish(run, topic, { preflight: run.id });
  } catch (error) {
    if (error instanceof CredentialError || (error instanceof AwsError && error.kind !== 'server-error')) {
      removal.done();
    }
    return refused(run, error, data, topic);
  }
  const body = await receiver.take(run, WAIT_MS);
  if (body === undefined) return lost(topic, address, settings);
  removal.done();
  const fault = faultIn(run, body);
  const shown = topic.replace(run.id, '…');
  if (fault === undefined) {
    return pass(`a message published on ${shown} arrived in ${name} and was removed`, {
      evidence: { topic, queue: name },
    });
  }
  return fail(`messages published on ${shown} arrive in ${name} ${fault}`, {
    expected: 'the base64-encoded message with timestamp, worker_pool_ulid, and worker_ulid',
    fix: advice`check the rule’s SQL and its action: ${sh`aws iot list-topic-rules`}, then ${sh`aws iot get-topic-rule --rule-name NAME`}`,
    evidence: { topic, queue: name },
  });
}

const decoded = (body: string): string => Buffer.from(body, 'base64').toString();

async function refused(run: Run, error: unknown, { target }: DataPlane, topic: string): Promise<Outcome> {
  if (error instanceof AwsError && error.kind === 'denied') {
    const resource = iotArn(run, `topic/${namespaceOf(run)}/writeonly/preflight/*`);
    return notPermitted('no message was published on workers’ topics', 'iot:Publish', resource);
  }
  const outcome = await generalOutcome(run, error, target);
  if (outcome !== undefined) return outcome;
  return fail(`IoT Core rejected a message: ${error instanceof AwsError ? error.code : 'unknown'}`, {
    expected: `IoT Core accepts a message on ${topic}`,
    fix: advice`look up the code in the IoT data plane API reference: Publish`,
    evidence: { topic },
  });
}

/** The fault that would keep Spacelift from reading the message. */
function faultIn(run: Run, body: string): string | undefined {
  const plain = decoded(body);
  if (!plain.includes(run.id)) return 'without base64 encoding';
  const { timestamp, worker_pool_ulid, worker_ulid } = membersOf(plain) ?? {};
  const wrong = [
    ...(typeof timestamp === 'number' ? [] : ['timestamp']),
    ...(worker_pool_ulid === 'preflight' ? [] : ['worker_pool_ulid']),
    ...(worker_ulid === run.id ? [] : ['worker_ulid']),
  ];
  return wrong.length === 0 ? undefined : `without a correct ${wrong.join(', ')}`;
}

/** IoT Core does not tell the publisher why an action failed. */
function lost(topic: string, { arn, name }: Address, { roleArn, keyId }: DeliverySettings): Issue {
  const key = keyId === undefined || keyId === '' || keyId === 'alias/aws/sqs' ? undefined : keyId;
  const statements = [
    allowing(['sqs:SendMessage'], arn),
    ...(key === undefined
      ? []
      : [allowing(['kms:GenerateDataKey', 'kms:Decrypt'], key.startsWith('arn:') ? key : `<ARN of ${key}>`)]),
  ];
  const role = roleArn === undefined ? 'the role in the rule’s SQS action' : roleArn.split(':').slice(5).join(':');
  return fail(`messages published on ${topic.split('/').slice(0, -1).join('/')}/… do not arrive in ${name}`, {
    detail: `Waited ${WAIT_MS / 1000} s. IoT Core accepted the message, but the rule’s action failed, most often because of its role.`,
    expected: `the message in ${name} within seconds`,
    fix: advice`allow iot.amazonaws.com to assume ${role}, and grant the role:\n${statements.join('\n')}\nthe log shows the reason: aws iot set-v2-logging-options`,
    evidence: { topic, queue: arn, ...(roleArn !== undefined && { role: roleArn }) },
  });
}
