/** Faults of what takes Spacelift's traces. */
import type { TlsOptions } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { processSource } from '../../../src/config/sources/process.ts';
import { type OtlpOptions, startOtlp, startOtlpHttp } from '../../services/otlp.ts';
import { refusedPort, startBanner, startHttp } from '../../services/tcp.ts';
import { startDatadogAgent, startXrayDaemon } from '../../services/telemetry.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { ONPREM } from '../../support/estate.ts';
import type { Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import { issued, ROOT_CAS, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

/** An installation on premises whose traces go to X-Ray: it has credentials of AWS. */
const TRACED = { ...ONPREM, vendor: 'AWS' } as const;

interface Listening {
  readonly host: string;
  readonly port: number;
  close?(): unknown;
}

const datadog = (variables: Variables): Variables => ({ OBSERVABILITY_VENDOR: 'Datadog', ...variables });
const xray = (address: string): Variables => ({ OBSERVABILITY_VENDOR: 'AWS', AWS_XRAY_DAEMON_ADDRESS: address });
const otel = (endpoint: string): Variables => ({
  OBSERVABILITY_VENDOR: 'OpenTelemetry',
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
});

/** An agent somewhere else; with `environment` the config is the environment of this process, and so is its loopback. */
const agent =
  (start: () => Promise<Listening>, of: (at: string) => Variables, from: 'file' | 'environment' = 'file'): Arrange =>
  async ({ variables }) => {
    const { host, port, close } = await start();
    const changed = of(`${host}:${port}`);
    const sources = from === 'file' ? {} : { sources: [processSource({ ...variables, ...changed })] };
    return { variables: changed, ...sources, undo: () => close?.() };
  };

/** A collector behind TLS, under the name `localhost`. */
const overTls =
  (options: Promise<TlsOptions>, more: Variables = { ADDITIONAL_ROOT_CAS: ROOT_CAS }): Arrange =>
  async () => {
    const collector = await startOtlp();
    const front = await startTlsFront(collector, { ...(await options), ALPNProtocols: ['h2'] });
    return {
      variables: { ...otel(`https://localhost:${front.port}`), ...more },
      undo: () => Promise.all([front.close(), collector.close()]),
    };
  };

const NO_HEADERS: Variables = { OTEL_EXPORTER_OTLP_HEADERS: '', OTEL_EXPORTER_OTLP_TRACES_HEADERS: '' };

const collector = (options: OtlpOptions, more: Variables = {}) =>
  agent(
    () => startOtlp(options),
    (at) => ({ ...otel(`http://${at}`), ...more }),
  );

const ADDRESSES: readonly Fault[] = (
  [
    [
      'OpenTelemetry without an endpoint',
      { OBSERVABILITY_VENDOR: 'OpenTelemetry' },
      /OTEL_EXPORTER_OTLP_ENDPOINT is not set/,
    ],
    ['Datadog without an agent', { OBSERVABILITY_VENDOR: 'Datadog' }, /is Datadog, but DD_AGENT_HOST is not set/],
    ['X-Ray without a daemon', xray(''), /is AWS, but AWS_XRAY_DAEMON_ADDRESS is not set/],
    ['a Datadog host with a port', datadog({ DD_AGENT_HOST: 'agent:8126' }), /DD_AGENT_HOST has a form .*"agent:8126"/],
    [
      'a Datadog URL without a scheme',
      datadog({ DD_TRACE_AGENT_URL: 'agent:8126' }),
      /DD_TRACE_AGENT_URL has a form .*"agent:8126"/,
    ],
    [
      'an X-Ray address with a scheme',
      xray('http://xray:2000'),
      /AWS_XRAY_DAEMON_ADDRESS has a form that the SDK does not accept/,
    ],
  ] as const
).map(([name, variables, says]) => ({
  name,
  ...(variables.OBSERVABILITY_VENDOR === 'AWS' && { at: TRACED }),
  arrange: config(() => variables),
  fail: ['observability/address'],
  says,
}));

const DATADOG: readonly Fault[] = [
  {
    name: 'a misspelled Datadog host',
    arrange: config(() => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_AGENT_HSOT: 'agent.corp.io' })),
    warn: ['configuration/unknown[DD_AGENT_HSOT]'],
    fail: ['observability/address'],
    says: /did you mean DD_AGENT_HOST\?/,
  },
  {
    name: 'a Datadog agent that does not resolve yet',
    arrange: config(() => datadog({ DD_AGENT_HOST: 'agent.does-not-exist.invalid' })),
    warn: ['observability/datadog'],
    says: /^agent\.does-not-exist\.invalid does not resolve\n/,
  },
  {
    name: 'a Datadog agent that does not resolve after installation',
    arrange: config(() => datadog({ DD_AGENT_HOST: 'agent.does-not-exist.invalid' })),
    options: { phase: 'post-install', skip: ['network/*'] },
    fail: ['observability/datadog'],
    says: /^agent\.does-not-exist\.invalid does not resolve\n/,
  },
  {
    name: 'a Datadog agent beside Spacelift that refuses',
    arrange: agent(refusedPort, (at) => datadog({ DD_TRACE_AGENT_URL: `http://${at}` }), 'environment'),
    warn: ['observability/datadog'],
    says: /^127\.0\.0\.1:\d+ refused the connection\n/,
  },
  {
    name: 'a web server where the Datadog agent should be',
    arrange: agent(
      () => startHttp(404, 'not found'),
      (at) => datadog({ DD_TRACE_AGENT_URL: `http://${at}` }),
    ),
    fail: ['observability/datadog'],
    says: /^127\.0\.0\.1:\d+ does not look like a Datadog trace agent\nGET \/info returned HTTP 404\./,
  },
  {
    name: 'an SSH server where the Datadog agent should be',
    arrange: agent(
      () => startBanner('SSH-2.0-OpenSSH_9.6\r\n'),
      (at) => datadog({ DD_TRACE_AGENT_URL: `http://${at}` }),
    ),
    fail: ['observability/datadog'],
    says: /^127\.0\.0\.1:\d+ does not speak HTTP$/m,
  },
  {
    name: 'a Datadog agent without TLS, spoken to with it',
    arrange: agent(startDatadogAgent, (at) => datadog({ DD_TRACE_AGENT_URL: `https://${at}` })),
    fail: ['observability/datadog'],
    says: /^127\.0\.0\.1:\d+ does not speak TLS$/m,
  },
  {
    name: 'a Datadog agent that is a sidecar of the task',
    arrange: agent(refusedPort, (at) => datadog({ DD_TRACE_AGENT_URL: `http://${at}` })),
  },
];

const XRAY: readonly Fault[] = [
  {
    name: 'an X-Ray daemon without TCP',
    at: TRACED,
    arrange: agent(() => startXrayDaemon({ tcp: false }), xray),
    warn: ['observability/xray'],
    says: /^central sampling is disabled: 127\.0\.0\.1:\d+ refused the connection over TCP$/m,
  },
  {
    name: 'an X-Ray daemon beside Spacelift that refuses',
    at: TRACED,
    arrange: agent(refusedPort, xray, 'environment'),
    warn: ['observability/xray'],
    says: /^127\.0\.0\.1:\d+ refused UDP\n/,
  },
  {
    name: 'an X-Ray daemon that does not resolve after installation',
    at: TRACED,
    arrange: config(() => xray('xray.does-not-exist.invalid:2000')),
    options: { phase: 'post-install', skip: ['network/*'] },
    fail: ['observability/xray'],
    says: /^xray\.does-not-exist\.invalid does not resolve\n/,
  },
  { name: 'an X-Ray daemon that is a sidecar of the task', at: TRACED, arrange: agent(refusedPort, xray) },
];

const OPENTELEMETRY: readonly Fault[] = [
  ...WRONG_TLS.map(({ name, says, trusted, make }) => ({
    name: `a collector behind ${name}`,
    arrange: overTls(make('localhost'), trusted ? { ADDITIONAL_ROOT_CAS: ROOT_CAS } : {}),
    fail: ['observability/opentelemetry'],
    says: new RegExp(`^TLS to localhost:\\d+ failed: .*${says.source}`),
  })),
  { name: 'a collector with an authority of ADDITIONAL_ROOT_CAS', arrange: overTls(issued(['localhost'])) },
  {
    name: 'an OTLP endpoint that is an HTTP server',
    arrange: agent(
      () => startHttp(200, 'hello'),
      (at) => otel(`http://${at}`),
    ),
    fail: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ is an HTTP server, not an OTLP\/gRPC collector$/m,
  },
  {
    name: 'a collector that takes OTLP over HTTP only',
    arrange: agent(startOtlpHttp, (at) => otel(`http://${at}`)),
    fail: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ accepts OTLP over HTTP only, but Spacelift sends it over gRPC$/m,
  },
  {
    name: 'an SSH server where the collector should be',
    arrange: agent(
      () => startBanner('SSH-2.0-OpenSSH_9.6\r\n'),
      (at) => otel(`http://${at}`),
    ),
    fail: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ does not speak gRPC$/m,
  },
  {
    name: 'an address of telemetry without http://',
    arrange: agent(startOtlp, otel),
    fail: ['observability/address'],
    says: /OTEL_EXPORTER_OTLP_ENDPOINT has a form that the SDK does not accept/,
  },
  {
    name: 'a collector without TLS, spoken to with it',
    arrange: agent(startOtlp, (at) => otel(`https://${at}`)),
    fail: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ does not speak TLS$/m,
  },
  {
    name: 'a collector with TLS, spoken to without',
    arrange: async (there) => {
      const { variables, ...rest } = await overTls(issued(['localhost']))(there);
      const endpoint = variables?.OTEL_EXPORTER_OTLP_ENDPOINT?.replace('https:', 'http:') ?? '';
      return { ...rest, variables: { ...variables, ...otel(endpoint) } };
    },
    fail: ['observability/opentelemetry'],
    says: /^localhost:\d+ requires TLS$/m,
  },
  {
    name: 'a collector that requires credentials',
    arrange: collector({ authorization: 'Bearer a-long-token' }, NO_HEADERS),
    fail: ['observability/opentelemetry'],
    says: /^the collector at 127\.0\.0\.1:\d+ requires credentials$/m,
  },
  {
    name: 'a collector that refuses the credentials',
    arrange: collector(
      { authorization: 'Bearer a-long-token' },
      { ...NO_HEADERS, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20another-token' },
    ),
    fail: ['observability/opentelemetry'],
    says: /^the collector at 127\.0\.0\.1:\d+ rejected the credentials in OTEL_EXPORTER_OTLP_HEADERS$/m,
  },
  {
    name: 'a collector that refuses the credentials for traces',
    arrange: collector(
      { authorization: 'Bearer a-long-token' },
      {
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a-long-token',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20another-token',
      },
    ),
    fail: ['observability/opentelemetry'],
    says: /^the collector at 127\.0\.0\.1:\d+ rejected the credentials in OTEL_EXPORTER_OTLP_TRACES_HEADERS$/m,
  },
  {
    name: 'a collector without a pipeline for traces',
    arrange: collector({ service: 'opentelemetry.proto.collector.logs.v1.LogsService' }),
    fail: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ speaks gRPC, but does not accept traces$/m,
  },
  {
    name: 'a collector that is overloaded',
    arrange: collector({ answer: status.UNAVAILABLE }),
    warn: ['observability/opentelemetry'],
    says: /^127\.0\.0\.1:\d+ responds, but the collector does not accept traces \(gRPC status 14\)\n/,
  },
  {
    name: 'a collector that does not resolve after installation',
    arrange: config(() => otel('http://collector.does-not-exist.invalid:4317')),
    options: { phase: 'post-install', skip: ['network/*'] },
    fail: ['observability/opentelemetry'],
    says: /^collector\.does-not-exist\.invalid does not resolve\n/,
  },
  {
    name: 'a collector in a cluster, looked at from outside',
    arrange: config(() => otel('http://otel.observability.svc:4317')),
    options: { from: 'outside' },
  },
];

const NAMES: readonly Fault[] = [
  {
    name: 'a service name that Spacelift sets itself',
    arrange: config(() => ({ DD_SERVICE: 'spacelift' })),
    warn: ['observability/service-name'],
    says: /^DD_SERVICE is set, but Spacelift sets it itself$/m,
  },
];

export const OF_TELEMETRY: readonly Fault[] = [...ADDRESSES, ...DATADOG, ...XRAY, ...OPENTELEMETRY, ...NAMES];
