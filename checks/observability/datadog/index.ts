/** Datadog. */
import { datadogEndpoint, shown } from '../address.ts';
import type { Provider } from '../provider.ts';

export const datadog: Provider = {
  receiver: {
    rule: 'datadog',
    variables: 'Datadog: DD_TRACE_AGENT_URL (http, https, unix), otherwise DD_AGENT_HOST and DD_TRACE_AGENT_PORT.',
    address: (run) => shown(datadogEndpoint(run)),
    does: 'sends GET /info to the trace agent, and an empty packet to DogStatsD',
    ask: async (run) => (await import('./agent.ts')).datadog(run),
  },
  serviceName: 'DD_SERVICE',
};
