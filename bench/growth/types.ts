import type { Usage } from '../usage.ts';

/** What can be of any size. */
export interface Growing {
  readonly id: string;
  /** With the unit of the sizes. */
  readonly what: string;
  /** Ascending, at least three; the first is the cost of what does not grow, and the others double. */
  readonly sizes: readonly number[];
  /** The most memory at any of the sizes, MB. */
  readonly memory: number;
  /** @param directory empty, and removed afterward */
  start(directory: string): Promise<Prepared>;
}

export interface Prepared {
  /** Makes the input of that size. @returns a measured run with it */
  at(size: number): Promise<() => Promise<Usage>>;
  /** Whether a size is the state of a server, which lasts until the next one. */
  readonly isState?: boolean;
  /** Default: processor time, ms. */
  readonly costOf?: (usage: Usage) => number;
  stop?(): Promise<void>;
}
