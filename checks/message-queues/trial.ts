/**
 * One message, there and back: sent, received, compared and deleted. Only on a queue that is empty, which nobody uses yet,
 * and from which receiving and deleting are permitted. Messages of others that turn up all the same are put back.
 */
import type { Run } from '../../src/check.ts';
import { AwsProblem } from '../aws/call.ts';
import { CredentialProblem } from '../aws/errors.ts';
import type { Address } from './address.ts';
import { type Received, type Sqs, until } from './client.ts';

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

/** @throws CredentialProblem, AwsProblem, Problem */
export async function roundTrip(run: Run, sqs: Sqs, address: Address): Promise<Return> {
  const { url, name, variable } = address;
  const mark = `${run.id} ${variable}`;
  const body = `spacelift-preflight ${mark}`;
  const isOwn = (received: string) => received.includes(mark);
  let sending: Promise<void> | undefined;
  let times = 0;
  let patienceMs = CLEARING_MS;
  const removal = run.cleanup(`a message in ${name}: "${body}"`, removeCommand(url), async (signal) => {
    if ((await sending?.catch(unsent)) === false) return;
    const found = await take(until(run, signal), sqs, url, isOwn, patienceMs, times);
    if (found === undefined) throw new Error('it did not come back');
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
  const received = await take(run, sqs, url, isOwn, PATIENCE_MS, times);
  if (received === undefined) {
    patienceMs = AFTERWARDS_MS;
    return 'lost';
  }
  removal.done();
  return received === body ? 'same' : 'different';
}

const isBusy = (error: unknown): boolean =>
  error instanceof AwsProblem && ['server-error', 'throttled'].includes(error.kind);

/** `false` when an error means that nothing was sent; `undefined` when it may have been. */
function unsent(error: unknown): false | undefined {
  if (error instanceof AwsProblem) return error.kind === 'server-error' ? undefined : false;
  return error instanceof CredentialProblem ? false : undefined;
}

/**
 * Receives until one's own message is there, and deletes it; all others are put back in the end.
 * @param most how many of one's own there may be: after the first, the others are waited for a second
 * @returns the body of the first; `undefined` when none came in time
 */
export async function take(
  run: Run,
  sqs: Sqs,
  url: string,
  isOwn: (body: string) => boolean,
  patienceMs: number = PATIENCE_MS,
  most = 1,
): Promise<string | undefined> {
  let end = performance.now() + patienceMs;
  let first: string | undefined;
  let count = 0;
  const others: Received[] = [];
  try {
    do {
      const found = await sqs.receive(run, url, { wait: WAIT, visibility: VISIBILITY });
      const own = found.filter(({ body }) => isOwn(body));
      others.push(...found.filter((message) => !own.includes(message)));
      await Promise.all(own.map(({ receipt }) => sqs.delete(run, url, receipt)));
      first ??= own[0]?.body;
      count += own.length;
      if (count >= most) return first;
      if (own.length > 0) end = Math.min(end, performance.now() + AFTERWARDS_MS);
    } while (performance.now() < end);
    return first;
  } finally {
    // One that can't be put back comes into sight by itself.
    await Promise.allSettled(others.map(({ receipt }) => sqs.postpone(run, url, receipt, 0)));
  }
}

/** What a person runs to remove a message. */
export const removeCommand = (url: string): string =>
  `aws sqs receive-message --queue-url ${url} --visibility-timeout 30, then aws sqs delete-message --queue-url ${url} --receipt-handle <ReceiptHandle>`;
