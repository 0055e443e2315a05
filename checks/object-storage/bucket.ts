/** Operations on one bucket: each with its deadline, and retried while the store is busy. */
import type { Run } from '../../src/engine/check.ts';
import { startDeadline } from '../../src/engine/timeouts.ts';
import type { HttpAnswer, HttpRequest } from '../../src/net/http.ts';
import { type BusyHint, busyHintIn, withRetry } from '../../src/net/retry.ts';
import type { RequiredActions } from './requirements.ts';
import { type Store, type Stored, StoreError } from './store.ts';

const OPERATION_MS = 10_000;
/** A write is aborted shortly after nothing waits for it any longer. */
const GRACE_MS = 100;

export class BucketOperations {
  readonly run: Run;
  readonly store: Store;
  /** The bucket's real name. */
  readonly bucket: string;
  readonly required: RequiredActions;
  /** Whether the store has accepted a write here. */
  hasWritten = false;
  readonly #writes = new Set<Promise<unknown>>();

  constructor(run: Run, store: Store, bucket: string, required: RequiredActions) {
    this.run = run;
    this.store = store;
    this.bucket = bucket;
    this.required = required;
  }

  /** Without permission to list, the store's response to a read of a missing object is a denial. */
  get missingLooksDenied(): boolean {
    return this.required.list === undefined && this.store.tellsMissing !== true;
  }

  /** One operation with its deadline; retried when the store is busy. */
  readonly within = <T>(operation: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    this.#unlessBusy(() => this.run.withTimeout(OPERATION_MS, operation));

  /** Each attempt has a deadline of its own: a slow refusal says more than a deadline for all of them. */
  async #unlessBusy<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await withRetry(attempt, noOf, this.run.signal);
    } catch (error) {
      // The reason why the run ended says more than an interrupted pause.
      this.run.signal.throwIfAborted();
      throw error;
    }
  }

  /** One write. The end of the run does not abort it: the object could then not be found and removed. */
  async write<T>(operation: (signal: AbortSignal) => Promise<T>, ms = OPERATION_MS): Promise<T> {
    return this.#unlessBusy(() =>
      this.run.withTimeout(ms, () => {
        const end = new AbortController();
        const cancel = startDeadline(this.run.waitFor(ms) + GRACE_MS, () => end.abort());
        const writing = operation(end.signal).finally(cancel);
        this.#writes.add(writing);
        return writing;
      }),
    );
  }

  read(key: string): Promise<Stored | undefined> {
    return this.within((signal) => this.store.get(this.bucket, key, signal));
  }

  /** Sends with a plain HTTP client, as a browser or a worker would. */
  readonly send = (request: HttpRequest): Promise<HttpAnswer> =>
    this.within((signal) => this.store.send({ ...request, signal }));

  /** Waits until no write is under way. */
  protected async written(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }
}

/** Whether a store asks to retry, in a response to a plain client or in its error. */
function noOf(outcome: unknown): BusyHint | undefined {
  return outcome instanceof StoreError ? outcome : busyHintIn(outcome);
}
