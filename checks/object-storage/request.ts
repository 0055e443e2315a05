/** A request to a store, before it is signed. */
import type { At } from './store.ts';

export interface StoreRequest extends At {
  readonly method: string;
  /** Absent for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** By name in lowercase. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
}
