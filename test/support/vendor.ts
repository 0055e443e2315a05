/** The configs that the vendor's modules and guides write, with invented names and values. */
import { BUCKETS, QUEUES } from '../../src/config/contract.ts';
import { ONPREM } from './onprem.ts';

type Variables = Readonly<Record<string, string>>;

/** What the templates give to all services, and to one. */
export interface VendorConfig {
  readonly shared: Variables;
  readonly server: Variables;
  readonly drain: Variables;
  readonly gateway: Variables;
  /** Behind `valueFrom`, on ECS. */
  readonly secrets?: Variables;
}

const ACCOUNT = '012345678901';
const REGION = 'eu-west-1';
const DATABASE = 'postgres://spacelift:rose%2Ftin-lantern@db.acme.internal:5432/spacelift?statement_cache_capacity=0';
const LICENSE = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.c2ln';

const buckets = (suffix: string): Variables =>
  Object.fromEntries(Object.entries(BUCKETS).map(([bucket, variable]) => [variable, `spacelift-${bucket}-${suffix}`]));
const queueUrl = (name: string) => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/spacelift-${name}`;
const DRAINS_QUEUES = ['dlq', 'dlq-fifo', 'iot'];
const queues = (isWanted: (name: string) => boolean): Variables =>
  Object.fromEntries(
    Object.entries(QUEUES)
      .filter(([name]) => isWanted(name))
      .map(([name, variable]) => [variable, queueUrl(name.endsWith('-fifo') ? `${name}.fifo` : name)]),
  );

const SERVER: Variables = {
  ADMIN_USERNAME: 'admin',
  ADMIN_PASSWORD: 'rose-tin-lantern-mule',
  WEBHOOKS_ENDPOINT: 'https://spacelift.acme.io/webhooks',
};
const CONCURRENCY: Variables = Object.fromEntries(
  ['ASYNC_JOBS', 'ASYNC_JOBS_FIFO', 'CRONJOBS', 'DLQ', 'DLQ_FIFO', 'EVENTS', 'IOT', 'WEBHOOKS'].map((queue) => [
    `DRAIN_CONCURRENCY_${queue}`,
    '5',
  ]),
);
const DRAIN: Variables = {
  LAUNCHER_IMAGE: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/spacelift-launcher`,
  LAUNCHER_IMAGE_TAG: 'v4.3.0',
  ...CONCURRENCY,
};
const GATEWAY: Variables = { GATEWAY_GRPC_PORT: '1984', GATEWAY_HTTP_PORT: '1985' };
const COMMON: Variables = {
  ENVIRONMENT: 'prod',
  SERVER_DOMAIN: 'spacelift.acme.io',
  OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: '',
  LICENSE_TYPE: 'jwt',
  OBSERVABILITY_VENDOR: 'Disabled',
  SPACELIFT_PUBLIC_API: 'https://app.spacelift.io',
  VCS_GATEWAY_ENDPOINT: 'gateway.acme.io:443',
};
const SECRETS: Variables = { DATABASE_URL: DATABASE, DATABASE_READ_ONLY_URL: DATABASE, LICENSE_TOKEN: LICENSE };
const BUILTIN: Variables = {
  MQTT_BROKER_TYPE: 'builtin',
  MQTT_BROKER_ENDPOINT: 'tls://spacelift-mqtt.spacelift.svc.cluster.local:1984',
  ENCRYPTION_TYPE: 'rsa',
  ENCRYPTION_RSA_PRIVATE_KEY: 'LS0tLS1CRUdJTg==',
  MESSAGE_QUEUE_TYPE: 'postgres',
};
const AWS: Variables = {
  AWS_ACCOUNT_ID: ACCOUNT,
  AWS_DEFAULT_REGION: REGION,
  AWS_REGION: REGION,
  ENCRYPTION_TYPE: 'kms',
  ENCRYPTION_KMS_ENCRYPTION_KEY_ID: `arn:aws:kms:${REGION}:${ACCOUNT}:key/6e3ba1a8-7d0c-4f0e-9a51-0d9f5b7a2c11`,
  ENCRYPTION_KMS_SIGNING_KEY_ID: `arn:aws:kms:${REGION}:${ACCOUNT}:key/0b1f7f0a-2f6d-4c5e-8b2e-5b8d1c9e7f22`,
  MQTT_BROKER_TYPE: 'iotcore',
  MQTT_BROKER_ENDPOINT: `a1b2c3d4e5f6g7-ats.iot.${REGION}.amazonaws.com`,
  MESSAGE_QUEUE_TYPE: 'sqs',
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://spacelift-uploads-k3x9q.s3.${REGION}.amazonaws.com`,
  ...buckets('k3x9q'),
};
const { OBJECT_STORAGE_BUCKET_METADATA = '', ...withoutMetadata } = buckets('k3x9q');

export const VENDOR_CONFIGS = {
  EKS: {
    shared: { ...COMMON, ...AWS, ...SECRETS, ...queues(() => true), OBJECT_STORAGE_TYPE: 'aws' },
    server: SERVER,
    drain: { ...DRAIN, DRAIN_SCHEDULER_ENABLED: 'false' },
    gateway: GATEWAY,
  },
  AKS: {
    shared: {
      ...COMMON,
      ...BUILTIN,
      ...SECRETS,
      ...buckets('k3x9q'),
      OBJECT_STORAGE_TYPE: 'azure',
      OBJECT_STORAGE_AZURE_ACCOUNT_URL: 'https://acmespacelift.blob.core.windows.net',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://acmespacelift.blob.core.windows.net',
    },
    server: SERVER,
    drain: DRAIN,
    gateway: GATEWAY,
  },
  GKE: {
    shared: {
      ...COMMON,
      ...BUILTIN,
      ...SECRETS,
      ...withoutMetadata,
      DATABASE_URL: 'postgres://spacelift@acme.iam@127.0.0.1/spacelift?statement_cache_capacity=0',
      DATABASE_READ_ONLY_URL: '',
      OBJECT_STORAGE_TYPE: 'gcp',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://storage.googleapis.com',
    },
    server: SERVER,
    drain: { ...DRAIN, OBJECT_STORAGE_BUCKET_METADATA },
    gateway: GATEWAY,
  },
  'on premises': { shared: ONPREM, server: {}, drain: DRAIN, gateway: GATEWAY },
  ECS: {
    shared: {
      ...COMMON,
      ...AWS,
      ...queues((name) => !DRAINS_QUEUES.includes(name)),
      AWS_PARTITION: 'aws',
      ENCRYPTION_RSA_PRIVATE_KEY: '',
    },
    server: { ...SERVER, AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: 'regional' },
    drain: { ...DRAIN, ...queues((name) => DRAINS_QUEUES.includes(name)) },
    gateway: GATEWAY,
    secrets: SECRETS,
  },
} as const satisfies Record<string, VendorConfig>;

export const SERVICES_OF = ['server', 'drain', 'scheduler', 'vcs-gateway'] as const;
export type VendorService = (typeof SERVICES_OF)[number];

/** What one service has beside the shared variables. */
export const ownOf = (config: VendorConfig, service: VendorService): Variables =>
  ({ server: config.server, drain: config.drain, scheduler: {}, 'vcs-gateway': config.gateway })[service];
