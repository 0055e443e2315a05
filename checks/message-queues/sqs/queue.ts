/** One queue of a run: where it is, and what was seen of it, asked once for all of its rules. */

import { isMissing, type Sqs } from '../../../src/clouds/aws/sqs/client.ts';
import { type Address, addressIn } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import type { Run } from '../../../src/engine/check.ts';
import { type Duty, dutyOf, NEEDS, type Needs, type Operation } from '../requirements.ts';

export class Desk {
  readonly run: Run;
  readonly sqs: Sqs;
  readonly queue: Queue;
  readonly address: Address;
  readonly needs: Needs;
  readonly #others: ReadonlyMap<Queue, Desk>;
  readonly #targets = new Map<string, Promise<boolean | undefined>>();
  /** The key that encrypts the queue at rest, as far as it was seen. */
  seenKey: string | undefined;

  /** @param others the queues whose variables are known, this one among them */
  constructor(run: Run, sqs: Sqs, queue: Queue, others: ReadonlyMap<Queue, Desk>) {
    this.run = run;
    this.sqs = sqs;
    this.queue = queue;
    this.address = addressIn(run, QUEUES[queue]);
    this.needs = NEEDS[queue];
    this.#others = others;
  }

  duty(operation: Operation): Duty {
    return dutyOf(this.run, this.queue, operation);
  }

  /** Whether the URL is of another account than the installation's. */
  get isForeign(): boolean {
    const configured = this.run.deployment.lookup('AWS_ACCOUNT_ID');
    return configured.state === 'set' && configured.value !== this.address.account;
  }

  /** Whether its name ends as its kind asks: in `.fifo` or not. */
  get isRightKind(): boolean {
    return this.address.fifo === this.needs.fifo;
  }

  /** The dead-letter queue of the config, when it can be one. */
  get deadLetters(): Desk | undefined {
    const { deadLetters } = this.needs;
    const desk = deadLetters === undefined ? undefined : this.#others.get(deadLetters);
    return desk?.isRightKind === true ? desk : undefined;
  }

  /** The ARNs of the queues on which an operation must succeed. */
  arnsFor(operation: Operation): string[] {
    return [...this.#others.values()]
      .filter((desk) => desk.duty(operation) !== undefined)
      .map(({ address }) => address.arn);
  }

  /** The variables before this one that name the same queue, and are right to. */
  get shared(): string[] {
    const all = [...this.#others.values()];
    const before = all.slice(0, all.indexOf(this));
    return before
      .filter(({ address, isRightKind }) => address.arn === this.address.arn && isRightKind)
      .map(({ address }) => address.variable);
  }

  /** Whether another queue is there; `undefined` when these credentials may not look. */
  isThere(arn: string): Promise<boolean | undefined> {
    const asked = this.#targets.get(arn) ?? this.#find(arn);
    this.#targets.set(arn, asked);
    return asked;
  }

  async #find(arn: string): Promise<boolean | undefined> {
    const { run, sqs, address } = this;
    const [account, name] = arn.split(':').slice(4);
    try {
      await sqs.attributes(run, `${new URL(address.url).origin}/${account}/${name}`);
      return true;
    } catch (error) {
      run.signal.throwIfAborted();
      return isMissing(error) ? false : undefined;
    }
  }

  /** The other of two queues whose variables are easily swapped. */
  get twin(): Desk | undefined {
    const twin = TWINS[this.queue];
    return twin === undefined ? undefined : this.#others.get(twin);
  }
}

const TWINS: Partial<Record<Queue, Queue>> = {
  async: 'async-fifo',
  'async-fifo': 'async',
  dlq: 'dlq-fifo',
  'dlq-fifo': 'dlq',
};
