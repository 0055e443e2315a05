/** A kind of message queue: all that the check knows of it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { CleanupResult, Context, PlannedOperation, Run } from '../../src/engine/check.ts';
import type { RuleKey } from './rules.ts';

export interface Provider {
  /** The ids that this deployment must get. */
  expects(run: Run): readonly string[];
  /** @throws CheckStopped when what it needs of the config is missing or unusable */
  plan(run: Run): Promise<readonly PlannedOperation[]>;
  run(context: Context<RuleKey>): Promise<void>;
  /** For the report's one line. */
  summary?(run: Run): string;
  /** Absent where nothing outlives the process. */
  removeLeftovers?(run: Run): Promise<readonly CleanupResult[]>;
  /** Absent where no request is signed. */
  readonly signingCredentials?: SigningCredentials;
  /** The programs that its fixes run. */
  readonly programs: readonly string[];
}
