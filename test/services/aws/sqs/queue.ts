/** One SQS queue: visibility, order within message groups, deduplication, redrive and retention (SQS developer guide). */
import { createHash, randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../../policy.ts';
import type { Place } from '../place.ts';
import { sqsError } from './errors.ts';

export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

export interface Sending {
  body: string;
  /** The principal's id. */
  sender: string;
  groupId?: string | undefined;
  deduplicationId?: string | undefined;
  /** Seconds. */
  delay?: number | undefined;
  attributes?: Record<string, MessageAttribute> | undefined;
}

export interface Message extends Sending {
  readonly id: string;
  readonly sentAt: number;
  readonly sequence: string | undefined;
  /** Milliseconds since the epoch; later than now while delayed or in flight. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
}

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number | string;
}

const deduplicationWindow = 5 * 60_000;

export class Queue {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly arn: string;
  readonly url: string;
  readonly fifo: boolean;
  /** As `GetQueueAttributes` tells them, without the counts; may be changed while the server runs. */
  attributes: Record<string, string>;
  /** Oldest first. */
  readonly messages: Message[] = [];
  readonly #now: () => number;
  readonly #deduplicated = new Map<string, { message: Message; at: number }>();
  #sent = 0;
  #waiting = new Set<() => void>();

  constructor(name: string, attributes: Record<string, string>, place: Place, now: () => number) {
    const { partition, region, account } = place;
    this.name = name;
    this.region = region;
    this.account = account;
    this.fifo = name.endsWith('.fifo');
    this.arn = `arn:${partition}:sqs:${region}:${account}:${name}`;
    this.url = `https://sqs.${region}.${dnsSuffix(partition)}/${account}/${name}`;
    this.#now = now;
    const created = String(Math.floor(now() / 1000));
    this.attributes = {
      QueueArn: this.arn,
      CreatedTimestamp: created,
      LastModifiedTimestamp: created,
      VisibilityTimeout: '30',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
      ...(this.fifo && {
        FifoQueue: 'true',
        ContentBasedDeduplication: 'false',
        DeduplicationScope: 'queue',
        FifoThroughputLimit: 'perQueue',
      }),
      ...(attributes.KmsMasterKeyId === undefined
        ? { SqsManagedSseEnabled: 'true' }
        : { SqsManagedSseEnabled: 'false', KmsDataKeyReusePeriodSeconds: '300' }),
      ...attributes,
    };
  }

  get policy(): PolicyDocument | undefined {
    const text = this.attributes.Policy;
    return text === undefined || text === '' ? undefined : (JSON.parse(text) as PolicyDocument);
  }

  get redrive(): RedrivePolicy | undefined {
    const text = this.attributes.RedrivePolicy;
    return text === undefined || text === '' ? undefined : (JSON.parse(text) as RedrivePolicy);
  }

  /** @throws {AwsError} when a FIFO queue's parameters are missing, or given to a standard queue that has none. */
  send(sending: Sending): Message {
    const now = this.#now();
    const { body } = sending;
    if (Buffer.byteLength(body) > Number(this.attributes.MaximumMessageSize)) {
      const most = this.attributes.MaximumMessageSize;
      throw sqsError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`,
      );
    }
    const deduplicationId = this.#deduplicationId(sending);
    const seen = this.#deduplicated.get(deduplicationId ?? '');
    if (seen !== undefined && now - seen.at < deduplicationWindow) return seen.message;
    const delay = (sending.delay ?? Number(this.attributes.DelaySeconds)) * 1000;
    const message: Message = {
      ...sending,
      deduplicationId,
      id: randomUUID(),
      sentAt: now,
      sequence: this.fifo ? String(18_850_000_000_000_000_000n + BigInt(++this.#sent)) : undefined,
      visibleAt: now + delay,
      receiveCount: 0,
      firstReceivedAt: undefined,
    };
    if (deduplicationId !== undefined) this.#deduplicated.set(deduplicationId, { message, at: now });
    this.add(message);
    return message;
  }

  /** Puts a message in as it is, as redrive does. */
  add(message: Message): void {
    this.messages.push(message);
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when a message comes, or the signal aborts, or after `ms`. */
  arrival(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
      if (signal.aborted) done();
    });
  }

  /** Takes up to `most` visible messages into flight; those received too often go to the dead-letter queue. */
  receive(most: number, visibilityTimeout: number, deadLetters: (arn: string) => Queue | undefined): Message[] {
    this.#expire();
    const now = this.#now();
    const redrive = this.redrive;
    const taken: Message[] = [];
    const blocked = new Set(this.messages.filter((m) => m.visibleAt > now).map(({ groupId }) => groupId));
    for (const message of [...this.messages]) {
      if (taken.length === most) break;
      if (message.visibleAt > now || (this.fifo && blocked.has(message.groupId))) continue;
      const target = redrive === undefined ? undefined : deadLetters(redrive.deadLetterTargetArn);
      if (redrive !== undefined && target !== undefined && message.receiveCount >= Number(redrive.maxReceiveCount)) {
        this.remove(message);
        target.add(message);
        continue;
      }
      message.receiveCount++;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilityTimeout * 1000;
      taken.push(message);
    }
    return taken;
  }

  /** Hides a message that is in flight for so many seconds from now; false when it isn't in flight. */
  postpone(message: Message, seconds: number): boolean {
    const now = this.#now();
    if (message.visibleAt <= now) return false;
    message.visibleAt = now + seconds * 1000;
    return true;
  }

  remove(message: Message): void {
    const at = this.messages.indexOf(message);
    if (at >= 0) this.messages.splice(at, 1);
  }

  counts(): Record<string, string> {
    this.#expire();
    const now = this.#now();
    const hidden = this.messages.filter(({ visibleAt }) => visibleAt > now);
    const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0).length;
    return {
      ApproximateNumberOfMessages: String(this.messages.length - hidden.length),
      ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    };
  }

  #expire(): void {
    const oldest = this.#now() - Number(this.attributes.MessageRetentionPeriod) * 1000;
    for (const message of this.messages.filter(({ sentAt }) => sentAt < oldest)) this.remove(message);
  }

  #deduplicationId({ body, groupId, deduplicationId }: Sending): string | undefined {
    if (!this.fifo) {
      if (deduplicationId === undefined) return undefined;
      throw sqsError(
        'InvalidParameterValue',
        `Value ${deduplicationId} for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type.`,
      );
    }
    if (groupId === undefined) {
      throw sqsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
    }
    if (deduplicationId !== undefined) return deduplicationId;
    if (this.attributes.ContentBasedDeduplication === 'true') return createHash('sha256').update(body).digest('hex');
    throw sqsError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
}

export function dnsSuffix(partition: string): string {
  return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}
