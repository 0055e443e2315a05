/** Configs of every kind of deployment, for plans: nothing listens at their addresses. */
import { QUEUES } from '../../src/config/contract.ts';
import { ONPREM } from '../support/onprem.ts';
import type { Variables } from '../support/preflight.ts';

const queue = (name: string) =>
  `https://sqs.eu-west-1.amazonaws.com/123456789012/spacelift-${name.replace(/-fifo$/, '')}${name.endsWith('-fifo') ? '.fifo' : ''}`;

const ON_AWS: Variables = {
  ...ONPREM,
  OBJECT_STORAGE_TYPE: 'aws',
  OBJECT_STORAGE_MINIO_ENDPOINT: '',
  OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: '',
  OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: '',
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://spacelift-uploads.s3.eu-west-1.amazonaws.com',
  ENCRYPTION_TYPE: 'kms',
  ENCRYPTION_RSA_PRIVATE_KEY: '',
  ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'arn:aws:kms:eu-west-1:123456789012:key/mrk-1',
  ENCRYPTION_KMS_SIGNING_KEY_ID: 'alias/spacelift-signing',
  MESSAGE_QUEUE_TYPE: 'sqs',
  ...Object.fromEntries(Object.entries(QUEUES).map(([name, variable]) => [variable, queue(name)])),
  MQTT_BROKER_TYPE: 'iotcore',
  MQTT_BROKER_ENDPOINT: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com',
  AWS_ACCOUNT_ID: '123456789012',
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_SECONDARY_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIAPLANPLANPLANPLAN',
  AWS_SECRET_ACCESS_KEY: 'a-long-secret-of-the-plan',
  OBSERVABILITY_VENDOR: 'AWS',
  AWS_XRAY_DAEMON_ADDRESS: 'xray.corp.internal:2000',
};

const withoutMinio: Variables = {
  OBJECT_STORAGE_MINIO_ENDPOINT: '',
  OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: '',
  OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: '',
};

export const DEPLOYMENTS: Readonly<Record<string, Variables>> = {
  'on premises': {
    ...ONPREM,
    DATABASE_READ_ONLY_URL: 'postgres://reader:another-long-password@replica.corp.internal/spacelift',
    VCS_GATEWAY_ENDPOINT: 'gateway.corp.internal:443',
    SPACELIFT_PUBLIC_API: 'https://user:a-long-api-password@api.corp.internal/v1?token=a-long-query-token',
    OBSERVABILITY_VENDOR: 'OpenTelemetry',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.corp.internal:4317',
  },
  'on AWS': ON_AWS,
  'on Google Cloud': {
    ...ONPREM,
    ...withoutMinio,
    OBJECT_STORAGE_TYPE: 'gcp',
    GCP_PROJECT: 'corp',
    OBSERVABILITY_VENDOR: 'Datadog',
    DD_AGENT_HOST: 'agent.corp.internal',
  },
  'on Azure': {
    ...ONPREM,
    ...withoutMinio,
    OBJECT_STORAGE_TYPE: 'azure',
    OBJECT_STORAGE_AZURE_ACCOUNT_URL: 'https://corp.blob.core.windows.net',
  },
};
