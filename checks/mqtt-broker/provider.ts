/** A type of MQTT broker, as the check sees it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { Context, PlannedOperation, Run } from '../../src/engine/check.ts';
import type { MqttRule } from './rules.ts';

export interface Provider {
  /** The rules that apply to it in this run. */
  rules(run: Run): readonly MqttRule[];
  /** @throws CheckStopped if a variable that it needs is missing or unusable */
  plan(run: Run): Promise<readonly PlannedOperation[]>;
  run(context: Context<MqttRule>): Promise<void>;
  /** Absent if no request is signed. */
  readonly signingCredentials?: SigningCredentials;
  /** The programs that its fixes use. */
  readonly programs: readonly string[];
}
