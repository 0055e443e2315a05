/** The broker built into the server. */
import type { PlannedOperation, Run } from '../../../src/engine/check.ts';
import { ENDPOINT, READS_ENDPOINT } from '../endpoint.ts';
import type { Provider } from '../provider.ts';

export const builtin: Provider = {
  rules: () => ['endpoint', 'builtin/reachable', 'builtin/protocol'],
  plan: async (run) => plan(run),
  run: async (context) => (await import('./run.ts')).run(context),
  programs: ['mosquitto_pub', 'mosquitto_sub'],
};

const plan = (run: Run): PlannedOperation[] => [
  READS_ENDPOINT,
  {
    rules: ['builtin/reachable', 'builtin/protocol'],
    does: 'connects, and sends an MQTT CONNECT without credentials, and if there is no response, an HTTP request and an SSLRequest of PostgreSQL; publishes and subscribes to nothing',
    at: [run.require(ENDPOINT)],
  },
];
