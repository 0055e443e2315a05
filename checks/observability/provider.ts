/** A telemetry vendor, as the check sees it. One folder each; `providers.ts` registers them. */

import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';

/** The receiver of the traces. */
export interface Receiver {
  readonly rule: 'datadog' | 'xray' | 'opentelemetry';
  /** For the table of rules: the variables from which the vendor's SDK for Go reads the address. */
  readonly variables: string;
  /** The address, for display. @throws CheckStopped if it is missing or malformed */
  address(run: Run): string;
  /** Describes `ask`, for the plan. */
  readonly does: string;
  ask(run: Run): Promise<Outcome>;
}

export interface Provider {
  /** Absent if there is no destination for traces. */
  readonly receiver?: Receiver;
  /** A variable of the vendor that Spacelift sets itself. */
  readonly serviceName?: VariableName;
  /** The one-line summary in the report. */
  readonly summary?: string;
}
