/** An encryption method: everything the check knows about it. One folder each, registered in `providers.ts`. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { Context, PlannedOperation, Run } from '../../src/engine/check.ts';
import type { Identity } from './pinned.ts';
import type { EncryptionRule } from './rules.ts';

export interface Provider {
  /** The rules that apply in this run. */
  rules(run: Run): readonly EncryptionRule[];
  /** @throws CheckStopped when a variable that it needs is missing or unusable */
  plan(run: Run): Promise<readonly PlannedOperation[]>;
  run(context: Context<EncryptionRule>): Promise<void>;
  /** As far as it is known here. @throws CheckStopped when a variable that it needs is missing or unusable */
  identity(run: Run): Promise<Identity>;
  /** Absent if no requests are signed. */
  readonly signingCredentials?: SigningCredentials;
  /** The programs that its fixes run. */
  readonly programs: readonly string[];
}
