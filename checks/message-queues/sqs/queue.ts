/** One queue of a run: its address and its attributes, read once for all of its rules. */

import { isMissing, type Sqs } from '../../../src/clouds/aws/sqs/client.ts';
import { type Address, addressIn } from '../../../src/clouds/aws/sqs/queue-url.ts';
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import type { Run } from '../../../src/engine/check.ts';
import {
  type QueueAction,
  type QueueRequirements,
  REQUIREMENTS,
  type RequiredBy,
  requiredBy,
} from '../requirements.ts';

export class QueueUnderTest {
  readonly run: Run;
  readonly sqs: Sqs;
  readonly queue: Queue;
  readonly address: Address;
  readonly needs: QueueRequirements;
  readonly #others: ReadonlyMap<Queue, QueueUnderTest>;
  readonly #targets = new Map<string, Promise<boolean | undefined>>();
  /** The key that encrypts the queue at rest, if it was seen. */
  seenKey: string | undefined;

  /** @param others the queues whose variables are known, this one among them */
  constructor(run: Run, sqs: Sqs, queue: Queue, others: ReadonlyMap<Queue, QueueUnderTest>) {
    this.run = run;
    this.sqs = sqs;
    this.queue = queue;
    this.address = addressIn(run, QUEUES[queue]);
    this.needs = REQUIREMENTS[queue];
    this.#others = others;
  }

  requiredBy(operation: QueueAction): RequiredBy {
    return requiredBy(this.run, this.queue, operation);
  }

  /** Whether the URL names an account other than the installation's. */
  get isForeign(): boolean {
    const configured = this.run.deployment.lookup('AWS_ACCOUNT_ID');
    return configured.state === 'set' && configured.value !== this.address.account;
  }

  /** Whether its name has the ending that its type requires: `.fifo` or not. */
  get isRightKind(): boolean {
    return this.address.fifo === this.needs.fifo;
  }

  /** The dead-letter queue in the config, if it has the right type. */
  get deadLetters(): QueueUnderTest | undefined {
    const { deadLetters } = this.needs;
    const underTest = deadLetters === undefined ? undefined : this.#others.get(deadLetters);
    return underTest?.isRightKind === true ? underTest : undefined;
  }

  /** The ARNs of the queues on which an operation must succeed. */
  arnsFor(operation: QueueAction): string[] {
    return [...this.#others.values()]
      .filter((underTest) => underTest.requiredBy(operation) !== undefined)
      .map(({ address }) => address.arn);
  }

  /** The variables before this one that name the same queue, and for which it has the right type. */
  get shared(): string[] {
    const all = [...this.#others.values()];
    const before = all.slice(0, all.indexOf(this));
    return before
      .filter(({ address, isRightKind }) => address.arn === this.address.arn && isRightKind)
      .map(({ address }) => address.variable);
  }

  /** Whether another queue exists; `undefined` if these credentials are not allowed to read it. */
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
  get twin(): QueueUnderTest | undefined {
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
