/** What can be wrong in a Terraform plan, and what only looks like it. */
import { parseSource } from '../../src/config/sources/index.ts';
import { AWS_PLAN, AZURE_PLAN, GOOGLE_PLAN, OTHERS, type PlannedResource, renderPlan } from '../support/plans.ts';
import type { Fault } from './fault.ts';

/** Changes one resource, or leaves it out. */
export const planChanged =
  (type: string, name: string, after: object | undefined) => (plan: readonly PlannedResource[]) =>
    plan.flatMap((one) => {
      if (one.type !== type || (one.index ?? one.name) !== name) return [one];
      return after === undefined ? [] : [{ ...one, after: { ...one.after, ...after } }];
    });
const with_ = (resource: PlannedResource) => (plan: readonly PlannedResource[]) => [...plan, resource];

const rds = (engine: string, version: string): PlannedResource => ({
  module: 'module.spacelift.module.rds[0]',
  type: 'aws_db_instance',
  name: 'db',
  after: { identifier: 'spacelift-k3x9q', db_name: null, engine, engine_version: version },
  unknown: { address: true, endpoint: true },
});

const S3 = 'module.spacelift.module.s3';
const EXPIRING = { rule: [{ id: 'old', status: 'Enabled', expiration: [{ days: 30 }] }] };
const about = (name: string) => ({ bucket: [`aws_s3_bucket.${name}.id`, `aws_s3_bucket.${name}`] });

/** One resource is wrong. */
export interface PlanFault {
  readonly plan: readonly PlannedResource[];
  readonly change: (plan: readonly PlannedResource[]) => readonly PlannedResource[];
  readonly id: string;
  readonly status: 'fail' | 'warn';
  readonly resource: string;
  readonly fix: RegExp;
}

export const PLAN_FAULTS: Readonly<Record<string, PlanFault>> = {
  'an old PostgreSQL on Aurora': {
    plan: AWS_PLAN,
    change: planChanged('aws_rds_cluster', 'db_cluster', { engine_version: '13.9' }),
    id: 'database/version',
    status: 'fail',
    resource: 'module.spacelift.module.rds[0].aws_rds_cluster.db_cluster',
    fix: /set engine_version = "1\d"/,
  },
  'an old PostgreSQL on Cloud SQL': {
    plan: GOOGLE_PLAN,
    change: planChanged('google_sql_database_instance', 'spacelift', { database_version: 'POSTGRES_12' }),
    id: 'database/version',
    status: 'fail',
    resource: 'module.spacelift.module.db[0].google_sql_database_instance.spacelift',
    fix: /set database_version = "POSTGRES_1\d"/,
  },
  'a new PostgreSQL on Azure': {
    plan: AZURE_PLAN,
    change: planChanged('azurerm_postgresql_flexible_server', 'postgres', { version: '18' }),
    id: 'database/version',
    status: 'warn',
    resource: 'module.spacelift.module.postgres.azurerm_postgresql_flexible_server.postgres',
    fix: /set version = "1\d"/,
  },
  'MySQL on Aurora': {
    plan: AWS_PLAN,
    change: planChanged('aws_rds_cluster', 'db_cluster', {
      engine: 'aurora-mysql',
      engine_version: '8.0.mysql_aurora.3.08',
    }),
    id: 'database/product',
    status: 'fail',
    resource: 'module.spacelift.module.rds[0].aws_rds_cluster.db_cluster',
    fix: /set engine = "aurora-postgresql" and engine_version = "1\d"/,
  },
  'MariaDB on RDS': {
    plan: planChanged('aws_rds_cluster', 'db_cluster', undefined)(AWS_PLAN),
    change: with_(rds('mariadb', '11.4.4')),
    id: 'database/product',
    status: 'fail',
    resource: 'module.spacelift.module.rds[0].aws_db_instance.db',
    fix: /set engine = "postgres" and engine_version = "1\d"/,
  },
  'SQL Server on RDS': {
    plan: planChanged('aws_rds_cluster', 'db_cluster', undefined)(AWS_PLAN),
    change: with_(rds('sqlserver-se', '16.00')),
    id: 'database/product',
    status: 'fail',
    resource: 'module.spacelift.module.rds[0].aws_db_instance.db',
    fix: /set engine = "postgres" and engine_version = "1\d"/,
  },
  'MySQL on Cloud SQL': {
    plan: GOOGLE_PLAN,
    change: planChanged('google_sql_database_instance', 'spacelift', { database_version: 'MYSQL_8_4' }),
    id: 'database/product',
    status: 'fail',
    resource: 'module.spacelift.module.db[0].google_sql_database_instance.spacelift',
    fix: /set database_version = "POSTGRES_1\d"/,
  },
  'SQL Server on Cloud SQL': {
    plan: GOOGLE_PLAN,
    change: planChanged('google_sql_database_instance', 'spacelift', { database_version: 'SQLSERVER_2022_STANDARD' }),
    id: 'database/product',
    status: 'fail',
    resource: 'module.spacelift.module.db[0].google_sql_database_instance.spacelift',
    fix: /set database_version = "POSTGRES_1\d"/,
  },
  'states without versioning on S3': {
    plan: AWS_PLAN,
    change: planChanged('aws_s3_bucket_versioning', 'states', { versioning_configuration: [{ status: 'Suspended' }] }),
    id: 'object-storage/states/versioning',
    status: 'fail',
    resource: `${S3}.aws_s3_bucket_versioning.states`,
    fix: /set versioning_configuration.status = "Enabled"/,
  },
  'run logs for which nothing sets versioning': {
    plan: AWS_PLAN,
    change: planChanged('aws_s3_bucket_versioning', 'run_logs', undefined),
    id: 'object-storage/run-logs/versioning',
    status: 'warn',
    resource: `${S3}.aws_s3_bucket.run_logs`,
    fix: /in an aws_s3_bucket_versioning of it/,
  },
  'states that expire on S3': {
    plan: AWS_PLAN,
    change: with_({
      module: S3,
      type: 'aws_s3_bucket_lifecycle_configuration',
      name: 'states',
      after: EXPIRING,
      unknown: { bucket: true },
      references: about('states'),
    }),
    id: 'object-storage/states/retention',
    status: 'fail',
    resource: `${S3}.aws_s3_bucket_lifecycle_configuration.states`,
    fix: /remove what deletes current objects: rule.expiration/,
  },
  'deliveries that never expire': {
    plan: AWS_PLAN,
    change: planChanged('aws_s3_bucket_lifecycle_configuration', 'deliveries', undefined),
    id: 'object-storage/deliveries/retention',
    status: 'warn',
    resource: `${S3}.aws_s3_bucket.deliveries`,
    fix: /add expiration in an aws_s3_bucket_lifecycle_configuration of it/,
  },
  'a public bucket': {
    plan: planChanged('aws_s3_bucket_public_access_block', 'states', undefined)(AWS_PLAN),
    change: with_({
      module: S3,
      type: 'aws_s3_bucket_policy',
      name: 'states',
      after: { policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' }] }) },
      unknown: { bucket: true },
      references: about('states'),
    }),
    id: 'object-storage/states/public',
    status: 'warn',
    resource: `${S3}.aws_s3_bucket_policy.states`,
    fix: /set Principal in policy/,
  },
  'states without versioning on Cloud Storage': {
    plan: GOOGLE_PLAN,
    change: planChanged('google_storage_bucket', 'spacelift-states', { versioning: [] }),
    id: 'object-storage/states/versioning',
    status: 'fail',
    resource: 'module.spacelift.module.storage.google_storage_bucket.spacelift-states',
    fix: /set versioning.enabled = true/,
  },
  'modules that expire on Cloud Storage': {
    plan: GOOGLE_PLAN,
    change: planChanged('google_storage_bucket', 'spacelift-modules', {
      lifecycle_rule: [{ action: [{ type: 'Delete' }], condition: [{ age: 30 }] }],
    }),
    id: 'object-storage/modules/retention',
    status: 'fail',
    resource: 'module.spacelift.module.storage.google_storage_bucket.spacelift-modules',
    fix: /remove what deletes current objects: lifecycle_rule/,
  },
  'a public container': {
    plan: AZURE_PLAN,
    change: planChanged('azurerm_storage_container', 'spacelift-states', { container_access_type: 'blob' }),
    id: 'object-storage/states/public',
    status: 'warn',
    resource:
      'module.spacelift.module.container_storage.azurerm_storage_container.spacelift-container["spacelift-states"]',
    fix: /set container_access_type = "private"/,
  },
  'an encryption key that can only sign': {
    plan: AWS_PLAN,
    change: planChanged('aws_kms_key', 'encryption_key', {
      key_usage: 'SIGN_VERIFY',
      customer_master_key_spec: 'RSA_2048',
    }),
    id: 'encryption/kms/encryption-key',
    status: 'fail',
    resource: 'module.spacelift.module.kms[0].aws_kms_key.encryption_key',
    fix: /set key_usage = "ENCRYPT_DECRYPT"/,
  },
  'a signing key that is too small': {
    plan: AWS_PLAN,
    change: planChanged('aws_kms_key', 'jwt_key', { customer_master_key_spec: 'RSA_2048' }),
    id: 'encryption/kms/signing-key',
    status: 'fail',
    resource: 'module.spacelift.module.kms[0].aws_kms_key.jwt_key',
    fix: /customer_master_key_spec = "RSA_4096"/,
  },
  'a FIFO queue that is standard': {
    plan: AWS_PLAN,
    change: planChanged('aws_sqs_queue', 'async_jobs_fifo', { fifo_queue: false }),
    id: 'message-queues/async-fifo/kind',
    status: 'fail',
    resource: 'module.spacelift.module.sqs[0].aws_sqs_queue.async_jobs_fifo',
    fix: /set fifo_queue = true/,
  },
  'a short visibility timeout': {
    plan: AWS_PLAN,
    change: planChanged('aws_sqs_queue', 'webhooks', { visibility_timeout_seconds: 30 }),
    id: 'message-queues/webhooks/settings',
    status: 'warn',
    resource: 'module.spacelift.module.sqs[0].aws_sqs_queue.webhooks',
    fix: /set visibility_timeout_seconds = 600/,
  },
  'a queue without dead letters': {
    plan: AWS_PLAN,
    change: (plan) => plan.map((one) => (one.name === 'cronjobs' ? { ...one, references: {}, unknown: {} } : one)),
    id: 'message-queues/cronjobs/settings',
    status: 'warn',
    resource: 'module.spacelift.module.sqs[0].aws_sqs_queue.cronjobs',
    fix: /set redrive_policy with maxReceiveCount = 3/,
  },
  'dead letters to the wrong kind of queue': {
    plan: AWS_PLAN,
    change: (plan) =>
      plan.map((one) =>
        one.name === 'async_jobs_fifo'
          ? { ...one, references: { redrive_policy: ['aws_sqs_queue.deadletter.arn', 'aws_sqs_queue.deadletter'] } }
          : one,
      ),
    id: 'message-queues/async-fifo/kind',
    status: 'fail',
    resource: 'module.spacelift.module.sqs[0].aws_sqs_queue.async_jobs_fifo',
    fix: /set deadLetterTargetArn/,
  },
  'a topic rule without base64': {
    plan: AWS_PLAN,
    change: planChanged('aws_iot_topic_rule', 'spacelift', { sqs: [{ use_base64: false }] }),
    id: 'mqtt-broker/iotcore/topic-rule',
    status: 'fail',
    resource: 'module.spacelift.module.sqs[0].aws_iot_topic_rule.spacelift',
    fix: /set sqs.use_base64 = true/,
  },
};

/** What looks like a fault, and is none. */
const LOOKALIKES: Readonly<Record<string, readonly PlannedResource[]>> = {
  'a planned MySQL server of another application beside Spacelift’s': [
    ...AWS_PLAN,
    { ...rds('mysql', '8.0.39'), module: 'module.web', after: { identifier: 'web', db_name: 'web', engine: 'mysql' } },
  ],
  'a planned MySQL server that is called after Spacelift, beside PostgreSQL': [
    ...AWS_PLAN,
    { ...rds('mysql', '8.0.39'), module: 'module.metrics' },
  ],
  'a planned queue whose kind is known only after the apply': AWS_PLAN.map((one) =>
    one.name === 'async_jobs_fifo'
      ? { ...one, after: { name: 'spacelift-async-jobs.fifo' }, unknown: { ...one.unknown, fifo_queue: true } }
      : one,
  ),
  'planned buckets whose settings are known only after the apply': AWS_PLAN.map((one) =>
    /_versioning$|_lifecycle_configuration$/.test(one.type)
      ? { ...one, after: {}, unknown: { bucket: true, versioning_configuration: true, rule: true } }
      : one,
  ),
  'a planned topic rule whose action is known only after the apply': AWS_PLAN.map((one) =>
    one.type === 'aws_iot_topic_rule' ? { ...one, after: { ...one.after, sqs: [] }, unknown: { sqs: true } } : one,
  ),
};

const quote = (text: string): string => text.replace(/[.[\]"$]/g, '\\$&');
const planOf = (resources: readonly PlannedResource[]): Fault['arrange'] => {
  const text = renderPlan([...resources, ...OTHERS]);
  return async () => ({ sources: [await parseSource('plan.json', text)] });
};

export const PLANS: readonly Fault[] = [
  ...Object.entries(PLAN_FAULTS).map(
    ([name, { plan, change, id, status, resource }]): Fault => ({
      name: `a plan: ${name}`,
      arrange: planOf(change(plan)),
      [status]: [id],
      says: new RegExp(`^planned: .*\n${quote(resource)}`),
    }),
  ),
  ...Object.entries(LOOKALIKES).map(([name, plan]): Fault => ({ name, arrange: planOf(plan) })),
];
