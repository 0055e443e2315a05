/**
 * The test objects of one bucket, and how they are removed again. Before each step it is known that the object it writes
 * can be removed, or that it is the one object that may stay:
 *
 * 1. With an operator's credentials (no `--service`) that are allowed to delete versions, a run writes under
 *    `spacelift-preflight/<run id>/`, and at the end removes everything there with all versions. The same holds for a
 *    service's credentials, where its role allows it (Google Cloud).
 * 2. With any other credentials, the bucket may be versioned, so that nothing they write can be removed. The run then
 *    writes the constant object `spacelift-preflight/probe`, if it is absent. On a versioned bucket it stays permanently:
 *    one object, one version, no matter how many runs.
 * 3. If that write shows that the bucket is not versioned, and the object can be deleted, it is deleted at once, and the
 *    rest happens under `spacelift-preflight/<run id>/`. If it can't be deleted, it stays.
 * 4. A service that does not write to this bucket, and `--read-only`, read the constant object if another run left it.
 *
 * Concurrent runs do not disturb each other: the constant object is the same for all, so another run may remove the one that
 * this run found. A run that misses it starts over, and a run whose later write created it anew owns it from then on.
 */
import { randomUUID } from 'node:crypto';
import type { Run } from '../../src/engine/check.ts';
import type { HttpAnswer, HttpRequest } from '../../src/net/http.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { type BusyHint, busyHintIn, withRetry } from '../../src/net/retry.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Skip, skip } from '../../src/outcome/outcome.ts';
import { storeIssue } from './messages.ts';
import type { RequiredActions } from './requirements.ts';
import { S3_HEADERS, type Store, type Stored, StoreError, versionIn, type Written } from './store.ts';

export const PROBE_KEY = 'spacelift-preflight/probe';
export const CONTENT = Buffer.from(
  'Written by spacelift-preflight to try this bucket. Safe to keep, safe to delete.\n',
);
const PADDING = ' ';
const OPERATION_MS = 10_000;
/** A write is aborted shortly after nothing waits for it any longer. */
const GRACE_MS = 100;
/** Another run may remove the constant object just after this one has found it. */
export const ATTEMPTS = 3;

/**
 * The content, padded to a size in bytes. A large upload should not replace the constant object, but may create it when a
 * concurrent run has just removed it: what other runs then read is still the content that they expect.
 */
export const paddedContent = (size: number): Buffer => Buffer.concat([CONTENT, Buffer.alloc(size, PADDING)], size);

/** Whether a body is what this tool writes, padded or not. */
export const isContent = (body: Buffer): boolean =>
  body.equals(CONTENT) || (body.indexOf(CONTENT) === 0 && body.toString('latin1', CONTENT.length).trim() === '');

/** Where the test object is, and what writing it has shown. */
export interface Place {
  readonly key: string;
  /** `ours`: removed at the end; `persistent`: the constant object, which stays; `existing`: not written by this run. */
  readonly mode: 'ours' | 'persistent' | 'existing';
  /** `undefined` if no write has revealed it. */
  readonly versioned: boolean | undefined;
}

/** The object that another run may have left. */
const EXISTING: Place = { key: PROBE_KEY, mode: 'existing', versioned: undefined };

export class BucketProbe {
  readonly run: Run;
  readonly store: Store;
  /** The bucket's real name. */
  readonly bucket: string;
  readonly required: RequiredActions;
  /** The error that deleting as a service does has caused here. */
  undeletable: StoreError | undefined;
  #place: Promise<Place> | undefined;
  #found: Stored | undefined;
  readonly #keys = new Set<string>();
  readonly #writes = new Set<Promise<unknown>>();
  #mayPurge = false;
  /** The last write of the constant object. */
  #constant: Written | undefined;
  /** Deletions leave a delete marker here, although writes show no version. */
  #suspended = false;
  #removal: { done(): void } | undefined;

  constructor(run: Run, store: Store, bucket: string, required: RequiredActions) {
    this.run = run;
    this.store = store;
    this.bucket = bucket;
    this.required = required;
  }

  /** Writes the first object, once. @throws StoreError, NetworkError */
  place(): Promise<Place> {
    this.#place ??= this.#settle();
    return this.#place;
  }

  /** Like `place`, for checks that depend on it: when it fails, they fail too. @throws CheckStopped */
  async placed(): Promise<Place> {
    try {
      return await this.place();
    } catch (error) {
      throw new CheckStopped(await this.issue(error));
    }
  }

  /** Where the test object is, for checks that only need the bucket to exist, even without write permission. @throws CheckStopped */
  async reached(): Promise<Place> {
    try {
      return await this.place();
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'denied') return EXISTING;
      throw new CheckStopped(await this.issue(error));
    }
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

  /** Turns an error of the store into a finding; other errors are rethrown. */
  async issue(error: unknown, via?: 'presigned'): Promise<Issue | Skip> {
    return storeIssue(this, error, via);
  }

  /** One write. The end of the run does not abort it: the object could then not be found and removed. */
  async write<T>(operation: (signal: AbortSignal) => Promise<T>, ms = OPERATION_MS): Promise<T> {
    return this.#unlessBusy(() =>
      this.run.withTimeout(ms, () => {
        const writing = operation(AbortSignal.timeout(this.run.waitFor(ms) + GRACE_MS));
        this.#writes.add(writing);
        return writing;
      }),
    );
  }

  /** Sends with a plain HTTP client, as a browser or a worker would. */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return this.within((signal) => this.store.send({ ...request, signal }));
  }

  read(key: string): Promise<Stored | undefined> {
    return this.within((signal) => this.store.get(this.bucket, key, signal));
  }

  /** The constant object, read once. */
  async readProbeObject(): Promise<Stored | undefined> {
    this.#found ??= await this.read(PROBE_KEY);
    return this.#found;
  }

  /** A key under the run's own prefix, which is removed at the end. */
  newKey(): string {
    const key = `${this.#prefix}${randomUUID()}`;
    this.#keys.add(key);
    return key;
  }

  /** A write by a plain client created the constant object, so the one that this run found is gone: the new one is its own. */
  createdConstant({ headers }: HttpAnswer): void {
    const { version } = this.store.headers ?? S3_HEADERS;
    this.#constant = { existed: false, versionId: version === undefined ? undefined : versionIn(headers[version]) };
  }

  /** Deletes as a service does. */
  remove(key: string): Promise<void> {
    return this.within((signal) => this.store.remove(this.bucket, key, signal));
  }

  /** Tests the permission to delete with a key that does not exist. */
  removeNothing(): Promise<void> {
    return this.remove(`${this.#prefix}none`);
  }

  /** Removes the objects under the run's own prefix; those that can't be removed now are tried again at the end of the run. */
  async clear(): Promise<void> {
    if (this.#keys.size === 0) return;
    try {
      await this.within((signal) => this.#removeOwn(signal));
      this.#removal?.done();
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof NetworkError || this.run.signal.aborted)) throw error;
    }
  }

  get #prefix(): string {
    return `spacelift-preflight/${this.run.id}/`;
  }

  async #settle(): Promise<Place> {
    const { run, store, bucket, required } = this;
    const asOperator = run.deployment.service === undefined;
    if (required.put === undefined || run.options.readOnly) return EXISTING;
    if (asOperator || store.servicesMayPurge) {
      this.#mayPurge = await this.#askToPurge();
      if (this.#mayPurge) return this.#own();
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const written = await this.#writeKept();
      if (!written.existed) {
        if (written.versionId !== undefined) return { key: PROBE_KEY, mode: 'persistent', versioned: true };
        if (this.#isTransient(written) && (await this.#removeKept())) return this.#own();
        return { key: PROBE_KEY, mode: 'persistent', versioned: this.#versioned(written) };
      }
      const found = required.get === undefined ? 'hidden' : await this.#lookAtKept();
      const mayBeMissing = found === 'hidden' && required.get !== undefined && this.missingLooksDenied;
      if (mayBeMissing && attempt + 1 < ATTEMPTS) continue;
      // An object without a version may be older than the bucket's versioning.
      if (found === 'hidden') return { key: PROBE_KEY, mode: 'persistent', versioned: undefined };
      if (found !== undefined)
        return { key: PROBE_KEY, mode: 'persistent', versioned: found.versionId !== undefined || undefined };
    }
    throw new CheckStopped(skip(`another run is using ${bucket}`, { fix: advice`run again when it has finished` }));
  }

  async #askToPurge(): Promise<boolean> {
    try {
      return await this.within((signal) => this.store.mayPurge(this.bucket, this.#prefix, signal));
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'denied') throw error;
      this.undeletable = error;
      return false;
    }
  }

  async #own(): Promise<Place> {
    const { run, store, bucket } = this;
    const prefix = this.#prefix;
    this.#removal = run.cleanup(
      `objects under ${prefix} in ${bucket}`,
      store.messages.remove(bucket, prefix),
      (signal) => this.#removeOwn(signal),
    );
    const key = this.newKey();
    try {
      const { versionId } = await this.write((signal) => store.put(bucket, key, CONTENT, { ifAbsent: false }, signal));
      return { key, mode: 'ours', versioned: this.#versioned({ versionId }) };
    } catch (error) {
      if (!mayHaveWritten(error)) {
        this.#keys.delete(key);
        this.#removal.done();
      }
      throw error;
    }
  }

  /** Writes the constant object if it is absent. If it stays, it is listed as left behind, no matter which run wrote it. */
  async #writeKept(): Promise<Written> {
    const { run, store, bucket } = this;
    this.#removal = run.cleanup(
      `${PROBE_KEY} in ${bucket}, which may stay`,
      store.messages.remove(bucket, PROBE_KEY),
      async (signal) => {
        await Promise.allSettled(this.#writes);
        if (this.#constant === undefined && (await store.get(bucket, PROBE_KEY, signal)) === undefined) return;
        if (this.#constant === undefined || !this.#isTransient(this.#constant)) throw new Error('it stays');
        await store.remove(bucket, PROBE_KEY, signal);
      },
    );
    try {
      return await this.write(async (signal) => {
        this.#constant = await store.put(bucket, PROBE_KEY, CONTENT, { ifAbsent: true }, signal);
        return this.#constant;
      });
    } catch (error) {
      if (!mayHaveWritten(error)) this.#removal.done();
      throw error;
    }
  }

  /** Whether this run wrote the constant object to a bucket without versions, and is allowed to delete it again. */
  #isTransient({ existed, versionId }: Written): boolean {
    const may = this.run.deployment.service === undefined || this.required.delete !== undefined;
    return (
      !existed && this.#versioned({ versionId }) === false && may && this.undeletable === undefined && !this.#suspended
    );
  }

  #versioned({ versionId }: Pick<Written, 'versionId'>): boolean | undefined {
    if (versionId !== undefined) return true;
    return this.store.countVersions === undefined ? false : undefined;
  }

  async #lookAtKept(): Promise<Stored | 'hidden' | undefined> {
    try {
      return await this.readProbeObject();
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'denied') return 'hidden';
      throw error;
    }
  }

  async #removeKept(): Promise<boolean> {
    const { store, bucket } = this;
    try {
      await this.remove(PROBE_KEY);
      this.#suspended = await this.within(
        async (signal) => (await store.leftMarker?.(bucket, PROBE_KEY, signal)) === true,
      );
      if (this.#suspended) {
        // Replaces the marker: nothing but this one object is ever left behind.
        await this.write((signal) => store.put(bucket, PROBE_KEY, CONTENT, { ifAbsent: true }, signal));
        return false;
      }
      this.#removal?.done();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'denied') throw error;
      this.undeletable = error;
      return false;
    }
  }

  async #removeOwn(signal: AbortSignal): Promise<void> {
    const { store, bucket } = this;
    await Promise.allSettled(this.#writes);
    if (this.#mayPurge) await store.purge(bucket, this.#prefix, signal);
    else await Promise.all([...this.#keys].map((key) => store.remove(bucket, key, signal)));
  }
}

/** Whether a store asks to retry, in a response to a plain client or in its error. */
function noOf(outcome: unknown): BusyHint | undefined {
  return outcome instanceof StoreError ? outcome : busyHintIn(outcome);
}

/** Whether a write may have succeeded although its response is an error or never arrived. */
function mayHaveWritten(error: unknown): boolean {
  if (error instanceof CheckStopped) return false;
  if (error instanceof StoreError) return error.kind === 'server-error';
  return !(error instanceof NetworkError) || error.kind === 'timeout' || error.kind === 'closed';
}
