import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { type AwsOptions, type AwsUser, administrator } from './index.ts';
import { as, limited, refused, start } from './testing.ts';

async function withQueue(name = 'async', attributes: Record<string, string> = {}, options: AwsOptions = {}) {
  const aws = await start(options);
  const queue = aws.queues.create(name, { attributes });
  const client = (user?: AwsUser, region?: string) => new SQSClient(as(aws, user, region));
  const sqs = client();
  const QueueUrl = queue.url;
  const send = (input: Partial<SendMessageCommandInput> = {}) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello', ...input }));
  const receive = async (input: Partial<ReceiveMessageCommandInput> = {}) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...input }))).Messages ?? [];
  const attribute = async (...AttributeNames: string[]) =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: AttributeNames as ['All'] }))).Attributes;
  return { aws, queue, client, sqs, QueueUrl, send, receive, attribute };
}

test('sends, receives and deletes', async () => {
  const { aws, sqs, QueueUrl, send, receive } = await withQueue();
  const before = aws.snapshot();
  const MessageAttributes = { run: { DataType: 'String', StringValue: '7' } };
  const { MessageId } = await send({ MessageAttributes });
  expect(aws.snapshot()).not.toEqual(before);
  const [message] = await receive({ MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
  expect(message).toMatchObject({ MessageId, Body: 'hello', MessageAttributes });
  expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', SenderId: 'AIDAIOSFODNN7EXAMPLE' });
  expect(await receive()).toEqual([]);
  const ReceiptHandle = message?.ReceiptHandle;
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  // Twice is no error.
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  expect(aws.snapshot()).toEqual(before);
});

test('attributes and counts', async () => {
  const redrive = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:123456789012:dlq',
    maxReceiveCount: 3,
  });
  const { queue, attribute, send, receive } = await withQueue('async', {
    VisibilityTimeout: '300',
    RedrivePolicy: redrive,
  });
  expect(await attribute('All')).toMatchObject({
    QueueArn: queue.arn,
    VisibilityTimeout: '300',
    MessageRetentionPeriod: '345600',
    RedrivePolicy: redrive,
    SqsManagedSseEnabled: 'true',
  });
  expect(await attribute('VisibilityTimeout')).toEqual({ VisibilityTimeout: '300' });
  // A standard queue has no such attribute: it is left out.
  expect(await attribute('FifoQueue')).toBeUndefined();
  await expect(attribute('Nonsense')).rejects.toEqual(
    refused('InvalidAttributeName', /^Unknown Attribute Nonsense\.$/),
  );
  await send({ MessageBody: 'first' });
  await send({ MessageBody: 'delayed', DelaySeconds: 60 });
  const counts = ['', 'NotVisible', 'Delayed'].map((what) => `ApproximateNumberOfMessages${what}`);
  expect(Object.values((await attribute(...counts)) ?? {})).toEqual(['1', '0', '1']);
  await receive();
  expect(Object.values((await attribute(...counts)) ?? {})).toEqual(['0', '1', '1']);
});

test('visibility: a message comes back, sooner or later as told', async () => {
  const { sqs, QueueUrl, send, receive } = await withQueue();
  await send();
  const [message] = await receive();
  const visibility = (VisibilityTimeout: number) =>
    sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
    );
  await visibility(0);
  await expect(visibility(5)).rejects.toEqual(
    refused('InvalidParameterValue', /not available for visibility timeout change/),
  );
  expect(await receive({ VisibilityTimeout: 1 })).toHaveLength(1);
  expect(await receive()).toEqual([]);
  const [again] = await receive({ WaitTimeSeconds: 5, MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
  expect(again?.Attributes).toEqual({ ApproximateReceiveCount: '3' });
});

test('waits for a message that comes', async () => {
  const { send, receive } = await withQueue();
  const waiting = receive({ WaitTimeSeconds: 20 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await send();
  // Longer than what came can have waited, unless it were only looked for at the end.
  const half = new Promise((resolve) => setTimeout(resolve, 10_000, 'the end').unref());
  expect(await Promise.race([waiting, half])).toHaveLength(1);
});

test('FIFO: order within groups, deduplication, and what each kind of queue refuses', async () => {
  const { send, receive, sqs, QueueUrl, attribute } = await withQueue('async.fifo');
  expect(await attribute('FifoQueue')).toEqual({ FifoQueue: 'true' });
  await expect(send()).rejects.toEqual(refused('MissingParameter', /MessageGroupId/));
  await expect(send({ MessageGroupId: 'a' })).rejects.toEqual(
    refused('InvalidParameterValue', /ContentBasedDeduplication/),
  );
  const to = (group: string, id: string) =>
    send({ MessageGroupId: group, MessageDeduplicationId: id, MessageBody: id });
  const first = await to('a', '1');
  expect((await to('a', '1')).MessageId).toBe(first.MessageId);
  await to('a', '2');
  await to('b', '3');
  const bodies = async (most: number) => (await receive({ MaxNumberOfMessages: most })).map(({ Body }) => Body);
  const [one] = await receive({ MaxNumberOfMessages: 1 });
  expect(one?.Body).toBe('1');
  expect(await bodies(10)).toEqual(['3']);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: one?.ReceiptHandle }));
  expect(await bodies(10)).toEqual(['2']);
  const standard = await withQueue();
  await expect(standard.send({ MessageDeduplicationId: 'x' })).rejects.toEqual(
    refused('InvalidParameterValue', /queue type/),
  );
});

test('redrive: what is received too often goes to the dead-letter queue', async () => {
  const aws = await start();
  const dlq = aws.queues.create('dlq');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 });
  const { url: QueueUrl, messages } = aws.queues.create('async', { attributes: { RedrivePolicy } });
  const sqs = new SQSClient(as(aws));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
  expect(messages).toEqual([]);
  expect(dlq.messages).toMatchObject([{ body: 'poison' }]);
});

test('a receipt handle that was never given: told only to those who may delete, of a queue that exists', async () => {
  const user = limited({ Action: 'sqs:SendMessage', Resource: '*' });
  const { client, sqs, QueueUrl } = await withQueue('async', {}, { users: [administrator, user] });
  const remove = (who: SQSClient, url = QueueUrl) =>
    who.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: 'spacelift-preflight' }));
  await expect(remove(sqs)).rejects.toEqual(
    refused(
      'ReceiptHandleIsInvalid',
      /^The input receipt handle "spacelift-preflight" is not a valid receipt handle\.$/,
    ),
  );
  await expect(remove(client(user))).rejects.toEqual(refused('AccessDenied', /sqs:deletemessage/));
  await expect(remove(sqs, `${QueueUrl}-gone`)).rejects.toEqual(refused('QueueDoesNotExist'));
});

test('queues that are not there, in another region, or of another account', async () => {
  const { aws, queue, sqs, client } = await withQueue('async', {}, { otherRegions: ['eu-west-1'] });
  const look = (QueueUrl: string, who = sqs) => who.send(new GetQueueAttributesCommand({ QueueUrl }));
  const missing = expect.objectContaining({
    name: 'QueueDoesNotExist',
    message: 'The specified queue does not exist.',
    Code: 'AWS.SimpleQueueService.NonExistentQueue',
  });
  await expect(look(`${queue.url}2`)).rejects.toEqual(missing);
  await expect(look(queue.url, client(undefined, 'eu-west-1'))).rejects.toEqual(missing);
  // The host of a URL does not count, only its path and the region of the endpoint.
  await look(queue.url.replace('eu-central-1', 'us-east-1'));
  await expect(look('https://sqs.eu-central-1.amazonaws.com/async')).rejects.toEqual(
    refused('InvalidAddress', /is not valid for this endpoint/),
  );
  expect(await sqs.send(new GetQueueUrlCommand({ QueueName: 'async' }))).toMatchObject({ QueueUrl: queue.url });
  const foreign = aws.queues.create('theirs', { account: '999999999999' });
  await expect(look(foreign.url)).rejects.toEqual(
    refused('AccessDenied', /no resource-based policy allows the sqs:getqueueattributes/),
  );
  await expect(look(`${foreign.url}-gone`)).rejects.toEqual(missing);
  const principal = { AWS: '123456789012' };
  const Statement = [{ Effect: 'Allow', Principal: principal, Action: 'sqs:*', Resource: foreign.arn }];
  foreign.attributes.Policy = JSON.stringify({ Statement });
  await look(foreign.url);
});

test('a queue that a key encrypts: what KMS refuses is passed on as such', async () => {
  const user = limited({ Action: 'sqs:*', Resource: '*' });
  const { aws, queue, client, attribute } = await withQueue('async', {}, { users: [administrator, user] });
  const key = aws.keys.create({ aliases: ['queues'] });
  queue.attributes.KmsMasterKeyId = 'alias/queues';
  expect(await attribute('KmsMasterKeyId')).toEqual({ KmsMasterKeyId: 'alias/queues' });
  const QueueUrl = queue.url;
  const send = (who = client(user)) => who.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  await expect(send()).rejects.toMatchObject({ name: 'KmsAccessDenied', Code: 'KMS.AccessDeniedException' });
  const words = `kms:GenerateDataKey on resource: ${key.arn} because no identity-based .* \\(Service: AWSKMS; Status Code: 400`;
  await expect(send()).rejects.toEqual(refused('KmsAccessDenied', words));
  const received = client(user).send(new ReceiveMessageCommand({ QueueUrl }));
  await expect(received).rejects.toEqual(refused('KmsAccessDenied', `kms:Decrypt on resource: ${key.arn}`));
  key.state = 'Disabled';
  await expect(send(client())).rejects.toMatchObject({ name: 'KmsDisabled', Code: 'KMS.DisabledException' });
  key.state = 'Enabled';
  await send(client());
});
