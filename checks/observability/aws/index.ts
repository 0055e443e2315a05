/** AWS X-Ray. */
import { shown, xrayEndpoint } from '../address.ts';
import type { Provider } from '../provider.ts';

export const aws: Provider = {
  receiver: {
    rule: 'xray',
    variables: 'X-Ray: AWS_XRAY_DAEMON_ADDRESS, as host:port or tcp:host:port udp:host:port.',
    address: (run) => shown(xrayEndpoint(run).udp),
    does: 'sends the daemon’s header without a segment over UDP, and opens a TCP connection',
    ask: async (run) => (await import('./daemon.ts')).xray(run),
  },
  serviceName: 'AWS_XRAY_TRACING_NAME',
};
