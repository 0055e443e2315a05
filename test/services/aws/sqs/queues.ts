/** All queues, and how callers name them. */
import type { Place } from '../place.ts';
import { sqsError } from './errors.ts';
import { Queue } from './queue.ts';

export interface QueueOptions {
  /** As in `SetQueueAttributes`: all values are strings, `RedrivePolicy` and `Policy` hold JSON. */
  attributes?: Record<string, string>;
  region?: string;
  account?: string;
}

export class QueueStore {
  readonly #place: Place;
  readonly #queues: Queue[] = [];
  readonly #now: () => number;

  constructor(place: Place, now: () => number) {
    this.#place = place;
    this.#now = now;
  }

  /** FIFO when the name ends in `.fifo`. */
  create(name: string, { attributes = {}, ...where }: QueueOptions = {}): Queue {
    const queue = new Queue(name, attributes, { ...this.#place, ...where }, this.#now);
    this.#queues.push(queue);
    return queue;
  }

  delete(queue: Queue): void {
    this.#queues.splice(this.#queues.indexOf(queue), 1);
  }

  all(): readonly Queue[] {
    return this.#queues;
  }

  byArn(arn: string): Queue | undefined {
    return this.#queues.find((queue) => queue.arn === arn);
  }

  /** What a URL means at a region's endpoint: only its path counts, never its host.
   * @throws {AwsError} InvalidAddress */
  address(url: string, region: string): { arn: string; account: string } {
    const path = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([\w-]{1,80}(?:\.fifo)?)\/?$/.exec(url);
    if (path === null) {
      throw sqsError('InvalidAddress', `The address ${url} is not valid for this endpoint.`, 404);
    }
    const [, account = '', name] = path;
    return { arn: `arn:${this.#place.partition}:sqs:${region}:${account}:${name}`, account };
  }
}
