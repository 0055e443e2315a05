/**
 * One message, there and back: sent, received, compared and deleted. Only on a queue that is empty, which nobody uses yet,
 * and from which receiving and deleting are permitted. Messages of others that turn up all the same are put back.
 */
import type { Run } from '../../../engine/check.ts';
import { unlessAborted } from '../../../engine/timeouts.ts';
import { advice, type Fix, sh } from '../../../outcome/fix.ts';
import { AwsError, isBusy } from '../call.ts';
import { CredentialError } from '../errors.ts';
import { type Received, type Sqs, until } from './client.ts';
import type { Address } from './queue-url.ts';

/** In seconds: how long one request waits for a message. */
const WAIT = 1;
/** In ms: how long a message may take from one end of a queue to the other. */
const PATIENCE_MS = 5_000;
/**
 * In seconds: how long a message that was received is hidden. So long that who waits for one of its own receives that of a
 * stranger but once: what is received more than three times ends as a dead letter.
 */
const VISIBILITY = 9;
/** In ms: until one's own message, whose receipt was lost, is in sight again; below what clearing up may take. */
const CLEARING_MS = 9_500;
/** In ms: a little more than one request waits. */
const GRACE_MS = 1_500;
/** In ms: for a message that was waited for already. */
const AFTERWARDS_MS = 1_000;

/** Receives without waiting, to see that it is permitted. @returns whether the queue was empty, as it should have been */
export async function receiveNothing(run: Run, sqs: Sqs, { url }: Address): Promise<boolean> {
  const found = await sqs.receive(run, url, { wait: 0, visibility: VISIBILITY });
  await Promise.all(found.map(({ receipt }) => sqs.postpone(run, url, receipt, 0)));
  return found.length === 0;
}

/** What came back: the same, something else, or nothing in time. */
export type Return = 'same' | 'different' | 'lost';

/** @throws CredentialError, AwsError, NetworkError */
export async function roundTrip(run: Run, sqs: Sqs, address: Address): Promise<Return> {
  const { url, name, variable } = address;
  const mark = `${run.id} ${variable}`;
  const body = `spacelift-preflight ${mark}`;
  const isOwn = (received: string) => received.includes(mark);
  const receiver = new MessageReceiver(sqs, url, isOwn);
  let sending: Promise<void> | undefined;
  let times = 0;
  let patienceMs = CLEARING_MS;
  const removal = run.cleanup(`a message in ${name}: "${body}"`, removeCommand(url), async (signal) => {
    if ((await sending?.catch(unsent)) === false) return;
    if (!(await receiver.clear(until(run, signal), patienceMs, times))) throw new Error('it did not come back');
  });
  const fifo = address.fifo ? { fifo: { group: 'spacelift-preflight', deduplication: run.id } } : {};
  // Its answer is waited for whatever ends the run: without it nobody knows what there is to remove.
  const send = () => {
    times++;
    return sqs.send(until(run, new AbortController().signal), url, { body, ...fifo });
  };
  try {
    sending = send().catch((error: unknown) => (isBusy(error) && !run.signal.aborted ? send() : Promise.reject(error)));
    await sending;
  } catch (error) {
    if (unsent(error) === false) removal.done();
    throw error;
  }
  const received = await receiver.take(run, PATIENCE_MS, times);
  if (received === undefined) {
    patienceMs = AFTERWARDS_MS;
    return 'lost';
  }
  removal.done();
  return received === body ? 'same' : 'different';
}

/** `false` when an error means that nothing was sent; `undefined` when it may have been. */
function unsent(error: unknown): false | undefined {
  if (error instanceof AwsError) return error.kind === 'server-error' ? undefined : false;
  return error instanceof CredentialError ? false : undefined;
}

/** Takes one's own message out of a queue; all others are put back in the end. */
export class MessageReceiver {
  readonly #sqs: Sqs;
  readonly #url: string;
  readonly #isOwn: (body: string) => boolean;
  #round: Promise<void> = Promise.resolve();
  readonly #taken: string[] = [];
  readonly #others: Received[] = [];

  constructor(sqs: Sqs, url: string, isOwn: (body: string) => boolean) {
    this.#sqs = sqs;
    this.#url = url;
    this.#isOwn = isOwn;
  }

  /**
   * Receives until the message is there, and deletes it.
   * @param most how many of one's own there may be: after the first, the others are waited for a second
   * @returns the body of the first; `undefined` when none came in time
   */
  async take(run: Run, patienceMs: number = PATIENCE_MS, most = 1): Promise<string | undefined> {
    let end = performance.now() + patienceMs;
    // The run's end does not cut a request off: nobody would know what it took out of the queue.
    const steady = until(run, new AbortController().signal);
    try {
      while (this.#taken.length < most && performance.now() < end) {
        const before = this.#taken.length;
        this.#round = this.#receive(steady);
        await unlessAborted(run.signal, this.#round);
        if (this.#taken.length > before) end = Math.min(end, performance.now() + AFTERWARDS_MS);
      }
      return this.#taken[0];
    } finally {
      // One that can't be put back comes into sight by itself.
      const back = this.#others.splice(0).map(({ receipt }) => this.#sqs.postpone(steady, this.#url, receipt, 0));
      await Promise.allSettled(back);
    }
  }

  /**
   * Once the run has ended: what is under way may end, and what is not taken then is looked for.
   * @returns whether one's own message is gone
   */
  async clear(run: Run, patienceMs: number, most = 1): Promise<boolean> {
    await run.withTimeout(GRACE_MS, () => this.#round).catch(() => {});
    const remaining = this.#taken.length === 0 ? patienceMs : AFTERWARDS_MS;
    return (await this.take(run, remaining, most)) !== undefined;
  }

  async #receive(run: Run): Promise<void> {
    const found = await this.#sqs.receive(run, this.#url, { wait: WAIT, visibility: VISIBILITY });
    const own = found.filter(({ body }) => this.#isOwn(body));
    this.#others.push(...found.filter((message) => !own.includes(message)));
    await Promise.all(own.map(({ receipt }) => this.#sqs.delete(run, this.#url, receipt)));
    this.#taken.push(...own.map(({ body }) => body));
  }
}

/** What a person runs to remove a message. */
export const removeCommand = (url: string): Fix =>
  advice`${sh`aws sqs receive-message --queue-url ${url} --visibility-timeout 30`}, then ${sh`aws sqs delete-message --queue-url ${url} --receipt-handle RECEIPT_HANDLE`}`;
