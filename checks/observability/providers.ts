/** The telemetry vendors, keyed by OBSERVABILITY_VENDOR: the one place to register another. */

import type { ObservabilityVendor } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { aws } from './aws/index.ts';
import { datadog } from './datadog/index.ts';
import { disabled } from './disabled/index.ts';
import { opentelemetry } from './opentelemetry/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = {
  Datadog: datadog,
  AWS: aws,
  OpenTelemetry: opentelemetry,
  Disabled: disabled,
} satisfies Record<ObservabilityVendor, Provider>;

/** @throws CheckStopped if the choice is invalid, or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('OBSERVABILITY_VENDOR')];

/** Like `providerOf`, but returns `undefined` instead of throwing. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const vendor = deployment.chosen('OBSERVABILITY_VENDOR');
  return vendor && PROVIDERS[vendor];
}
