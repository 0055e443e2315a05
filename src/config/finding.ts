/** A finding about the config itself. */
import type { Outcome } from '../outcome/outcome.ts';

/** The rules about a single value. */
export type ValueRule = 'reference' | 'whitespace' | 'placeholder' | 'value';

export type ConfigurationRule =
  | ValueRule
  | 'required'
  | 'type'
  | 'env-file'
  | 'unknown'
  | 'default'
  | 'conflict'
  | 'region'
  | 'no-proxy'
  | 'combination'
  | 'admin-login'
  | 'launcher-image'
  | 'release'
  | 'scheduler'
  | 'workload'
  | 'short-lived';

export interface ConfigurationFinding {
  readonly rule: ConfigurationRule;
  /** For rules with a finding per variable; absent if the name could be a secret. */
  readonly variable?: string;
  readonly outcome: Outcome;
}
