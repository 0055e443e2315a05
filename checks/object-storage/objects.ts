/**
 * The test objects of one bucket, and how they are removed again. Before each step it is known that the object it writes
 * can be removed, or that it is the one object that may stay:
 *
 * 1. With an operator's credentials (no `--service`) that are allowed to delete versions, in a bucket without default
 *    retention (Object Lock), a run writes under `spacelift-preflight/<run id>/`, and at the end removes everything there
 *    with all versions. The same holds for a service's credentials, where its role allows it (Google Cloud).
 * 2. In any other case, the bucket may be versioned, so that nothing that is written can be removed. The run then writes the
 *    constant object `spacelift-preflight/probe`, if it is absent. On a versioned bucket it stays permanently: one object,
 *    one version, no matter how many runs.
 * 3. If that write shows that the bucket is not versioned, and the object can be deleted, it is deleted at once, and the
 *    rest happens under `spacelift-preflight/<run id>/`. If it can't be deleted, it stays. The same holds for its version,
 *    where an operator is not allowed to see whether the bucket has a default retention; and for an object that another run
 *    has left, where an operator sees that the bucket is not versioned, or the object itself shows it to a service that
 *    deletes here: what was refused once is refused again.
 * 4. A service that does not write to this bucket, and `--read-only`, read the constant object if another run left it.
 *
 * A store may list fewer versions than it has. So at the end, every key that was written and not listed is removed by name,
 * and the store must no longer find it; otherwise it is reported as a leftover.
 *
 * Concurrent runs do not disturb each other: the constant object is the same for all, so another run may remove the one that
 * this run found. A run that misses it starts over, and a run whose later write created it anew owns it from then on.
 */
import type { HttpAnswer } from '../../src/net/http.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Skip, skip } from '../../src/outcome/outcome.ts';
import { putIfAbsent } from './constant.ts';
import { CONTENT, PROBE_KEY } from './content.ts';
import { mayHaveWritten, OwnObjects } from './own-objects.ts';
import { StaysError } from './removal.ts';
import {
  isRejectedByProxy,
  type Retention,
  S3_HEADERS,
  type Stored,
  StoreError,
  versionIn,
  type Written,
} from './store.ts';

/** Another run may remove the constant object just after this one has found it. */
export const ATTEMPTS = 3;

/** Other runs removed the constant object at each attempt. */
export const inUse = (bucket: string): Skip =>
  skip(`another run is using ${bucket}`, { fix: advice`run again when it has finished` });

/** Where the test object is, and what writing it has shown. */
export interface Place {
  readonly key: string;
  /** Another object of this run's, which nothing reads: its deletion need not wait for those that read the first one. */
  readonly deletable?: string;
  /** `ours`: removed at the end; `persistent`: the constant object, which stays; `existing`: not written by this run. */
  readonly mode: 'ours' | 'persistent' | 'existing';
  /** `undefined` if no write has revealed it. */
  readonly versioned: boolean | undefined;
}

/** The object that another run may have left. */
export const EXISTING: Place = { key: PROBE_KEY, mode: 'existing', versioned: undefined };

export class TestObjects extends OwnObjects {
  /** The error that deleting as a service does has caused here. */
  undeletable: StoreError | undefined;
  /** The default retention of the bucket, if it has one. */
  retention: Retention | undefined;
  #found: Stored | undefined;
  readonly #owns = Promise.withResolvers<boolean>();
  /** The last write of the constant object. */
  #constant: Written | undefined;
  /** Deletions leave a delete marker here, although writes show no version. */
  #suspended = false;

  /** The constant object, read once. */
  async readProbeObject(): Promise<Stored | undefined> {
    this.#found ??= await this.read(PROBE_KEY);
    return this.#found;
  }

  /** A write by a plain client created the constant object, so the one that this run found is gone: the new one is its own. */
  createdConstant({ headers }: HttpAnswer): void {
    const { version } = this.store.headers ?? S3_HEADERS;
    this.#constant = { existed: false, versionId: version === undefined ? undefined : versionIn(headers[version]) };
  }

  /** Whether objects can be written under the run's own prefix: known before the first write is answered. */
  protected get owns(): Promise<boolean> {
    return this.#owns.promise;
  }

  /** Writes the first object. @throws StoreError, NetworkError, CheckStopped */
  async settle(): Promise<Place> {
    try {
      return await this.#settle();
    } finally {
      this.#owns.resolve(false);
    }
  }

  async #settle(): Promise<Place> {
    const { run, store, bucket, required } = this;
    const asOperator = run.deployment.service === undefined;
    if (required.put === undefined || run.options.readOnly) return EXISTING;
    let isLockHidden = false;
    if (asOperator || store.servicesMayPurge) {
      // No service is allowed to see the retention.
      const [mayPurge, retention] = await Promise.all([
        this.#askToPurge(),
        asOperator ? this.#askForRetention() : undefined,
      ]);
      isLockHidden = mayPurge && retention === 'hidden';
      if (retention !== 'hidden') this.retention = retention;
      this.mayPurge = mayPurge && retention === undefined;
      if (this.mayPurge) return this.#own();
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const written = await this.#writeKept();
      if (!written.existed) {
        if (isLockHidden && (await this.#removeVersion(written))) return this.#own();
        if (written.versionId !== undefined) return { key: PROBE_KEY, mode: 'persistent', versioned: true };
        if (this.#isTransient(written) && (await this.#removeKept())) return this.#own();
        return { key: PROBE_KEY, mode: 'persistent', versioned: this.#versioned(written) };
      }
      const found = required.get === undefined ? 'hidden' : await this.#lookAtKept();
      const mayBeMissing = found === 'hidden' && required.get !== undefined && this.missingLooksDenied;
      if (mayBeMissing && attempt + 1 < ATTEMPTS) continue;
      // An object without a version may be older than the bucket's versioning.
      if (found === 'hidden') return { key: PROBE_KEY, mode: 'persistent', versioned: undefined };
      if (found === undefined) continue;
      const isOld = asOperator
        ? found.versionId === undefined && (await this.#hasNoVersions())
        : found.isUnversioned === true && required.delete !== undefined;
      if (isOld && (await this.#removeKept())) {
        if (asOperator) return this.#own();
        // A service is not allowed to ask for the versioning, so the next write must confirm it.
        continue;
      }
      return { key: PROBE_KEY, mode: 'persistent', versioned: found.versionId !== undefined || undefined };
    }
    throw new CheckStopped(inUse(bucket));
  }

  async #askToPurge(): Promise<boolean> {
    try {
      return await this.within((signal) => this.store.mayPurge(this.bucket, this.prefix, signal));
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'denied') throw error;
      this.undeletable = error;
      return false;
    }
  }

  /** `hidden`: these credentials are not allowed to see it. A store that does not know of retention has none. */
  async #askForRetention(): Promise<Retention | 'hidden' | undefined> {
    const { retention } = this.store;
    if (retention === undefined) return undefined;
    try {
      return await this.within((signal) => retention(this.bucket, signal));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === 'unsupported' || error.kind === 'other') return undefined;
      // Spacelift does not need this operation, so a proxy may reject it.
      const isHidden = error.kind === 'denied' || error.kind === 'server-error' || isRejectedByProxy(error);
      if (!isHidden) throw error;
      // Without versions in its responses, one that was just written could not be removed to find out.
      return this.store.removeVersion === undefined ? undefined : 'hidden';
    }
  }

  async #own(): Promise<Place> {
    const { run, store, bucket } = this;
    const prefix = this.prefix;
    this.removal = run.cleanup(
      `objects under ${prefix} in ${bucket}`,
      store.messages.remove(bucket, prefix),
      (signal) => this.removeOwn(signal),
    );
    const keys = [this.newKey(), ...(this.required.delete === undefined ? [] : [this.newKey()])] as const;
    this.#owns.resolve(true);
    const writing = keys.map((key) => this.putNew(key));
    // Neither is under way when the other one's error is thrown: it may still have to be removed.
    await Promise.allSettled(writing);
    const [written] = await Promise.all(writing);
    const [key, deletable] = keys;
    return {
      key,
      mode: 'ours',
      versioned: this.#versioned({ versionId: written?.versionId }),
      ...(deletable !== undefined && { deletable }),
    };
  }

  /** Writes the constant object if it is absent. If it stays, it is listed as left behind, no matter which run wrote it. */
  async #writeKept(): Promise<Written> {
    const { run, store, bucket } = this;
    this.removal = run.cleanup(
      `${PROBE_KEY} in ${bucket}, which may stay`,
      store.messages.remove(bucket, PROBE_KEY, this.retention),
      async (signal) => {
        await this.written();
        if (this.#constant === undefined && (await store.get(bucket, PROBE_KEY, signal)) === undefined) return;
        if (this.#constant === undefined || !this.#isTransient(this.#constant)) throw new StaysError();
        await store.remove(bucket, PROBE_KEY, signal);
      },
      { mayStay: true },
    );
    try {
      return await this.write(async (signal) => {
        this.#constant = await putIfAbsent({ store, bucket }, signal);
        this.hasWritten = true;
        return this.#constant;
      });
    } catch (error) {
      if (!mayHaveWritten(error)) this.removal.done();
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

  /** Removes the version that this run has just written, if no retention keeps it. Then versions can be purged here. */
  async #removeVersion({ versionId }: Written): Promise<boolean> {
    const { store, bucket } = this;
    const { removeVersion } = store;
    if (versionId === undefined || removeVersion === undefined) return false;
    try {
      await this.within((signal) => removeVersion(bucket, PROBE_KEY, versionId, signal));
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
    this.removal?.done();
    this.mayPurge = true;
    return true;
  }

  /** As far as these credentials are allowed to see it: an object without a version may be older than the versioning. */
  async #hasNoVersions(): Promise<boolean> {
    try {
      return !(await this.within((signal) => this.store.versioning(this.bucket, signal)));
    } catch (error) {
      if (error instanceof StoreError || error instanceof CheckStopped) return false;
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
      this.removal?.done();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'denied') throw error;
      this.undeletable = error;
      return false;
    }
  }
}
