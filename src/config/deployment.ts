/** Contract + sources → what the checks read. */
import type { Trouble } from '../check.ts';
import type { Perspective } from '../options.ts';
import type { VariableName } from './contract.ts';

/** What is known of one variable. */
export type Lookup =
  | { readonly state: 'set'; readonly value: string; readonly origin: string }
  /** Unset, and the contract's default is in force. */
  | { readonly state: 'default'; readonly value: string }
  | { readonly state: 'unset' }
  /** Set where this run can't read it (ECS `valueFrom`, `environmentFiles`). */
  | { readonly state: 'unknown'; readonly origin: string; readonly fix: string }
  /** Judged under `configuration` or `pairing`: nothing that depends on it is tried. */
  | { readonly state: 'unusable'; readonly outcome: Trouble };

export interface Deployment {
  /** The one service that is checked, selected or implied by the sources; `undefined` for all of them as one. */
  readonly service: Perspective | undefined;
  lookup(name: VariableName): Lookup;
  /** What the cloud SDKs would see: the config's own values over the process environment's. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Further certificate authorities from the config (`ADDITIONAL_ROOT_CAS`), PEM. */
  readonly authorities: readonly string[];
  /** Values that must never be seen. */
  readonly secrets: readonly string[];
}
