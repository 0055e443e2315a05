/** A vendor of telemetry: all that the check knows of it. One folder each; `providers.ts` registers them. */

import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';

/** What receives the traces. */
export interface Receiver {
  readonly rule: 'datadog' | 'xray' | 'opentelemetry';
  /** For the table of rules: where the vendor's SDK for Go reads the address. */
  readonly variables: string;
  /** The address, for people. @throws CheckStopped when it is missing or malformed */
  address(run: Run): string;
  /** What `ask` does, for a plan. */
  readonly does: string;
  ask(run: Run): Promise<Outcome>;
}

export interface Provider {
  /** Absent where traces go nowhere. */
  readonly receiver?: Receiver;
  /** A variable of the vendor's that Spacelift sets itself. */
  readonly serviceName?: VariableName;
  /** For the report's one line. */
  readonly summary?: string;
}
