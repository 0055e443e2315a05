/** Values that are good by themselves, and do not go together; and credentials that do not last. */
import pg from 'pg';
import { canary } from '../../support/canaries.ts';
import { EKS } from '../../support/estate.ts';
import { source } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import { statement } from '../database/arrange.ts';
import type { Arrange, Fault } from '../fault.ts';

const DEFAULT = ['configuration/default'];
const PAIRING = ['pairing/iotcore-needs-sqs'];
const SHORT_LIVED = ['configuration/short-lived'];
const set = (variables: Readonly<Record<string, string | undefined>>): Arrange => config(() => variables);

/** A token as the password of the role, as a script would set it. */
const password =
  (token: string): Arrange =>
  async (there) => {
    const url = new URL(there.variables.DATABASE_URL ?? '');
    const { undo } = await statement(
      `ALTER ROLE spacelift PASSWORD ${pg.escapeLiteral(token)}`,
      `ALTER ROLE spacelift PASSWORD ${pg.escapeLiteral(decodeURIComponent(url.password))}`,
    )(there);
    url.password = encodeURIComponent(token);
    return { variables: { DATABASE_URL: url.href }, ...(undo && { undo }) };
  };

/** What AWS gives to whoever assumes a role. */
const SESSION = { AWS_SESSION_TOKEN: canary('AWS_SESSION_TOKEN') };
const RDS_TOKEN =
  'db.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=sl&X-Amz-Credential=ASIA&X-Amz-Signature=0a1b2c3d';
const ENTRA_TOKEN = 'eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRwczovL29zc3JkYm1z.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';

export const CHOICES: readonly Fault[] = [
  {
    name: 'object storage type unset with MinIO',
    arrange: set({ OBJECT_STORAGE_TYPE: '' }),
    fail: DEFAULT,
    says: /^OBJECT_STORAGE_TYPE is not set and defaults to aws, but OBJECT_STORAGE_MINIO_ENDPOINT.* are set$/m,
  },
  {
    name: 'encryption type unset with an RSA key',
    arrange: set({ ENCRYPTION_TYPE: '' }),
    fail: DEFAULT,
    says: /^ENCRYPTION_TYPE is not set and defaults to kms, but ENCRYPTION_RSA_PRIVATE_KEY is set$/m,
  },
  {
    name: 'message queue type unset with no queue',
    arrange: set({ MESSAGE_QUEUE_TYPE: '' }),
    fail: DEFAULT,
    says: /^MESSAGE_QUEUE_TYPE is not set and defaults to sqs, but no MESSAGE_QUEUE_SQS_… variable is set$/m,
  },
  {
    name: 'message queue type misspelled',
    arrange: config(({ MESSAGE_QUEUE_TYPE }) => ({ MESSAGE_QUEUE_TYPE: '', MESSAGE_QUEUES_TYPE: MESSAGE_QUEUE_TYPE })),
    fail: DEFAULT,
    says: /^MESSAGE_QUEUES_TYPE is set in .*, did you mean MESSAGE_QUEUE_TYPE\?$/m,
  },
  {
    name: 'license type unset with a token',
    arrange: set({ LICENSE_TYPE: '' }),
    fail: DEFAULT,
    says: /^LICENSE_TYPE is not set and defaults to aws, but LICENSE_TOKEN is set$/m,
  },
  {
    name: 'broker type unset with SQS and a built-in broker’s endpoint',
    at: EKS,
    arrange: set({ MQTT_BROKER_TYPE: '', MQTT_BROKER_ENDPOINT: 'tls://spacelift-mqtt.corp.internal:1984' }),
    fail: DEFAULT,
    says: /^MQTT_BROKER_TYPE is not set and defaults to iotcore, but MQTT_BROKER_ENDPOINT looks like the endpoint of a built-in/m,
  },
  {
    name: 'all types unset on AWS',
    at: EKS,
    arrange: set({ OBJECT_STORAGE_TYPE: '', ENCRYPTION_TYPE: '', MESSAGE_QUEUE_TYPE: '', MQTT_BROKER_TYPE: '' }),
  },
  {
    name: 'broker type unset with PostgreSQL queues',
    arrange: set({ MQTT_BROKER_TYPE: '' }),
    fail: PAIRING,
    says: /^IoT Core needs SQS, but the message queue is postgres\nMQTT_BROKER_TYPE is not set and defaults to iotcore/,
  },
  {
    name: 'IoT Core with PostgreSQL queues',
    at: EKS,
    arrange: set({ MESSAGE_QUEUE_TYPE: 'postgres' }),
    fail: PAIRING,
    says: /^IoT Core needs SQS, but the message queue is postgres\nMQTT_BROKER_TYPE is iotcore; MESSAGE_QUEUE_TYPE is postgres/,
  },
  {
    name: 'two regions',
    at: EKS,
    arrange: set({ AWS_DEFAULT_REGION: 'us-east-1' }),
    fail: ['configuration/region'],
    says: /^AWS_REGION is [a-z0-9-]+, but AWS_DEFAULT_REGION is us-east-1$/m,
  },
  {
    name: 'an admin without a password',
    arrange: set({ ADMIN_PASSWORD: '' }),
    fail: ['configuration/admin-login'],
    says: /^ADMIN_USERNAME is set without ADMIN_PASSWORD$/m,
  },
  {
    name: 'a password without an admin',
    arrange: set({ ADMIN_USERNAME: '' }),
    fail: ['configuration/admin-login'],
    says: /^ADMIN_PASSWORD is set without ADMIN_USERNAME$/m,
  },
  {
    name: 'a session token in the config',
    arrange: set(SESSION),
    warn: SHORT_LIVED,
    says: /^AWS_SESSION_TOKEN belongs to a temporary session that expires within hours$/m,
  },
  {
    name: 'a session token in the environment of a job',
    arrange: ({ variables }) => ({ sources: [source({ ...variables, ...SESSION }, 'all', { process: true })] }),
  },
  {
    name: 'a token of RDS as the database password',
    arrange: password(RDS_TOKEN),
    warn: SHORT_LIVED,
    says: /^the password in DATABASE_URL is an RDS IAM token, which expires within an hour$/m,
  },
  {
    name: 'a token of Entra as the database password',
    arrange: password(ENTRA_TOKEN),
    warn: SHORT_LIVED,
    says: /^the password in DATABASE_URL is an Entra access token, which expires within an hour$/m,
  },
];
