/**
 * The round trip of one message: sent, received, compared, and deleted. Only on a queue that is empty and not in use yet, and
 * with permission to receive and delete. If other messages turn up nevertheless, they are put back.
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
/** In ms: how long a message may take through a queue. */
const WAIT_MS = 5_000;
/**
 * In seconds: how long a received message is hidden. Long enough that a message from another sender is received only once
 * while waiting for our own: a message received more than three times becomes a dead letter.
 */
const VISIBILITY = 9;
/** In ms: until our own message is visible again after its receipt was lost; below the time limit of cleanup. */
const CLEARING_MS = 9_500;
/** In ms: a little longer than the wait of one request. */
const GRACE_MS = 1_500;
/** In ms: for a message that the run has already waited for. */
const AFTERWARDS_MS = 1_000;

/** Receives without waiting, to test the permission. @returns whether the queue was empty, as expected */
export async function receiveNothing(run: Run, sqs: Sqs, { url }: Address): Promise<boolean> {
  const found = await sqs.receive(run, url, { wait: 0, visibility: VISIBILITY });
  await Promise.all(found.map(({ receipt }) => sqs.postpone(run, url, receipt, 0)));
  return found.length === 0;
}

/** The result: the same message came back, a different one, or none in time. */
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
  let waitMs = CLEARING_MS;
  const removal = run.cleanup(`a message in ${name}: "${body}"`, removeCommand(url), async (signal) => {
    if ((await sending?.catch(unsent)) === false) return;
    if (!(await receiver.clear(until(run, signal), waitMs, times))) throw new Error('it did not come back');
  });
  const fifo = address.fifo ? { fifo: { group: 'spacelift-preflight', deduplication: run.id } } : {};
  // Its response is awaited even if the run ends: without it, it is not known what to remove.
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
  const received = await receiver.take(run, WAIT_MS, times);
  if (received === undefined) {
    waitMs = AFTERWARDS_MS;
    return 'lost';
  }
  removal.done();
  return received === body ? 'same' : 'different';
}

/** `false` if an error means that nothing was sent; `undefined` if the message may have been sent. */
function unsent(error: unknown): false | undefined {
  if (error instanceof AwsError) return error.kind === 'server-error' ? undefined : false;
  return error instanceof CredentialError ? false : undefined;
}

/** Receives our own message from a queue and deletes it; all others are put back at the end. */
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
   * Receives until the message arrives, and deletes it.
   * @param most how many copies there may be: after the first, the others get one more second
   * @returns the body of the first; `undefined` if none arrived in time
   */
  async take(run: Run, waitMs: number = WAIT_MS, most = 1): Promise<string | undefined> {
    let end = performance.now() + waitMs;
    // The end of the run does not abort a request: it would not be known which messages it received.
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
      // A message that can't be put back becomes visible again by itself.
      const back = this.#others.splice(0).map(({ receipt }) => this.#sqs.postpone(steady, this.#url, receipt, 0));
      await Promise.allSettled(back);
    }
  }

  /**
   * After the run has ended: lets the pending request finish, then looks for our own message.
   * @returns whether our own message is gone
   */
  async clear(run: Run, waitMs: number, most = 1): Promise<boolean> {
    await run.withTimeout(GRACE_MS, () => this.#round).catch(() => {});
    const remaining = this.#taken.length === 0 ? waitMs : AFTERWARDS_MS;
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

/** The commands that remove a message by hand. */
export const removeCommand = (url: string): Fix =>
  advice`${sh`aws sqs receive-message --queue-url ${url} --visibility-timeout 30`}, then ${sh`aws sqs delete-message --queue-url ${url} --receipt-handle RECEIPT_HANDLE`}`;
