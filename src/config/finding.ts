/** A finding about the config alone. */
import type { Outcome } from '../outcome/outcome.ts';

/** The rules about one value by itself. */
export type ValueRule = 'type' | 'whitespace' | 'placeholder' | 'value';

export type ConfigurationRule =
  | ValueRule
  | 'required'
  | 'unknown'
  | 'default'
  | 'conflict'
  | 'region'
  | 'admin-login'
  | 'launcher-image'
  | 'short-lived';

export interface ConfigurationFinding {
  readonly rule: ConfigurationRule;
  readonly outcome: Outcome;
}
