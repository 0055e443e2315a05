/** The objects under the run's own prefix, which are removed at the end. */
import { randomUUID } from 'node:crypto';
import { NetworkError } from '../../src/net/network-error.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { BucketOperations } from './bucket.ts';
import { CONTENT } from './content.ts';
import { removeUnlisted, StaysError } from './removal.ts';
import { StoreError, type Written } from './store.ts';

export class OwnObjects extends BucketOperations {
  /** Versions can be removed here. */
  protected mayPurge = false;
  /** What is removed at the end of the run, unless that is done before. */
  protected removal: { done(): void } | undefined;
  readonly #keys = new Set<string>();
  /** Keys that were deleted as a service does, with the delete marker that the store has named. */
  readonly #deleted = new Map<string, string | undefined>();
  /** Writes show versions. */
  #versions = false;

  protected get prefix(): string {
    return `spacelift-preflight/${this.run.id}/`;
  }

  /** A key that was not used before. */
  newKey(): string {
    const key = `${this.prefix}${randomUUID()}`;
    this.#keys.add(key);
    return key;
  }

  /** Writes to a key that `newKey` has returned. */
  async writeNew<T>(key: string, operation: (signal: AbortSignal) => Promise<T>, ms?: number): Promise<T> {
    let isSent = false;
    try {
      return await this.write((signal) => {
        isSent = true;
        return operation(signal);
      }, ms);
    } finally {
      if (!isSent) this.forget(key);
    }
  }

  protected async putNew(key: string): Promise<Written> {
    const { store, bucket } = this;
    try {
      const put = (signal: AbortSignal) => store.put(bucket, key, CONTENT, { ifAbsent: false }, signal);
      const written = await this.writeNew(key, put);
      this.#versions ||= written.versionId !== undefined;
      this.hasWritten = true;
      return written;
    } catch (error) {
      if (!mayHaveWritten(error)) this.forget(key);
      throw error;
    }
  }

  /** Nothing was written to this key: the store has refused it, or the run has ended before. */
  forget(key: string): void {
    if (this.#keys.delete(key) && this.#keys.size === 0) this.removal?.done();
  }

  /** Deletes as a service does. */
  async remove(key: string): Promise<void> {
    this.#deleted.set(key, await this.within((signal) => this.store.remove(this.bucket, key, signal)));
  }

  /** Tests the permission to delete with a key that does not exist. */
  async removeNothing(): Promise<void> {
    await this.within((signal) => this.store.remove(this.bucket, `${this.prefix}none`, signal));
  }

  /** Removes the objects; those that can't be removed now are tried again at the end of the run. */
  async clear(): Promise<void> {
    if (this.#keys.size === 0) return;
    try {
      await this.within((signal) => this.removeOwn(signal));
      this.removal?.done();
    } catch (error) {
      const isExpected = error instanceof StoreError || error instanceof NetworkError || error instanceof StaysError;
      if (!isExpected && !this.run.signal.aborted) throw error;
    }
  }

  /** Whether it was deleted, without a delete marker that may be gone already while the store lists its versions. */
  #isDeleted(key: string): boolean {
    return this.#deleted.has(key) && this.#deleted.get(key) === undefined;
  }

  protected async removeOwn(signal: AbortSignal): Promise<void> {
    const { store, bucket } = this;
    await this.written();
    const keys = [...this.#keys];
    if (!this.mayPurge) {
      await Promise.all(keys.map((key) => store.remove(bucket, key, signal)));
      return;
    }
    const markers = keys.flatMap((key) => {
      const versionId = this.#deleted.get(key);
      return versionId === undefined ? [] : [{ key, versionId }];
    });
    const purged = await store.purge(bucket, this.prefix, signal, markers);
    const listed = new Set(purged.map(({ key }) => key));
    const isGone = (key: string) => listed.has(key) || (this.#deleted.has(key) && !this.#versions);
    const unlisted = keys.filter((key) => !isGone(key));
    await Promise.all(unlisted.map((key) => removeUnlisted({ store, bucket, key }, signal)));
    // An object that was deleted before, and still listed: this store may only say that it deletes.
    const undead = new Set(purged.flatMap(({ key, isCurrent }) => (isCurrent && this.#isDeleted(key) ? [key] : [])));
    for (const key of undead) if ((await store.get(bucket, key, signal)) !== undefined) throw new StaysError();
  }
}

/** Whether a write may have succeeded although its response is an error or never arrived. */
export function mayHaveWritten(error: unknown): boolean {
  if (error instanceof CheckStopped) return false;
  if (error instanceof StoreError) return error.kind === 'server-error';
  return !(error instanceof NetworkError) || error.kind === 'timeout' || error.kind === 'closed';
}
