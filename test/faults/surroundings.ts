/** Faults of what stands around Spacelift: its MQTT broker, telemetry and network. */
import { refusedPort, startCloser, startHttp } from '../services/tcp.ts';
import { config, elsewhere } from './arrange.ts';
import type { Fault } from './fault.ts';

export const SURROUNDINGS: readonly Fault[] = [
  {
    name: 'MQTT port 1983',
    arrange: config(() => ({ MQTT_BROKER_ENDPOINT: 'mqtt.corp.internal:1983' })),
    fail: ['mqtt-broker/endpoint'],
  },
  {
    name: 'an HTTP server on the MQTT port',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', () => startHttp(200, 'hello', {})),
    fail: ['mqtt-broker/builtin/protocol'],
  },
  { name: 'no MQTT broker before installation', arrange: elsewhere('MQTT_BROKER_ENDPOINT', refusedPort) },
  {
    name: 'no MQTT broker after installation',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', refusedPort),
    options: { phase: 'post-install', skip: ['network/*'] },
    fail: ['mqtt-broker/builtin/reachable'],
  },
  {
    name: 'an MQTT port that closes before installation',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', startCloser),
  },
  {
    name: 'an address of telemetry without http://',
    arrange: config(() => ({ OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })),
    fail: ['observability/address'],
  },
  {
    name: 'an OTLP endpoint that is an HTTP server',
    arrange: async () => {
      const { host, port, close } = await startHttp(200, 'hello');
      const endpoint = { OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:${port}` };
      return { variables: endpoint, undo: close };
    },
    fail: ['observability/opentelemetry'],
  },
  {
    name: 'a Datadog agent that does not resolve yet',
    arrange: config(() => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_AGENT_HOST: 'agent.does-not-exist.invalid' })),
    warn: ['observability/datadog'],
  },
  {
    name: 'a service name that Spacelift sets itself',
    arrange: config(() => ({ DD_SERVICE: 'spacelift' })),
    warn: ['observability/service-name'],
  },
  {
    name: 'a domain that does not resolve after installation',
    arrange: config(() => ({ SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' })),
    options: { phase: 'post-install' },
    fail: ['network/server-domain'],
  },
  {
    name: 'a public API that does not resolve',
    arrange: config(() => ({ SPACELIFT_PUBLIC_API: 'https://api.does-not-exist.invalid' })),
    warn: ['network/public-api'],
  },
];
