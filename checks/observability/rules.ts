/** What is checked of telemetry, whichever vendor is in force. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

const VARIABLES = Object.values<Provider>(PROVIDERS).flatMap(({ receiver }) => receiver?.variables ?? []);
const LATER =
  'An agent that is not there is a warning before installation and a failure after it; a loopback address from a Secret or task definition that refuses is a skip: a sidecar answers only inside the task.';

export const RULES = {
  address: {
    title: 'the vendor’s address is set',
    procedure: `Reads the address as the vendor’s own SDK for Go does. ${VARIABLES.join(' ')}`,
    rationale:
      'Without it the SDK sends to an address of its own choice, usually loopback, and every trace is lost in silence.',
    fix: 'Set the variable that the finding names, or OBSERVABILITY_VENDOR=Disabled.',
    example: {
      found: 'OBSERVABILITY_VENDOR is Datadog, but DD_AGENT_HOST is not set',
      fix: 'set DD_AGENT_HOST=datadog-agent.monitoring.svc; or OBSERVABILITY_VENDOR=Disabled',
    },
    docs: DOCS.telemetry,
  },
  datadog: {
    title: 'the Datadog agent answers',
    procedure: `Asks the trace agent for GET /info, and reports whether DogStatsD (UDP 8125) refuses. ${LATER}`,
    rationale: 'Spacelift works without the agent, but its traces are lost.',
    permission: 'TCP 8126 and UDP 8125 from the services to the agent',
    fix: 'Start the agent with APM enabled for traffic that is not local (DD_APM_NON_LOCAL_TRAFFIC=true), and let the network policies pass TCP 8126.',
    example: {
      found: 'datadog-agent.monitoring.svc:8126 refuses the connection',
      fix: 'set DD_APM_NON_LOCAL_TRAFFIC=true on the agent; try: curl http://datadog-agent.monitoring.svc:8126/info',
    },
    docs: DOCS.telemetry,
  },
  xray: {
    title: 'the X-Ray daemon answers',
    procedure: `Sends the daemon’s header without a segment by UDP, and looks for a refusal (ICMP): UDP has no other answer. Opens a TCP connection: refused is a warning, since sampling rules come that way. ${LATER}`,
    rationale:
      'Spacelift works without the daemon, but its traces are lost; without TCP alone, central sampling rules do not apply.',
    permission: 'UDP and TCP 2000 from the services to the daemon',
    fix: 'Start the daemon with --bind and --bind-tcp on an address that the services reach, and let UDP and TCP 2000 pass.',
    example: {
      found: 'central sampling is off: xray.internal:2000 refuses the connection by TCP',
      fix: 'start the daemon with --bind-tcp 0.0.0.0:2000, and let TCP 2000 pass',
    },
    docs: DOCS.telemetry,
  },
  opentelemetry: {
    title: 'the collector accepts OTLP over gRPC',
    procedure: `Sends an OTLP/gRPC export request without spans, with the headers of OTEL_EXPORTER_OTLP_HEADERS; the collector’s answer decides. What answers otherwise is told apart: a collector of OTLP over HTTP only, another HTTP server, TLS or its absence. ${LATER}`,
    rationale: 'Spacelift works without the collector, but its traces are lost.',
    permission: 'TCP 4317 from the services to the collector',
    fix: 'Give the collector an otlp receiver with the grpc protocol in a traces pipeline, and point the endpoint at its port (4317).',
    example: {
      found: 'collector.monitoring.svc:4318 takes OTLP over HTTP only, and Spacelift sends it over gRPC',
      fix: 'set OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.monitoring.svc:4317',
    },
    docs: DOCS.telemetry,
  },
  'service-name': {
    title: 'Spacelift names its services itself',
    procedure: 'Looks for DD_SERVICE, AWS_XRAY_TRACING_NAME and OTEL_SERVICE_NAME.',
    rationale:
      'Spacelift sets them for each of its services; a value of your own is overridden, or merges server, drain and scheduler into one.',
    fix: 'Remove the variable.',
    example: { found: 'DD_SERVICE is set, and Spacelift sets it itself', fix: 'remove DD_SERVICE' },
    docs: DOCS.telemetry,
  },
} as const satisfies Record<string, Rule>;

export type ObservabilityRule = keyof typeof RULES;
