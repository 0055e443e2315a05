/** Cleanup: everything that a run writes is registered here before it is written. */
import type { Fix } from '../outcome/fix.ts';

const DEADLINE_MS = 10_000;

/** Something that the run wrote and could not remove. */
export interface Leftover {
  readonly what: string;
  /** The command that removes it. */
  readonly command: string;
}

interface Entry {
  readonly what: string;
  readonly command: Fix | undefined;
  readonly remove: (signal: AbortSignal) => Promise<unknown>;
}

export class Cleanup {
  readonly #entries = new Set<Entry>();

  register(what: string, command: Fix | undefined, remove: Entry['remove']): { done(): void } {
    const entry = { what, command, remove };
    this.#entries.add(entry);
    return { done: () => void this.#entries.delete(entry) };
  }

  /** Removes everything registered, concurrently and within ten seconds, and returns what could not be removed. */
  async run(): Promise<Leftover[]> {
    const entries = [...this.#entries];
    this.#entries.clear();
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const results = await Promise.allSettled(
      entries.map(
        (entry) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(reject, DEADLINE_MS);
            Promise.resolve()
              .then(() => entry.remove(signal))
              .then(resolve, reject)
              .finally(() => clearTimeout(timer));
          }),
      ),
    );
    return entries
      .filter((_, index) => results[index]?.status === 'rejected')
      .map(({ what, command }) => ({
        what,
        command: command?.text ?? '',
      }));
  }
}
