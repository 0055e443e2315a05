/** What SQS does (SQS API reference), by its JSON protocol. */
import { createHash } from 'node:crypto';
import { accountOf, authorize } from '../authorize.ts';
import { type Call, list, type Operation, optional } from '../call.ts';
import { requireKey } from './encryption.ts';
import { sqsError } from './errors.ts';
import { dnsSuffix, type Message, type MessageAttribute, type Queue } from './queue.ts';

const readable = new Set(
  'QueueArn CreatedTimestamp LastModifiedTimestamp VisibilityTimeout MaximumMessageSize MessageRetentionPeriod DelaySeconds ReceiveMessageWaitTimeSeconds FifoQueue ContentBasedDeduplication DeduplicationScope FifoThroughputLimit RedrivePolicy RedriveAllowPolicy Policy KmsMasterKeyId KmsDataKeyReusePeriodSeconds SqsManagedSseEnabled ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesDelayed'.split(
    ' ',
  ),
);

export const sqs: Record<string, Operation> = {
  GetQueueUrl(call) {
    const { world, region, user } = call;
    const account = optional(call, 'QueueOwnerAWSAccountId') ?? accountOf(user);
    const host = `https://sqs.${region}.${dnsSuffix(world.partition)}`;
    return { QueueUrl: find(call, `${host}/${account}/${needed(call, 'QueueName')}`).url };
  },

  GetQueueAttributes(call) {
    const queue = find(call);
    const wanted = list(call, 'AttributeNames');
    const unknown = wanted.find((name) => name !== 'All' && !readable.has(name));
    if (unknown !== undefined) throw sqsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const all = Object.entries({ ...queue.attributes, ...queue.counts() });
    const told = all.filter(([name]) => wanted.includes('All') || wanted.includes(name));
    return told.length === 0 ? {} : { Attributes: Object.fromEntries(told) };
  },

  SetQueueAttributes(call) {
    const queue = find(call);
    queue.attributes = { ...queue.attributes, ...settable(call) };
    return {};
  },

  CreateQueue(call) {
    const { world, region, user } = call;
    const name = needed(call, 'QueueName');
    const account = accountOf(user);
    const arn = `arn:${world.partition}:sqs:${region}:${account}:${name}`;
    authorize({ user, action: call.action.toLowerCase(), resource: arn, account });
    const attributes = settable(call);
    if ((attributes.FifoQueue === 'true') !== name.endsWith('.fifo')) {
      throw sqsError('InvalidParameterValue', 'The name of a FIFO queue can only end in .fifo.');
    }
    return { QueueUrl: (world.queues.byArn(arn) ?? world.queues.create(name, { attributes, region, account })).url };
  },

  SendMessage(call) {
    const queue = find(call);
    requireKey(call, queue, ['kms:GenerateDataKey', 'kms:Decrypt']);
    const body = needed(call, 'MessageBody');
    const delay = seconds(call, 'DelaySeconds');
    if (queue.fifo && delay !== undefined) {
      const reason = 'The request include parameter that is not valid for this queue type.';
      throw sqsError(
        'InvalidParameterValue',
        `Value ${delay} for parameter DelaySeconds is invalid. Reason: ${reason}`,
      );
    }
    const attributes = call.input.MessageAttributes as Record<string, MessageAttribute> | undefined;
    const message = queue.send({
      body,
      sender: call.user.accessKeyId.replace(/^AKIA/, 'AIDA'),
      groupId: optional(call, 'MessageGroupId'),
      deduplicationId: optional(call, 'MessageDeduplicationId'),
      delay,
      attributes,
    });
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(body),
      ...(attributes !== undefined && { MD5OfMessageAttributes: attributesMd5(attributes) }),
      ...(message.sequence !== undefined && { SequenceNumber: message.sequence }),
    };
  },

  async ReceiveMessage(call) {
    const queue = find(call);
    requireKey(call, queue, ['kms:Decrypt']);
    const most = Number(call.input.MaxNumberOfMessages ?? 1);
    if (most < 1 || most > 10) {
      throw sqsError(
        'InvalidParameterValue',
        `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    }
    const timeout = seconds(call, 'VisibilityTimeout') ?? Number(queue.attributes.VisibilityTimeout);
    const wait = seconds(call, 'WaitTimeSeconds') ?? Number(queue.attributes.ReceiveMessageWaitTimeSeconds);
    const until = Date.now() + wait * 1000;
    const take = () => queue.receive(most, timeout, (arn) => call.world.queues.byArn(arn));
    let messages = take();
    while (messages.length === 0 && Date.now() < until && !call.gone.aborted) {
      // A message may also come into sight without arriving.
      await queue.arrival(Math.min(200, until - Date.now()), call.gone);
      if (!call.gone.aborted) messages = take();
    }
    const system = [...list(call, 'AttributeNames'), ...list(call, 'MessageSystemAttributeNames')];
    const custom = list(call, 'MessageAttributeNames');
    return messages.length === 0 ? {} : { Messages: messages.map((message) => told(message, queue, system, custom)) };
  },

  DeleteMessage(call) {
    const queue = find(call);
    const message = byHandle(call, queue);
    if (message !== undefined) queue.remove(message);
    return {};
  },

  ChangeMessageVisibility(call) {
    const queue = find(call);
    const timeout = seconds(call, 'VisibilityTimeout');
    if (timeout === undefined)
      throw sqsError('MissingParameter', 'The request must contain the parameter VisibilityTimeout.');
    const message = byHandle(call, queue);
    if (message === undefined || !queue.postpone(message, timeout)) {
      throw sqsError(
        'InvalidParameterValue',
        `Value ${call.input.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    return {};
  },
};

/** The attributes in the input, all of which are texts. */
function settable(call: Call): Record<string, string> {
  const given = (call.input.Attributes ?? {}) as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (!readable.has(name) || typeof value !== 'string') {
      throw sqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    }
  }
  return given as Record<string, string>;
}

/** The queue that the input names. Permission is asked before it is told whether the queue exists. */
function find(call: Call, url = needed(call, 'QueueUrl')): Queue {
  const { world, user, region, action } = call;
  const { arn, account } = world.queues.address(url, region);
  const queue = world.queues.byArn(arn);
  // SQS writes actions in lower case in its denials.
  const asked = action.toLowerCase();
  if (queue === undefined && account !== accountOf(user)) throw missing();
  authorize({ user, action: asked, resource: arn, account, policy: queue?.policy });
  if (queue === undefined) throw missing();
  return queue;
}

function missing() {
  return sqsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

function needed(call: Call, name: string): string {
  const value = optional(call, name);
  if (value === undefined) throw sqsError('MissingParameter', `The request must contain the parameter ${name}.`);
  return value;
}

function seconds(call: Call, name: string): number | undefined {
  const value = call.input[name];
  if (value === undefined) return undefined;
  const limit = { WaitTimeSeconds: 20, DelaySeconds: 900 }[name] ?? 43_200;
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= limit) return Number(value);
  throw sqsError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${name} is invalid. Reason: Must be >= 0 and <= ${limit}, if provided.`,
  );
}

function told(message: Message, queue: Queue, system: string[], custom: string[]) {
  const known: Record<string, string | undefined> = {
    SenderId: message.sender,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    SequenceNumber: message.sequence,
  };
  const wanted = Object.entries(known).filter(
    ([name, value]) => value !== undefined && (system.includes('All') || system.includes(name)),
  );
  const attributes = Object.entries(message.attributes ?? {}).filter(
    ([name]) => custom.includes('All') || custom.includes('.*') || custom.includes(name),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: handle(message, queue),
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(wanted.length > 0 && { Attributes: Object.fromEntries(wanted) }),
    ...(attributes.length > 0 && {
      MessageAttributes: Object.fromEntries(attributes),
      MD5OfMessageAttributes: attributesMd5(Object.fromEntries(attributes)),
    }),
  };
}

function handle(message: Message, queue: Queue): string {
  return Buffer.from(`${queue.arn} ${message.id} ${message.receiveCount}`).toString('base64');
}

/** Undefined when the message is gone: to delete it again is no error.
 * @throws {AwsError} for a handle that this queue never gave. */
function byHandle(call: Call, queue: Queue): Message | undefined {
  const given = needed(call, 'ReceiptHandle');
  const [arn, id] = Buffer.from(given, 'base64').toString().split(' ');
  if (arn !== queue.arn) {
    throw sqsError('ReceiptHandleIsInvalid', `The input receipt handle "${given}" is not a valid receipt handle.`);
  }
  return queue.messages.find((message) => message.id === id);
}

function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex');
}

/** SQS developer guide, "Calculating the MD5 message digest for message attributes". */
function attributesMd5(attributes: Record<string, MessageAttribute>): string {
  const sized = (data: Buffer) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    return [size, data];
  };
  const parts = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { DataType, StringValue, BinaryValue }]) => [
      ...sized(Buffer.from(name)),
      ...sized(Buffer.from(DataType)),
      Buffer.from([BinaryValue === undefined ? 1 : 2]),
      ...sized(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64')),
    ]);
  return md5(Buffer.concat(parts));
}
