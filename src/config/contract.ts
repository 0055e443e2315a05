/** Every variable that self-hosted Spacelift reads: the table behind `configuration`, `plan` and redaction. */
import { DOCS } from './docs.ts';
import { type Perspective, SERVICES } from './options.ts';
import { isPublicVariable } from './public-variables.ts';
import { DRAIN_VARIABLES, FEDERATION_VARIABLES, GATEWAY_VARIABLES, POLICY_VARIABLES } from './service-variables.ts';
import type { ChoiceType, ValueType } from './types.ts';
import * as type from './types.ts';

export { DOCS };

/** The ten buckets: `OBJECT_STORAGE_BUCKET_<suffix>`. */
export const BUCKETS = {
  deliveries: 'OBJECT_STORAGE_BUCKET_DELIVERIES',
  'large-queue-messages': 'OBJECT_STORAGE_BUCKET_LARGE_QUEUE_MESSAGES',
  metadata: 'OBJECT_STORAGE_BUCKET_METADATA',
  modules: 'OBJECT_STORAGE_BUCKET_MODULES',
  'policy-inputs': 'OBJECT_STORAGE_BUCKET_POLICY_INPUTS',
  'run-logs': 'OBJECT_STORAGE_BUCKET_RUN_LOGS',
  states: 'OBJECT_STORAGE_BUCKET_STATES',
  uploads: 'OBJECT_STORAGE_BUCKET_UPLOADS',
  'user-uploaded-workspaces': 'OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES',
  workspace: 'OBJECT_STORAGE_BUCKET_WORKSPACE',
} as const;
export type Bucket = keyof typeof BUCKETS;

/** The eight SQS queues. */
export const QUEUES = {
  async: 'MESSAGE_QUEUE_SQS_ASYNC_URL',
  'async-fifo': 'MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL',
  cronjobs: 'MESSAGE_QUEUE_SQS_CRONJOBS_URL',
  dlq: 'MESSAGE_QUEUE_SQS_DLQ_URL',
  'dlq-fifo': 'MESSAGE_QUEUE_SQS_DLQ_FIFO_URL',
  'events-inbox': 'MESSAGE_QUEUE_SQS_EVENTS_INBOX_URL',
  iot: 'MESSAGE_QUEUE_SQS_IOT_URL',
  webhooks: 'MESSAGE_QUEUE_SQS_WEBHOOKS_URL',
} as const;
export type Queue = keyof typeof QUEUES;

/** A condition on the effective value of a choice. */
export interface When {
  readonly variable: ChoiceName;
  readonly is: readonly string[];
}

/**
 * The variables that select a backend, with their values: each has a registry that must contain every value
 * (`checks/object-storage/providers.ts` …). The table below includes them at their positions.
 */
const CHOICE_TABLE = {
  LICENSE_TYPE: choice(['aws', 'jwt'], { default: 'aws', docs: DOCS.general }),
  OBJECT_STORAGE_TYPE: choice(['aws', 'gcp', 'azure', 'minio'], { default: 'aws', docs: DOCS.storage }),
  ENCRYPTION_TYPE: choice(['kms', 'rsa'], { default: 'kms', docs: DOCS.encryption }),
  MESSAGE_QUEUE_TYPE: choice(['sqs', 'postgres'], { default: 'sqs', docs: DOCS.queues }),
  MQTT_BROKER_TYPE: choice(['iotcore', 'builtin'], { default: 'iotcore', docs: DOCS.mqtt }),
  OBSERVABILITY_VENDOR: choice(['Datadog', 'AWS', 'OpenTelemetry', 'Disabled'], {
    default: 'Disabled',
    docs: DOCS.telemetry,
  }),
} as const;

export type ChoiceName = keyof typeof CHOICE_TABLE;
/** The values of a choice. */
export type ChoiceOf<Name extends ChoiceName> = (typeof CHOICE_TABLE)[Name]['type']['values'][number];
/** The effective value when the choice is not set. */
export type DefaultOf<Name extends ChoiceName> = (typeof CHOICE_TABLE)[Name]['default'];

export type LicenseType = ChoiceOf<'LICENSE_TYPE'>;
export type ObjectStorageType = ChoiceOf<'OBJECT_STORAGE_TYPE'>;
export type EncryptionType = ChoiceOf<'ENCRYPTION_TYPE'>;
export type MessageQueueType = ChoiceOf<'MESSAGE_QUEUE_TYPE'>;
export type MqttBrokerType = ChoiceOf<'MQTT_BROKER_TYPE'>;
export type ObservabilityVendor = ChoiceOf<'OBSERVABILITY_VENDOR'>;

function choice<const Value extends string, const Default extends NoInfer<Value>>(
  values: readonly Value[],
  more: { readonly default: Default; readonly docs: string },
): { readonly type: ChoiceType<Value>; readonly default: Default; readonly docs: string } {
  return { type: type.choice(...values), ...more };
}

export interface Variable {
  readonly type: ValueType;
  readonly default?: string;
  readonly secret?: true;
  /** `true`: always; otherwise, when any condition holds. */
  readonly required?: true | readonly When[];
  /** The services that need it when it is required; by default all services, but no worker. */
  readonly of?: readonly Perspective[];
  readonly docs: string;
}

const when = <Name extends ChoiceName>(variable: Name, ...is: readonly ChoiceOf<Name>[]): readonly When[] => [
  { variable, is },
];
const BACKEND = SERVICES;
const OPTIONAL = { type: type.text, docs: DOCS.general } as const;

/** Any of these makes the AWS variables required. */
export const USES_AWS: readonly When[] = [
  when('OBJECT_STORAGE_TYPE', 'aws'),
  when('ENCRYPTION_TYPE', 'kms'),
  when('MESSAGE_QUEUE_TYPE', 'sqs'),
  when('MQTT_BROKER_TYPE', 'iotcore'),
  when('LICENSE_TYPE', 'aws'),
  when('OBSERVABILITY_VENDOR', 'AWS'),
].flat();

const bucket = (...of: readonly Perspective[]) =>
  ({ type: type.bucket, required: true, of, docs: DOCS.storage }) as const;
const queue = (...of: readonly Perspective[]) =>
  ({ type: type.sqsUrl, required: when('MESSAGE_QUEUE_TYPE', 'sqs'), of, docs: DOCS.queues }) as const;
const minio = (of: ValueType) =>
  ({ type: of, required: when('OBJECT_STORAGE_TYPE', 'minio'), of: ['server', 'drain'], docs: DOCS.storage }) as const;

const TABLE = {
  SERVER_DOMAIN: { type: type.host, required: true, of: [...BACKEND, 'worker'], docs: DOCS.general },
  ENVIRONMENT: OPTIONAL,
  ADMIN_USERNAME: OPTIONAL,
  ADMIN_PASSWORD: { ...OPTIONAL, secret: true },
  LICENSE_TYPE: CHOICE_TABLE.LICENSE_TYPE,
  LICENSE_TOKEN: {
    type: type.exactText,
    secret: true,
    required: when('LICENSE_TYPE', 'jwt'),
    docs: DOCS.general,
  },
  WEBHOOKS_ENDPOINT: { type: type.httpUrl, docs: DOCS.general },
  SPACELIFT_PUBLIC_API: { type: type.httpUrl, docs: DOCS.general },
  ...DRAIN_VARIABLES,
  ...POLICY_VARIABLES,
  ...FEDERATION_VARIABLES,
  ...GATEWAY_VARIABLES,
  SLACK_APP_CLIENT_ID: OPTIONAL,
  SLACK_APP_CLIENT_SECRET: { ...OPTIONAL, secret: true },
  SLACK_SECRET: { ...OPTIONAL, secret: true },
  ADDITIONAL_ROOT_CAS: { type: type.rootCertificates, docs: DOCS.general },
  SAML_CERT: { type: type.judgedElsewhere, docs: DOCS.general },
  SAML_KEY: { type: type.judgedElsewhere, secret: true, docs: DOCS.general },
  SPACELIFT_TOKEN: { type: type.judgedElsewhere, secret: true, docs: DOCS.workerPools },
  SPACELIFT_POOL_PRIVATE_KEY: { type: type.judgedElsewhere, secret: true, docs: DOCS.workerPools },
  ENABLE_INSTRUMENTATION_ENDPOINTS: { type: type.boolean, docs: DOCS.general },
  AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: OPTIONAL,

  DATABASE_URL: { type: type.postgresUrl, secret: true, required: true, docs: DOCS.dependencies },
  DATABASE_READ_ONLY_URL: { type: type.postgresUrl, secret: true, docs: DOCS.dependencies },

  OBJECT_STORAGE_TYPE: CHOICE_TABLE.OBJECT_STORAGE_TYPE,
  OBJECT_STORAGE_AZURE_ACCOUNT_URL: {
    type: type.httpsUrl,
    required: when('OBJECT_STORAGE_TYPE', 'azure'),
    of: ['server', 'drain'],
    docs: DOCS.storage,
  },
  OBJECT_STORAGE_MINIO_ENDPOINT: minio(type.hostMaybePort),
  OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: minio(type.oneLine('an access key in one line')),
  OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: { ...minio(type.oneLine('a secret key in one line')), secret: true },
  OBJECT_STORAGE_MINIO_USE_SSL: { type: type.boolean, default: 'false', docs: DOCS.storage },
  OBJECT_STORAGE_MINIO_ALLOW_INSECURE: { type: type.boolean, default: 'false', docs: DOCS.storage },
  OBJECT_STORAGE_BUCKET_DELIVERIES: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_LARGE_QUEUE_MESSAGES: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_METADATA: bucket('drain'),
  OBJECT_STORAGE_BUCKET_MODULES: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_POLICY_INPUTS: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_RUN_LOGS: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_STATES: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_UPLOADS: bucket('server'),
  OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_WORKSPACE: bucket('server', 'drain'),
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: {
    type: type.httpUrl,
    required: true,
    of: ['server', 'drain', 'worker'],
    docs: DOCS.storage,
  },
  OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: { type: type.bucket, docs: DOCS.storage },
  GCP_PROJECT: { type: type.exactText, docs: DOCS.storage },

  ENCRYPTION_TYPE: CHOICE_TABLE.ENCRYPTION_TYPE,
  ENCRYPTION_KMS_ENCRYPTION_KEY_ID: {
    type: type.kmsKey,
    required: when('ENCRYPTION_TYPE', 'kms'),
    docs: DOCS.encryption,
  },
  ENCRYPTION_KMS_SIGNING_KEY_ID: {
    type: type.kmsKey,
    required: when('ENCRYPTION_TYPE', 'kms'),
    docs: DOCS.encryption,
  },
  ENCRYPTION_RSA_PRIVATE_KEY: {
    type: type.rsaKey,
    secret: true,
    required: when('ENCRYPTION_TYPE', 'rsa'),
    docs: DOCS.encryption,
  },

  MESSAGE_QUEUE_TYPE: CHOICE_TABLE.MESSAGE_QUEUE_TYPE,
  MESSAGE_QUEUE_SQS_ASYNC_URL: queue('server', 'drain'),
  MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: queue('server', 'drain'),
  MESSAGE_QUEUE_SQS_CRONJOBS_URL: queue('server', 'drain', 'scheduler'),
  MESSAGE_QUEUE_SQS_DLQ_URL: queue('drain'),
  MESSAGE_QUEUE_SQS_DLQ_FIFO_URL: queue('drain'),
  MESSAGE_QUEUE_SQS_EVENTS_INBOX_URL: queue('server', 'drain'),
  MESSAGE_QUEUE_SQS_IOT_URL: queue('drain'),
  MESSAGE_QUEUE_SQS_WEBHOOKS_URL: queue('server', 'drain'),

  MQTT_BROKER_TYPE: CHOICE_TABLE.MQTT_BROKER_TYPE,
  MQTT_BROKER_ENDPOINT: {
    type: type.brokerEndpoint,
    required: true,
    of: ['server', 'drain', 'worker'],
    docs: DOCS.mqtt,
  },
  MQTT_BROKER_IOTCORE_NAMESPACE: { type: type.exactText, default: 'spacelift', docs: DOCS.mqtt },
  MQTT_BROKER_BUILTIN_LOG_LEVEL: { type: type.text, default: 'error', docs: DOCS.mqtt },

  AWS_ACCOUNT_ID: { type: type.accountId, required: USES_AWS, docs: DOCS.general },
  AWS_REGION: { type: type.region, required: USES_AWS, docs: DOCS.general },
  AWS_DEFAULT_REGION: { type: type.region, required: USES_AWS, docs: DOCS.general },
  AWS_PARTITION: { type: type.exactText, default: 'aws', docs: DOCS.general },
  AWS_SECONDARY_REGION: { type: type.region, docs: DOCS.general },

  OBSERVABILITY_VENDOR: CHOICE_TABLE.OBSERVABILITY_VENDOR,
  DD_AGENT_HOST: { type: type.exactText, docs: DOCS.telemetry },
  DD_TRACE_AGENT_URL: { type: type.judgedElsewhere, docs: DOCS.telemetry },
  DD_TRACE_AGENT_PORT: { type: type.port, docs: DOCS.telemetry },
  DD_SERVICE: { ...OPTIONAL, docs: DOCS.telemetry },
  AWS_XRAY_DAEMON_ADDRESS: { type: type.judgedElsewhere, docs: DOCS.telemetry },
  AWS_XRAY_TRACING_NAME: { ...OPTIONAL, docs: DOCS.telemetry },
  OTEL_EXPORTER_OTLP_ENDPOINT: { type: type.judgedElsewhere, docs: DOCS.telemetry },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { type: type.judgedElsewhere, docs: DOCS.telemetry },
  OTEL_EXPORTER_OTLP_HEADERS: { type: type.judgedElsewhere, secret: true, docs: DOCS.telemetry },
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: { type: type.judgedElsewhere, secret: true, docs: DOCS.telemetry },
  OTEL_SERVICE_NAME: { ...OPTIONAL, docs: DOCS.telemetry },
} as const satisfies Record<string, Variable> & typeof CHOICE_TABLE;

export type VariableName = keyof typeof TABLE;
/** A variable that is not a choice. */
export type ValueName = Exclude<VariableName, ChoiceName>;
export const CONTRACT: Readonly<Record<VariableName, Variable>> = TABLE;
export const VARIABLES = Object.keys(TABLE) as readonly VariableName[];

/** The variables that are choices. */
export const CHOICES = Object.keys(CHOICE_TABLE) as readonly ChoiceName[];
export const isChoice = (name: VariableName): name is ChoiceName => Object.hasOwn(CHOICE_TABLE, name);
/** Whether a choice has this value. */
export function isChosen<Name extends ChoiceName>(name: Name, value: string | undefined): value is ChoiceOf<Name> {
  return CHOICE_TABLE[name].type.values.some((one) => one === value);
}

export const isVariable = (name: string): name is VariableName => Object.hasOwn(TABLE, name);

/** The variable that has this name in other letters: `database_url`, `database-url`, `databaseUrl`. */
export function variableSpelled(name: string): VariableName | undefined {
  const spelled = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replaceAll(/[-.]/g, '_');
  return spelled !== name && spelled.includes('_') && isVariable(spelled) ? spelled : undefined;
}

/** The variable behind a short prefix: `APP_SERVER_DOMAIN`. Many programs have such names. */
export function variableBehindPrefix(name: string): VariableName | undefined {
  if (isKnown(name) || !/^[A-Z][A-Z0-9_]*$/.test(name)) return undefined;
  const behind = (variable: string) =>
    variable.includes('_') && name.endsWith(`_${variable}`) && name.length - variable.length <= LONGEST_PREFIX;
  return VARIABLES.find(behind);
}

const LONGEST_PREFIX = 20;

/** Known prefixes: not checked, and never a misspelling. */
const KNOWN_PREFIXES = ['FEATURE_FLAG_'];
/** Variables that the cloud SDKs and Node read themselves: not Spacelift's, but not unknown either. */
const SDK_PREFIXES = ['AWS_', 'AZURE_', 'GOOGLE_', 'GCP_', 'GCE_', 'DD_', 'OTEL_'];
const SDK_NAMES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'STORAGE_EMULATOR_HOST',
];

export const isKnown = (name: string): boolean =>
  isVariable(name) || KNOWN_PREFIXES.some((prefix) => name.startsWith(prefix)) || isForSdk(name);

/** Whether a cloud SDK, a proxy client or the TLS stack reads the variable, not Spacelift. */
export const isForSdk = (name: string): boolean =>
  SDK_NAMES.includes(name.toUpperCase()) || SDK_PREFIXES.some((prefix) => name.startsWith(prefix));

/** Whether the variable says that a config is Spacelift's: a file for one service may contain only its feature flags. */
export const isSpacelifts = (name: string): boolean => isVariable(name) || (isKnown(name) && !isForSdk(name));

/** Variables that can differ between services. */
const MAY_DIFFER = /^(DD_|OTEL_|AWS_S3_|GATEWAY_|AWS_ROLE_ARN$)/;
export const mayDiffer = (name: string): boolean => MAY_DIFFER.test(name);

/** Whether a value must not be shown: any variable in neither the contract nor the list of public variables is a secret. */
export const isSecret = (name: string): boolean => {
  if (isVariable(name)) return CONTRACT[name].secret === true;
  return !isPublicVariable(name) && !KNOWN_PREFIXES.some((prefix) => name.startsWith(prefix));
};
