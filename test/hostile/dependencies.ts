/** What Spacelift depends on, and how a config is told that it is somewhere else. */
import type { Phase } from '../../src/config/options.ts';
import { type ConnectProxy, startConnectProxy } from '../services/connect-proxy.ts';
import { startHttp } from '../services/tcp.ts';
import { AKS, type Choice, EKS, type Environment, type Estate, GKE, ONPREM } from '../support/estate.ts';
import type { Variables } from '../support/preflight.ts';
import type { Language } from './behaviors.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Pointed {
  readonly variables?: Variables;
  readonly environment?: Environment;
  readonly close?: () => Promise<void>;
}

export interface Dependency {
  readonly name: string;
  readonly choice: Choice;
  /** The server is behind TLS, with a certificate that is trusted. */
  readonly tls?: true;
  readonly phase?: Phase;
  readonly speaks: Language;
  /** Patterns of what may be different from a healthy run; all other findings must be the same. */
  readonly owns: readonly string[];
  /** `skip`: Spacelift does without it; `pass`: that it is there is all that is asked. One trouble unless told. */
  readonly outcome?: 'skip' | 'pass';
  /** Of which each operation may be a failure of its own. */
  readonly most?: number;
  /** Points the config at another server. */
  readonly at: (address: Address, estate: Estate, config: Variables) => Pointed | Promise<Pointed>;
}

const databaseAt =
  (parameters: string): Dependency['at'] =>
  ({ host, port }, _, { DATABASE_URL = '' }) => ({
    variables: { DATABASE_URL: `${DATABASE_URL.replace(/@[^/]+/, `@${host}:${port}`)}?${parameters}` },
  });

const aws =
  (service: string): Dependency['at'] =>
  ({ host, port }) => ({
    environment: { [`AWS_ENDPOINT_URL_${service}`]: `http://${host}:${port}` },
  });

/** A proxy that leads some names elsewhere, and all others where they lead anyway. */
const rerouted =
  (name: RegExp, proxyOf: (estate: Estate) => ConnectProxy, way: (estate: Estate) => string): Dependency['at'] =>
  async ({ port }, estate) => {
    const usual = Number(new URL(way(estate)).port);
    const proxy = await startConnectProxy((host) => (name.test(host) ? port : usual));
    const environment = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxyOf(estate).url };
    return { environment, close: proxy.close };
  };
const google = (name: RegExp): Dependency['at'] =>
  rerouted(
    name,
    ({ gcp }) => gcp.gcs.proxy,
    ({ gcp }) => gcp.gcs.secureUrl,
  );
const azure = (name: RegExp): Dependency['at'] =>
  rerouted(
    name,
    (estate) => estate.azure.azure.proxy,
    (estate) => estate.azure.azure.url,
  );

const imageAt = (registry: string): Variables => ({
  LAUNCHER_IMAGE: `${registry}/spacelift/launcher`,
  LAUNCHER_IMAGE_TAG: 'v4.3.0',
});

/** All of it hangs on the database, and so do its queues. */
const DATABASE = { speaks: 'PostgreSQL', owns: ['database/*', 'message-queues/*'] } as const;
const STORAGE = { speaks: 'HTTP', owns: ['object-storage/*'] } as const;
const TELEMETRY = { owns: ['observability/*'] } as const;

export const DEPENDENCIES: readonly Dependency[] = [
  { name: 'PostgreSQL', choice: ONPREM, ...DATABASE, at: databaseAt('sslmode=disable') },
  { name: 'PostgreSQL, by TLS', choice: ONPREM, ...DATABASE, at: databaseAt('sslmode=require') },
  {
    name: 'MinIO',
    choice: ONPREM,
    ...STORAGE,
    at: ({ host, port }) => ({
      variables: {
        OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}`,
        OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${host}:${port}`,
      },
    }),
  },
  {
    name: 'MinIO, by TLS',
    choice: ONPREM,
    tls: true,
    ...STORAGE,
    at: ({ host, port }) => ({
      variables: {
        OBJECT_STORAGE_MINIO_ENDPOINT: `${host}:${port}`,
        OBJECT_STORAGE_MINIO_USE_SSL: 'true',
        OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://${host}:${port}`,
      },
    }),
  },
  {
    name: 'S3',
    choice: EKS,
    ...STORAGE,
    at: ({ host, port }) => ({
      variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${host}:${port}` },
      environment: { AWS_ENDPOINT_URL_S3: `http://${host}:${port}` },
    }),
  },
  { name: 'KMS', choice: EKS, speaks: 'HTTP', owns: ['encryption/*'], most: 2, at: aws('KMS') },
  { name: 'SQS', choice: EKS, speaks: 'HTTP', most: 2, owns: ['message-queues/*', 'mqtt-broker/*'], at: aws('SQS') },
  { name: 'STS', choice: EKS, speaks: 'HTTP', owns: ['identity/*'], outcome: 'skip', at: aws('STS') },
  { name: 'IoT Core', choice: EKS, speaks: 'HTTP', owns: ['mqtt-broker/*'], outcome: 'skip', at: aws('IOT') },
  {
    name: 'IoT Core’s broker',
    choice: EKS,
    speaks: 'HTTP',
    owns: ['mqtt-broker/*'],
    most: 2,
    at: aws('IOT_DATA_PLANE'),
  },
  { name: 'Cloud Storage', choice: GKE, tls: true, ...STORAGE, at: google(/^storage\.googleapis\.com$/) },
  { name: 'Google’s tokens', choice: GKE, tls: true, ...STORAGE, at: google(/^(oauth2|iamcredentials|sts)\./) },
  { name: 'Azure Blob Storage', choice: AKS, tls: true, ...STORAGE, at: azure(/\.blob\./) },
  { name: 'Azure’s tokens', choice: AKS, tls: true, ...STORAGE, at: azure(/^login\./) },
  { name: 'Azure’s management', choice: AKS, tls: true, ...STORAGE, outcome: 'skip', at: azure(/^management\./) },
  {
    name: 'the proxy on the way to Azure',
    choice: AKS,
    ...STORAGE,
    at: ({ host, port }) => ({ environment: { HTTPS_PROXY: `http://${host}:${port}` } }),
  },
  {
    name: 'the MQTT broker',
    choice: ONPREM,
    phase: 'post-install',
    speaks: 'MQTT',
    owns: ['mqtt-broker/*'],
    at: ({ host, port }) => ({ variables: { MQTT_BROKER_ENDPOINT: `${host}:${port}` } }),
  },
  {
    name: 'the MQTT broker, by TLS',
    choice: ONPREM,
    tls: true,
    phase: 'post-install',
    speaks: 'MQTT',
    owns: ['mqtt-broker/*'],
    at: ({ host, port }) => ({ variables: { MQTT_BROKER_ENDPOINT: `tls://${host}:${port}` } }),
  },
  {
    name: 'the OpenTelemetry collector',
    choice: { ...ONPREM, vendor: 'OpenTelemetry' },
    speaks: 'HTTP/2',
    ...TELEMETRY,
    at: ({ host, port }) => ({ variables: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:${port}` } }),
  },
  {
    name: 'the OpenTelemetry collector, by TLS',
    choice: { ...ONPREM, vendor: 'OpenTelemetry' },
    tls: true,
    speaks: 'HTTP/2',
    ...TELEMETRY,
    at: ({ host, port }) => ({ variables: { OTEL_EXPORTER_OTLP_ENDPOINT: `https://${host}:${port}` } }),
  },
  {
    name: 'the Datadog agent',
    choice: { ...ONPREM, vendor: 'Datadog' },
    speaks: 'HTTP',
    ...TELEMETRY,
    at: ({ host, port }) => ({ variables: { DD_TRACE_AGENT_URL: `http://${host}:${port}` } }),
  },
  {
    name: 'the X-Ray daemon',
    choice: { ...EKS, vendor: 'AWS' },
    speaks: 'HTTP',
    outcome: 'pass',
    ...TELEMETRY,
    at: ({ host, port }, _, { AWS_XRAY_DAEMON_ADDRESS }) => ({
      variables: { AWS_XRAY_DAEMON_ADDRESS: `udp:${AWS_XRAY_DAEMON_ADDRESS} tcp:${host}:${port}` },
    }),
  },
  {
    name: 'the webhooks endpoint',
    choice: ONPREM,
    phase: 'post-install',
    speaks: 'HTTP',
    owns: ['network/webhooks'],
    at: ({ host, port }) => ({ variables: { WEBHOOKS_ENDPOINT: `http://${host}:${port}/webhooks` } }),
  },
  {
    name: 'the VCS gateway',
    choice: ONPREM,
    tls: true,
    phase: 'post-install',
    speaks: 'HTTP/2',
    owns: ['network/vcs-gateway'],
    at: ({ host, port }) => ({ variables: { VCS_GATEWAY_ENDPOINT: `${host}:${port}` } }),
  },
  {
    name: 'the container registry',
    choice: ONPREM,
    tls: true,
    speaks: 'HTTP',
    owns: ['images/*'],
    at: ({ host, port }) => ({ variables: imageAt(`${host}:${port}`) }),
  },
  {
    name: 'the token server of the container registry',
    choice: ONPREM,
    tls: true,
    speaks: 'HTTP',
    owns: ['images/*'],
    at: async ({ host, port }) => {
      const realm = `Bearer realm="https://${host}:${port}/token",service="registry"`;
      const registry = await startHttp(401, '', { 'www-authenticate': realm });
      return {
        variables: imageAt(`${registry.host}:${registry.port}`),
        close: async () => void (await registry.close()),
      };
    },
  },
  {
    name: 'the public API',
    choice: ONPREM,
    speaks: 'HTTP',
    owns: ['network/public-api'],
    at: ({ host, port }) => ({ variables: { SPACELIFT_PUBLIC_API: `http://${host}:${port}` } }),
  },
];
