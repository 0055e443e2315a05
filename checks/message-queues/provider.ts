/** A type of message queue, as the check sees it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { CleanupResult, Context, PlannedOperation, Run } from '../../src/engine/check.ts';
import type { QueueRule } from './rules.ts';

export interface Provider {
  /** The finding ids that this deployment must get. */
  expects(run: Run): readonly string[];
  /** @throws CheckStopped if a variable that it needs is missing or unusable */
  plan(run: Run): Promise<readonly PlannedOperation[]>;
  run(context: Context<QueueRule>): Promise<void>;
  /** The one-line summary in the report. */
  summary?(run: Run): string;
  /** Absent if nothing outlives the process. */
  removeLeftovers?(run: Run): Promise<readonly CleanupResult[]>;
  /** Absent if no request is signed. */
  readonly signingCredentials?: SigningCredentials;
  /** The programs that its fixes use. */
  readonly programs: readonly string[];
}
