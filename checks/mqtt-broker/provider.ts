/** A kind of MQTT broker: all that the check knows of it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { Context, PlannedOperation, Run } from '../../src/engine/check.ts';
import type { MqttRule } from './rules.ts';

export interface Provider {
  /** What is judged of it, in this run. */
  rules(run: Run): readonly MqttRule[];
  /** @throws CheckStopped when what it needs of the config is missing or unusable */
  plan(run: Run): Promise<readonly PlannedOperation[]>;
  run(context: Context<MqttRule>): Promise<void>;
  /** Absent where no request is signed. */
  readonly signingCredentials?: SigningCredentials;
  /** The programs that its fixes run. */
  readonly programs: readonly string[];
}
