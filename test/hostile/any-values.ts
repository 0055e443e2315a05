/** Installations at whose addresses nothing listens, and values that nobody would write on purpose. */
import fc from 'fast-check';
import { BUCKETS, QUEUES, VARIABLES } from '../../src/config/contract.ts';
import { anyJson, anyText } from '../support/arbitrary.ts';
import { ONPREM } from '../support/onprem.ts';
import type { Variables } from '../support/preflight.ts';
import { SECRET_VARIABLES } from '../support/sdk-variables.ts';

export interface Installation {
  readonly variables: Variables;
  readonly environment: Variables;
  /** What its checks read besides the contract's variables. */
  readonly reads: RegExp;
}

const NOWHERE = '127.0.0.1:1';
const COMMON = {
  ...ONPREM,
  SERVER_DOMAIN: 'localhost',
  WEBHOOKS_ENDPOINT: `http://${NOWHERE}/webhooks`,
  SPACELIFT_PUBLIC_API: `http://${NOWHERE}`,
  VCS_GATEWAY_ENDPOINT: NOWHERE,
  DATABASE_URL: `postgres://spacelift:a-long-db-password@${NOWHERE}/spacelift`,
  DATABASE_READ_ONLY_URL: `postgres://spacelift:a-long-db-password@${NOWHERE}/spacelift`,
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${NOWHERE}`,
  MQTT_BROKER_ENDPOINT: 'tls://127.0.0.1:2',
};
const { OBJECT_STORAGE_MINIO_ENDPOINT: _, ...WITHOUT_MINIO } = COMMON as Record<string, string>;

/** Every value of every choice is in one of them. */
export const INSTALLATIONS: Readonly<Record<string, Installation>> = {
  'on premises': {
    variables: {
      ...COMMON,
      OBJECT_STORAGE_MINIO_ENDPOINT: NOWHERE,
      OBSERVABILITY_VENDOR: 'Datadog',
      DD_AGENT_HOST: '127.0.0.1',
      DD_TRACE_AGENT_PORT: '1',
    },
    environment: {},
    reads: /^(DD_|PG|SSL|NODE|NO_|HTTPS?_|https?_)/,
  },
  'on AWS': {
    variables: {
      ...WITHOUT_MINIO,
      LICENSE_TYPE: 'aws',
      OBJECT_STORAGE_TYPE: 'aws',
      ENCRYPTION_TYPE: 'kms',
      ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'alias/encryption',
      ENCRYPTION_KMS_SIGNING_KEY_ID: 'alias/signing',
      MESSAGE_QUEUE_TYPE: 'sqs',
      MQTT_BROKER_TYPE: 'iotcore',
      MQTT_BROKER_ENDPOINT: 'a1b2c3d4-ats.iot.eu-west-1.amazonaws.com',
      OBSERVABILITY_VENDOR: 'AWS',
      AWS_XRAY_DAEMON_ADDRESS: NOWHERE,
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_ACCOUNT_ID: '012345678901',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'a-long-secret-access-key',
      ...Object.fromEntries(
        Object.entries(QUEUES).map(([queue, name]) => [
          name,
          `https://sqs.eu-west-1.amazonaws.com/012345678901/${queue}${queue.endsWith('fifo') ? '.fifo' : ''}`,
        ]),
      ),
    },
    environment: { AWS_ENDPOINT_URL: `http://${NOWHERE}` },
    reads: /^(AWS|HTTPS?_|https?_|NO_)/,
  },
  'on Google Cloud': {
    variables: {
      ...WITHOUT_MINIO,
      OBJECT_STORAGE_TYPE: 'gcp',
      OBSERVABILITY_VENDOR: 'OpenTelemetry',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${NOWHERE}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a-long-api-key',
    },
    environment: {},
    reads: /^(GOOGLE|GC[EP]|OTEL|STORAGE|HTTPS?_|https?_|NO_)/,
  },
  'with an emulator of Cloud Storage': {
    variables: {
      ...WITHOUT_MINIO,
      OBJECT_STORAGE_TYPE: 'gcp',
      STORAGE_EMULATOR_HOST: NOWHERE,
      OBSERVABILITY_VENDOR: 'Disabled',
    },
    environment: {},
    reads: /^(GOOGLE|GC[EP]|STORAGE)/,
  },
  'on Azure': {
    variables: {
      ...WITHOUT_MINIO,
      OBJECT_STORAGE_TYPE: 'azure',
      OBJECT_STORAGE_AZURE_ACCOUNT_URL: `https://${NOWHERE}`,
      AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
      AZURE_CLIENT_ID: '22222222-3333-4444-5555-666666666666',
      AZURE_CLIENT_SECRET: 'a-long-client-secret',
    },
    environment: {},
    reads: /^(AZURE|IDENTITY|HTTPS?_|https?_|NO_)/,
  },
};

/** What the SDKs read besides credentials: endpoints, files, modes. */
const OF_SDKS = [
  ...['', '_S3', '_STS', '_KMS', '_SQS', '_IOT_DATA_PLANE'].map((service) => `AWS_ENDPOINT_URL${service}`),
  ...['AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ROLE_ARN', 'AWS_ROLE_SESSION_NAME'],
  ...['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT', 'AWS_MAX_ATTEMPTS'],
  ...['AWS_RETRY_MODE', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', 'AWS_EC2_METADATA_SERVICE_ENDPOINT', 'AWS_CA_BUNDLE'],
  ...['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_AUTHORITY_HOST', 'AZURE_FEDERATED_TOKEN_FILE'],
  ...['AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_POD_IDENTITY_AUTHORITY_HOST', 'AZURE_TOKEN_CREDENTIALS'],
  ...['AZURE_REGIONAL_AUTHORITY_NAME', 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ...['GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_UNIVERSE_DOMAIN', 'GCE_METADATA_HOST', 'STORAGE_EMULATOR_HOST'],
  ...[
    'NO_PROXY',
    'HTTPS_PROXY',
    'http_proxy',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'OTEL_EXPORTER_OTLP_CERTIFICATE',
  ],
  ...['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGSSLMODE', 'PGOPTIONS', 'PGSERVICE', 'PGCONNECT_TIMEOUT'],
];
const ALL = [...new Set<string>([...VARIABLES, ...SECRET_VARIABLES, ...OF_SDKS])];

/** The variables that one of its checks could read. */
const readBy = ({ variables, reads }: Installation): string[] =>
  ALL.filter(
    (name) =>
      name in variables || reads.test(name) || !/^(AWS|AZURE|GOOGLE|GC[EP]|DD|OTEL|PG|IDENTITY|STORAGE)/.test(name),
  );

/** More often one that the healthy installation sets. */
const nameIn = (installation: Installation): fc.Arbitrary<string> => {
  const names = readBy(installation);
  const set = names.filter((name) => (installation.variables[name] ?? installation.environment[name] ?? '') !== '');
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...set) },
    { weight: 1, arbitrary: fc.constantFrom(...names) },
  );
};

const ODD = [
  ...['\n', '\r\n', ' ', '\t', '\0', '\u001b[31m', 'é', 'ł', '🚀', '\ud800', '\u202e'],
  ...['%', '%zz', "'", '"', '\\', '#', '?', '@', ':', '/', '=', ',', '*'],
];
const INSTEAD = [
  ...[
    '',
    ' ',
    'x',
    'x'.repeat(100_000),
    '__proto__',
    'constructor',
    '\r\nX-Odd: 1',
    'a=\n',
    'ł=b,c=d',
    '/dev/null',
    '..',
  ],
  ...[
    'http://',
    'https://',
    'http://[::1',
    '://',
    '//',
    'http://127.0.0.1:99999',
    `http://${NOWHERE}/x?y#z`,
    'ftp://x',
  ],
  ...[
    `http://user:pa ss@${NOWHERE}`,
    'postgres://',
    'postgres://a:b@[::1',
    `postgres://%zz@${NOWHERE}/x`,
    'unix:///dev/null',
  ],
  ...['localhost', 'localhost:0', '[::1]', '[::1]:1', ':', ':1', '1:', 'arn:aws:kms:::', 'arn:aws:sqs:x:1:y', '::::'],
  ...['true', '0', '-1', '1e999', 'NaN', '99999999999999999999', '{"a":', '{}', '[]', 'null'],
  '{"type":"service_account","client_email":1,"private_key":"x"}',
];

type Spoil = (value: string) => string;
const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.constantFrom(...ODD).map(
    (odd): Spoil =>
      (value) =>
        value + odd,
  ),
  fc.constantFrom(...ODD).map(
    (odd): Spoil =>
      (value) =>
        odd + value,
  ),
  fc.constantFrom(...ODD).map(
    (odd): Spoil =>
      (value) =>
        value.slice(0, 3) + odd + value.slice(3),
  ),
  fc.constantFrom('"', "'", '`').map(
    (quote): Spoil =>
      (value) =>
        quote + value + quote,
  ),
  fc.constantFrom(...INSTEAD).map(
    (value): Spoil =>
      () =>
        value,
  ),
  anyText(60).map(
    (value): Spoil =>
      () =>
        value,
  ),
  anyJson().map(
    (value): Spoil =>
      () =>
        JSON.stringify(value) ?? '',
  ),
);

interface Spoiled extends Omit<Installation, 'reads'> {
  /** The name of the installation. */
  readonly at: string;
  /** What was changed, for the message of a failure. */
  readonly changed: Variables;
}

/** A healthy installation with one or two variables changed, in the config or in the environment of the process. */
export const spoiled: fc.Arbitrary<Spoiled> = fc
  .constantFrom(...Object.entries(INSTALLATIONS))
  .chain(([at, installation]) => {
    const { variables, environment } = installation;
    const change = fc.record({ name: nameIn(installation), by: spoil, inConfig: fc.boolean() });
    return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
      const spoiledBy = ({ name, by }: (typeof changes)[number]) =>
        by(variables[name] ?? environment[name] ?? 'spacelift');
      const changed = (some: typeof changes) => Object.fromEntries(some.map((one) => [one.name, spoiledBy(one)]));
      const elsewhere = changes.filter(({ inConfig }) => !inConfig);
      const moved = Object.fromEntries(elsewhere.map(({ name }) => [name, undefined]));
      return {
        at,
        variables: { ...variables, ...moved, ...changed(changes.filter(({ inConfig }) => inConfig)) },
        environment: { ...environment, ...changed(elsewhere) },
        changed: changed(changes),
      };
    });
  });

/** All buckets and queues but a few: their variables are read in the same way. */
export const ALIKE = [
  ...Object.keys(BUCKETS)
    .filter((bucket) => bucket !== 'states' && bucket !== 'uploads')
    .map((bucket) => `object-storage/${bucket}/*`),
  ...Object.keys(QUEUES)
    .filter((queue) => queue !== 'iot')
    .map((queue) => `message-queues/${queue}/*`),
];
