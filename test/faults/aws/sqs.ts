/** Faults of the eight SQS queues. */
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import { config, once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { awsFaults, both, denies, forgetting, lacks, queue, queueOf } from './arrange.ts';

const ofQueue = (name: string, rule: string) => [`message-queues/${name}/${rule}`];
const url = (of: Queue, change: (value: string) => string): Arrange =>
  config((variables) => ({ [QUEUES[of]]: change(variables[QUEUES[of]] ?? '') }));

const redrive = (name: string, change: object): Arrange =>
  queue(name, (eks) => ({
    RedrivePolicy: JSON.stringify({ ...JSON.parse(queueOf(eks, name).attributes.RedrivePolicy ?? '{}'), ...change }),
  }));

const policy = (name: string, Effect: 'Allow' | 'Deny', Action: string): Arrange =>
  queue(name, (eks) => ({
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect, Principal: '*', Action, Resource: queueOf(eks, name).arn }],
    }),
  }));

/** A queue that is encrypted at rest with a key of its own. */
const encrypted =
  (state: 'Enabled' | 'Disabled'): Arrange =>
  (there) => {
    const { aws } = there.estate.eks;
    const key = aws.keys.create({ state });
    return both(
      queue('async', () => ({ KmsMasterKeyId: key.arn })),
      () => ({ undo: () => aws.keys.delete(key) }),
    )(there);
  };

const drain = (action: string): Fault => ({
  name: `sqs:${action} denied to the drain`,
  as: 'drain',
  arrange: lacks('drain', [`sqs:${action}`]),
  fail: ofQueue('async', 'access'),
  says: new RegExp(`the credentials lack sqs:${action}`),
  leaves: true,
});

const failing = (code: string, status: number, when: (request: string) => boolean = () => true): Arrange =>
  awsFaults({
    statusFor: ({ service, action, input }) =>
      service === 'sqs' && when(`${action} ${input.QueueUrl}`)
        ? { status, code, headers: { 'retry-after': '1' } }
        : undefined,
  });

export const SQS: readonly Fault[] = [
  {
    name: 'a queue that does not exist',
    arrange: url('webhooks', (value) => `${value}-old`),
    fail: ofQueue('webhooks', 'exists'),
    says: /queue spacelift-webhooks-old does not exist in eu-central-1, account 123456789012/,
  },
  {
    name: 'a dead-letter queue that does not exist',
    arrange: ({ estate: { eks } }) => {
      const held = queueOf(eks, 'dlq');
      eks.aws.queues.delete(held);
      return { undo: () => eks.aws.queues.create(held.name, held) };
    },
    fail: ofQueue('dlq', 'exists'),
    says: /queue spacelift-dlq does not exist in eu-central-1, account 123456789012/,
  },
  {
    name: 'a queue of another region',
    arrange: url('iot', (value) => value.replace('eu-central-1', 'eu-west-1')),
    fail: ofQueue('iot', 'exists'),
    says: /spacelift-iot is in eu-west-1, but AWS_REGION is eu-central-1/,
  },
  {
    name: 'all queues of another region',
    arrange: config((variables) =>
      Object.fromEntries(
        Object.values(QUEUES).map((name) => [name, variables[name]?.replace('eu-central-1', 'eu-west-1')]),
      ),
    ),
    fail: ofQueue('async', 'exists'),
    says: /AWS_REGION is eu-central-1, but the config names resources in eu-west-1/,
  },
  {
    name: 'a queue of another account',
    arrange: url('cronjobs', (value) => value.replace('123456789012', '210987654321')),
    fail: ofQueue('cronjobs', 'exists'),
    says: /queue spacelift-cronjobs does not exist in eu-central-1, account 210987654321\nAWS_ACCOUNT_ID is 123456789012/,
  },
  {
    name: 'a standard queue where a FIFO queue belongs',
    arrange: url('async-fifo', (value) => value.replace('async.fifo', 'webhooks')),
    fail: ofQueue('async-fifo', 'kind'),
    says: /spacelift-webhooks is a standard queue, but MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL must name a FIFO queue/,
  },
  {
    name: 'two queue URLs swapped',
    arrange: config((variables) => ({
      [QUEUES.async]: variables[QUEUES['async-fifo']],
      [QUEUES['async-fifo']]: variables[QUEUES.async],
    })),
    fail: ofQueue('async', 'kind'),
    says: /MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL and MESSAGE_QUEUE_SQS_ASYNC_URL are swapped/,
  },
  {
    name: 'dead letters that go to a queue of the wrong kind',
    arrange: redrive('events-inbox', {
      deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:123456789012:spacelift-dlq.fifo',
    }),
    fail: ofQueue('events-inbox', 'kind'),
    says: /spacelift-events-inbox is a standard queue, but its dead letters go to spacelift-dlq.fifo, which is a FIFO queue/,
  },
  {
    name: 'dead letters that go nowhere',
    arrange: redrive('async', { deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:123456789012:spacelift-dead' }),
    fail: ofQueue('async', 'kind'),
    says: /dead letters of spacelift-async go to spacelift-dead, which does not exist/,
  },
  {
    name: 'a short visibility timeout',
    arrange: queue('async', () => ({ VisibilityTimeout: '1' })),
    warn: ofQueue('async', 'settings'),
    says: /spacelift-async differs from the recommended settings: visibility timeout 1 s/,
  },
  {
    name: 'a queue without a redrive policy',
    arrange: queue('webhooks', () => ({ RedrivePolicy: undefined })),
    warn: ofQueue('webhooks', 'settings'),
    says: /spacelift-webhooks differs from the recommended settings: no redrive policy/,
  },
  {
    name: 'dead letters after a hundred receives',
    arrange: redrive('iot', { maxReceiveCount: 100 }),
    warn: ofQueue('iot', 'settings'),
    says: /spacelift-iot differs from the recommended settings: max receive count 100/,
  },
  {
    name: 'a queue that keeps messages for a day',
    arrange: queue('cronjobs', () => ({ MessageRetentionPeriod: '86400' })),
    warn: ofQueue('cronjobs', 'settings'),
    says: /spacelift-cronjobs differs from the recommended settings: retention 86400 s/,
  },
  {
    name: 'two variables, one queue',
    arrange: config((variables) => ({ [QUEUES['events-inbox']]: variables[QUEUES.cronjobs] })),
    warn: ofQueue('events-inbox', 'settings'),
    says: /MESSAGE_QUEUE_SQS_CRONJOBS_URL also names it/,
  },
  drain('SendMessage'),
  drain('ReceiveMessage'),
  drain('DeleteMessage'),
  drain('ChangeMessageVisibility'),
  drain('GetQueueAttributes'),
  {
    name: 'one queue that the drain may not read',
    as: 'drain',
    arrange: denies('drain', 'sqs:ReceiveMessage', 'arn:aws:sqs:*:*:spacelift-webhooks'),
    fail: ofQueue('webhooks', 'access'),
    says: /the credentials lack sqs:ReceiveMessage on spacelift-webhooks\n.*an identity-based policy denies it/,
    leaves: true,
  },
  {
    name: 'a queue’s policy that denies receiving',
    as: 'drain',
    arrange: both(policy('cronjobs', 'Deny', 'sqs:ReceiveMessage'), forgetting),
    fail: ofQueue('cronjobs', 'access'),
    says: /the credentials lack sqs:ReceiveMessage on spacelift-cronjobs\nrole\/spacelift-drain: a queue policy denies it/,
    leaves: true,
  },
  {
    name: 'a queue whose key is disabled',
    arrange: encrypted('Disabled'),
    fail: ofQueue('async', 'access'),
    says: /the key that encrypts spacelift-async is disabled/,
  },
  {
    name: 'a queue whose key the drain may not use',
    as: 'drain',
    arrange: both(encrypted('Enabled'), forgetting),
    fail: ofQueue('async', 'access'),
    says: /the credentials lack kms:\w+ on the key that encrypts spacelift-async/,
    leaves: true,
  },
  { name: 'a queue that is encrypted at rest', arrange: encrypted('Enabled') },
  {
    name: 'queues that are written as names',
    arrange: config((variables) =>
      Object.fromEntries(Object.values(QUEUES).map((name) => [name, variables[name]?.replace(/.*\//, '')])),
    ),
  },
  {
    name: 'messages of somebody else in a queue',
    arrange: ({ estate: { eks } }) => {
      const held = queueOf(eks, 'webhooks');
      const message = held.send({ body: 'somebody’s', sender: 'somebody' });
      return { undo: () => held.remove(message) };
    },
  },
  { name: 'an SQS that fails once', arrange: (there) => failing('InternalError', 500, once())(there) },
  { name: 'an SQS that throttles once', arrange: (there) => failing('ThrottlingException', 400, once())(there) },
  {
    name: 'an SQS that always fails',
    arrange: failing('InternalError', 503),
    fail: ofQueue('async', 'exists'),
    says: /SQS failed \(HTTP 503\)/,
  },
  { name: 'an SQS that always throttles', arrange: failing('ThrottlingException', 400) },
];
