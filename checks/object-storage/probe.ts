/** One bucket under test: its test objects, and what their errors mean. */
import { CheckStopped, type Issue, type Skip } from '../../src/outcome/outcome.ts';
import { EXISTING, type Place, TestObjects } from './objects.ts';
import { StoreError } from './store.ts';

export class BucketProbe extends TestObjects {
  #place: Promise<Place> | undefined;

  /** Writes the first object, once. @throws StoreError, NetworkError */
  place(): Promise<Place> {
    this.#place ??= this.settle();
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

  /**
   * Starts a write beside the first one, where that can be removed: both take one round trip then. Otherwise `early` is
   * `undefined`, and nothing was started.
   * @throws CheckStopped if the first write fails
   */
  async placedBeside<T>(write: () => Promise<T>): Promise<{ place: Place; early: Promise<T> | undefined }> {
    const placing = this.placed();
    placing.catch(() => {});
    const early = (await this.owns) ? write() : undefined;
    early?.catch(() => {});
    return { place: await placing, early };
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

  /** Turns an error of the store into a finding; other errors are rethrown. */
  async issue(error: unknown, via?: 'presigned'): Promise<Issue | Skip> {
    const { storeIssue } = await import('./messages.ts');
    return storeIssue(this, error, via);
  }
}
