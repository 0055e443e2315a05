/** An OpenTelemetry collector. */
import { otlpEndpoint, shown } from '../address.ts';
import type { Provider } from '../provider.ts';

export const opentelemetry: Provider = {
  receiver: {
    rule: 'opentelemetry',
    variables:
      'OpenTelemetry: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, otherwise OTEL_EXPORTER_OTLP_ENDPOINT, with http://, https://, or unix:.',
    address: (run) => shown(otlpEndpoint(run)),
    does: 'sends an OTLP/gRPC export request without spans',
    ask: async (run) => (await import('./collector.ts')).opentelemetry(run),
  },
  serviceName: 'OTEL_SERVICE_NAME',
};
