/** The rules of telemetry, for every vendor. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

const VARIABLES = Object.values<Provider>(PROVIDERS).flatMap(({ receiver }) => receiver?.variables ?? []);
const LATER =
  'A missing agent is a warning before installation and a failure afterward. If a loopback address from a Secret or task definition refuses the connection, the rule is skipped: a sidecar responds only inside the task.';

export const RULES = {
  address: {
    title: 'the vendor’s address is set',
    procedure: `Reads the address like the vendor’s own SDK for Go. ${VARIABLES.join(' ')}`,
    rationale: 'Without it, the SDK sends to a default address, usually loopback, and every trace is silently lost.',
    fix: 'Set the variable that the finding names, or OBSERVABILITY_VENDOR=Disabled.',
    example: {
      found: 'OBSERVABILITY_VENDOR is Datadog, but DD_AGENT_HOST is not set',
      fix: 'set DD_AGENT_HOST=datadog-agent.monitoring.svc; or OBSERVABILITY_VENDOR=Disabled',
    },
    docs: DOCS.telemetry,
  },
  datadog: {
    title: 'the Datadog agent responds',
    procedure: `Sends GET /info to the trace agent, and reports whether DogStatsD (UDP 8125) refuses packets. ${LATER}`,
    rationale: 'Spacelift works without the agent, but its traces are lost.',
    permission: 'TCP 8126 and UDP 8125 from the services to the agent',
    fix: 'Start the agent with APM enabled for non-local traffic (DD_APM_NON_LOCAL_TRAFFIC=true), and allow TCP 8126 in the network policies.',
    example: {
      found: 'datadog-agent.monitoring.svc:8126 refused the connection',
      fix: 'set DD_APM_NON_LOCAL_TRAFFIC=true on the agent; try: curl http://datadog-agent.monitoring.svc:8126/info',
    },
    docs: DOCS.telemetry,
  },
  xray: {
    title: 'the X-Ray daemon responds',
    procedure: `Sends the daemon’s header without a segment over UDP, and waits for a refusal (ICMP), the only response that UDP has. Opens a TCP connection, and warns if it is refused, since sampling rules use TCP. ${LATER}`,
    rationale:
      'Spacelift works without the daemon, but its traces are lost; if only TCP is missing, central sampling rules do not apply.',
    permission: 'UDP and TCP 2000 from the services to the daemon',
    fix: 'Start the daemon with --bind and --bind-tcp on an address that the services can reach, and allow UDP and TCP 2000.',
    example: {
      found: 'central sampling is disabled: xray.internal:2000 refused the connection over TCP',
      fix: 'start the daemon with --bind-tcp 0.0.0.0:2000, and allow TCP 2000',
    },
    docs: DOCS.telemetry,
  },
  opentelemetry: {
    title: 'the collector accepts OTLP over gRPC',
    procedure: `Sends an OTLP/gRPC export request without spans, with the headers in OTEL_EXPORTER_OTLP_HEADERS, and checks the collector’s response. Identifies other servers: a collector that accepts OTLP over HTTP only, another HTTP server, unexpected TLS, or missing TLS. ${LATER}`,
    rationale: 'Spacelift works without the collector, but its traces are lost.',
    permission: 'TCP 4317 from the services to the collector',
    fix: 'Add an otlp receiver with the grpc protocol to a traces pipeline of the collector, and point the endpoint at its port (4317).',
    example: {
      found: 'collector.monitoring.svc:4318 accepts OTLP over HTTP only, but Spacelift sends it over gRPC',
      fix: 'set OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.monitoring.svc:4317',
    },
    docs: DOCS.telemetry,
  },
  'service-name': {
    title: 'Spacelift names its services itself',
    procedure: 'Looks for DD_SERVICE, AWS_XRAY_TRACING_NAME, and OTEL_SERVICE_NAME.',
    rationale:
      'Spacelift sets them for each of its services; your own value is overridden, or merges the server, drain, and scheduler into one service.',
    fix: 'Remove the variable.',
    example: { found: 'DD_SERVICE is set, but Spacelift sets it itself', fix: 'remove DD_SERVICE' },
    docs: DOCS.telemetry,
  },
} as const satisfies Record<string, Rule>;

export type ObservabilityRule = keyof typeof RULES;
