/** Cleanup: everything that a run writes is registered here before it is written. */
import type { Fix } from '../outcome/fix.ts';
import type { Leftover } from './leftover.ts';
import { startDeadline, unlessAborted } from './timeouts.ts';

const DEADLINE_MS = 10_000;
/** Time limit for closing everything that is open. */
const CLOSING_MS = 2_000;

interface Entry {
  readonly what: string;
  readonly command: Fix | undefined;
  readonly remove: (signal: AbortSignal) => Promise<unknown>;
  readonly mayStay: boolean;
}

/** Closes something that stays open during a run: a session, a client's connections. */
export type Dispose = () => unknown;

export class Cleanup {
  readonly #entries = new Set<Entry>();
  readonly #disposers: Dispose[] = [];
  #ended = false;

  register(
    what: string,
    command: Fix | undefined,
    remove: Entry['remove'],
    { mayStay = false }: { mayStay?: boolean } = {},
  ): { done(): void } {
    const entry = { what, command, remove, mayStay };
    this.#entries.add(entry);
    return { done: () => void this.#entries.delete(entry) };
  }

  /** Removes everything registered, concurrently and within ten seconds, and returns what could not be removed. */
  async run(): Promise<Leftover[]> {
    const entries = [...this.#entries];
    this.#entries.clear();
    const end = new AbortController();
    const cancel = startDeadline(DEADLINE_MS, () => end.abort());
    const results = await Promise.allSettled(
      entries.map(({ remove }) =>
        unlessAborted(
          end.signal,
          Promise.resolve().then(() => remove(end.signal)),
        ),
      ),
    );
    cancel();
    return entries
      .filter((_, index) => results[index]?.status === 'rejected')
      .map(({ what, command, mayStay }) => ({
        what,
        command: command?.text ?? '',
        ...(mayStay && { mayStay }),
      }));
  }
  /** Called after everything is removed, or immediately if that is already done. */
  onEnd(dispose: Dispose): void {
    if (this.#ended) close(dispose);
    else this.#disposers.push(dispose);
  }

  /** Closes everything that is open, concurrently and within two seconds. Never throws: no written data depends on it. */
  async end(): Promise<void> {
    this.#ended = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSING_MS);
    });
    await Promise.race([Promise.all(this.#disposers.splice(0).map(close)), late]);
    clearTimeout(timer);
  }
}

async function close(dispose: Dispose): Promise<void> {
  try {
    await dispose();
  } catch {
    // A failure to close has no consequences, so it is not reported.
  }
}
