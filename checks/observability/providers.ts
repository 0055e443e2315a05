/** The telemetry vendors, keyed by OBSERVABILITY_VENDOR: the one place to register another. */

import type { ObservabilityVendor } from '../../src/config/contract.ts';
import { registry } from '../../src/engine/registry.ts';
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

export const { providerOf, knownProvider } = registry<'OBSERVABILITY_VENDOR', Provider>(
  'OBSERVABILITY_VENDOR',
  PROVIDERS,
);
