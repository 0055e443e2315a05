/** What a Terraform plan says about Spacelift's resources: by the same rules, without contacting anything. */
import { describe, expect, it } from 'vitest';
import { preflight, render } from '../../src/app/preflight.ts';
import type { Report } from '../../src/report/types.ts';
import { AWS_PLAN, AZURE_PLAN, GOOGLE_PLAN, OTHERS, type PlannedResource, renderPlan } from '../support/plans.ts';

const SECRETS = {
  planned_values: { outputs: { kubernetes_secrets: { sensitive: true } }, root_module: {} },
  output_changes: { kubernetes_secrets: { actions: ['create'], before: null, after_unknown: true } },
};

async function check(
  resources: readonly PlannedResource[],
  options: Parameters<typeof preflight>[1] = {},
): Promise<Report> {
  const stdin = (async function* () {
    yield Buffer.from(renderPlan(resources, SECRETS));
  })();
  return preflight({ files: ['-'], stdin, environment: {} }, options);
}

const findings = ({ checks }: Report) => checks.flatMap((one) => one.findings);
const bad = (report: Report) => findings(report).filter(({ status }) => status === 'fail' || status === 'warn');

const PLANS = { AWS: AWS_PLAN, 'Google Cloud': GOOGLE_PLAN, Azure: AZURE_PLAN };

describe.each(Object.entries(PLANS))('%s', (_, plan) => {
  it('is clean as the vendor’s modules render it, beside resources of others', async () => {
    const report = await check([...plan, ...OTHERS]);
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ phase: 'plan', verdict: 'inconclusive', leftovers: [] });
    const planned = findings(report).filter((finding) => finding.planned);
    expect(planned.length).toBeGreaterThan(20);
    expect(planned.every(({ status, title }) => status === 'pass' && title.startsWith('planned: '))).toBe(true);
    expect(await render(report, 'pretty')).toContain('inconclusive: a plan was checked, and nothing was contacted');
  });

  it('says nothing about what it destroys', async () => {
    const report = await check(plan.map((resource) => ({ ...resource, actions: ['delete'] })));
    expect(findings(report).filter((finding) => finding.planned)).toEqual([]);
  });
});

/** Changes one resource, or leaves it out. */
const changed = (type: string, name: string, after: object | undefined) => (plan: readonly PlannedResource[]) =>
  plan.flatMap((one) => {
    if (one.type !== type || (one.index ?? one.name) !== name) return [one];
    return after === undefined ? [] : [{ ...one, after: { ...one.after, ...after } }];
  });
const with_ = (resource: PlannedResource) => (plan: readonly PlannedResource[]) => [...plan, resource];

const S3 = 'module.spacelift.module.s3';
const EXPIRING = { rule: [{ id: 'old', status: 'Enabled', expiration: [{ days: 30 }] }] };
const about = (name: string) => ({ bucket: [`aws_s3_bucket.${name}.id`, `aws_s3_bucket.${name}`] });

interface Fault {
  readonly plan: readonly PlannedResource[];
  readonly change: (plan: readonly PlannedResource[]) => readonly PlannedResource[];
  readonly id: string;
  readonly status: 'fail' | 'warn';
  readonly resource: string;
  readonly fix: RegExp;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'an old PostgreSQL on Aurora': {
    plan: AWS_PLAN,
    change: changed('aws_rds_cluster', 'db_cluster', { engine_version: '13.9' }),
    id: 'database/version',
    status: 'fail',
    resource: 'module.spacelift.module.rds[0].aws_rds_cluster.db_cluster',
    fix: /set engine_version = "1\d"/,
  },
  'an old PostgreSQL on Cloud SQL': {
    plan: GOOGLE_PLAN,
    change: changed('google_sql_database_instance', 'spacelift', { database_version: 'POSTGRES_12' }),
    id: 'database/version',
    status: 'fail',
    resource: 'module.spacelift.module.db[0].google_sql_database_instance.spacelift',
    fix: /set database_version = "POSTGRES_1\d"/,
  },
  'a new PostgreSQL on Azure': {
    plan: AZURE_PLAN,
    change: changed('azurerm_postgresql_flexible_server', 'postgres', { version: '18' }),
    id: 'database/version',
    status: 'warn',
    resource: 'module.spacelift.module.postgres.azurerm_postgresql_flexible_server.postgres',
    fix: /set version = "1\d"/,
  },
  'states without versioning on S3': {
    plan: AWS_PLAN,
    change: changed('aws_s3_bucket_versioning', 'states', { versioning_configuration: [{ status: 'Suspended' }] }),
    id: 'object-storage/states/versioning',
    status: 'fail',
    resource: `${S3}.aws_s3_bucket_versioning.states`,
    fix: /set versioning_configuration.status = "Enabled"/,
  },
  'run logs for which nothing sets versioning': {
    plan: AWS_PLAN,
    change: changed('aws_s3_bucket_versioning', 'run_logs', undefined),
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
    change: changed('aws_s3_bucket_lifecycle_configuration', 'deliveries', undefined),
    id: 'object-storage/deliveries/retention',
    status: 'warn',
    resource: `${S3}.aws_s3_bucket.deliveries`,
    fix: /add expiration in an aws_s3_bucket_lifecycle_configuration of it/,
  },
  'a public bucket': {
    plan: changed('aws_s3_bucket_public_access_block', 'states', undefined)(AWS_PLAN),
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
    change: changed('google_storage_bucket', 'spacelift-states', { versioning: [] }),
    id: 'object-storage/states/versioning',
    status: 'fail',
    resource: 'module.spacelift.module.storage.google_storage_bucket.spacelift-states',
    fix: /set versioning.enabled = true/,
  },
  'modules that expire on Cloud Storage': {
    plan: GOOGLE_PLAN,
    change: changed('google_storage_bucket', 'spacelift-modules', {
      lifecycle_rule: [{ action: [{ type: 'Delete' }], condition: [{ age: 30 }] }],
    }),
    id: 'object-storage/modules/retention',
    status: 'fail',
    resource: 'module.spacelift.module.storage.google_storage_bucket.spacelift-modules',
    fix: /remove what deletes current objects: lifecycle_rule/,
  },
  'a public container': {
    plan: AZURE_PLAN,
    change: changed('azurerm_storage_container', 'spacelift-states', { container_access_type: 'blob' }),
    id: 'object-storage/states/public',
    status: 'warn',
    resource:
      'module.spacelift.module.container_storage.azurerm_storage_container.spacelift-container["spacelift-states"]',
    fix: /set container_access_type = "private"/,
  },
  'an encryption key that can only sign': {
    plan: AWS_PLAN,
    change: changed('aws_kms_key', 'encryption_key', {
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
    change: changed('aws_kms_key', 'jwt_key', { customer_master_key_spec: 'RSA_2048' }),
    id: 'encryption/kms/signing-key',
    status: 'fail',
    resource: 'module.spacelift.module.kms[0].aws_kms_key.jwt_key',
    fix: /customer_master_key_spec = "RSA_4096"/,
  },
  'a FIFO queue that is standard': {
    plan: AWS_PLAN,
    change: changed('aws_sqs_queue', 'async_jobs_fifo', { fifo_queue: false }),
    id: 'message-queues/async-fifo/kind',
    status: 'fail',
    resource: 'module.spacelift.module.sqs[0].aws_sqs_queue.async_jobs_fifo',
    fix: /set fifo_queue = true/,
  },
  'a short visibility timeout': {
    plan: AWS_PLAN,
    change: changed('aws_sqs_queue', 'webhooks', { visibility_timeout_seconds: 30 }),
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
    change: changed('aws_iot_topic_rule', 'spacelift', { sqs: [{ use_base64: false }] }),
    id: 'mqtt-broker/iotcore/topic-rule',
    status: 'fail',
    resource: 'module.spacelift.module.sqs[0].aws_iot_topic_rule.spacelift',
    fix: /set sqs.use_base64 = true/,
  },
};

describe('faults', () => {
  it.each(Object.entries(FAULTS))('%s', async (_, { plan, change, id, status, resource, fix }) => {
    const report = await check([...change(plan), ...OTHERS]);
    expect(bad(report).map((one) => [one.id, one.status, one.planned, one.evidence.resource])).toEqual([
      [id, status, true, resource],
    ]);
    const [finding] = bad(report);
    expect(finding?.fix).toMatch(fix);
    expect(finding?.fix).toContain(resource);
    expect(report.verdict).toBe(status === 'fail' ? 'not-ready' : 'inconclusive');
  });
});

it('states that the vendor’s Azure module lets expire are a failure', async () => {
  const policy = changed('azurerm_storage_management_policy', 'policy', {
    rule: [
      {
        name: 'DeleteAfter2Days',
        enabled: true,
        filters: [{ prefix_match: ['spacelift-'] }],
        actions: [{ base_blob: [{ delete_after_days_since_creation_greater_than: 2 }] }],
      },
    ],
  });
  expect(bad(await check(policy(AZURE_PLAN)))).toMatchObject([
    {
      id: 'object-storage/modules/retention',
      title: 'planned: objects that must be kept expire: rule DeleteAfter2Days',
      affected: ['object-storage/modules/retention', 'object-storage/states/retention'],
    },
  ]);
});

it('buckets are found by the names in the config, whatever the resources are called', async () => {
  const environment = [
    ['SERVER_DOMAIN', 'spacelift.acme.io'],
    ['OBJECT_STORAGE_TYPE', 'aws'],
    ['OBJECT_STORAGE_BUCKET_STATES', 'acme-tf'],
  ].map(([name, value]) => ({ name, value }));
  const report = await check([
    { module: '', type: 'aws_s3_bucket', name: 'a', after: { bucket: 'acme-tf' } },
    { module: '', type: 'aws_s3_bucket', name: 'b', after: { bucket: 'other-tf' } },
    {
      module: '',
      type: 'aws_ecs_task_definition',
      name: 'server',
      after: { container_definitions: JSON.stringify([{ name: 'server', image: 'x', environment }]) },
    },
  ]);
  const planned = findings(report).filter((one) => one.planned && one.status !== 'pass');
  expect(planned.map(({ id, evidence }) => [id, evidence.resource])).toEqual([
    ['object-storage/states/versioning', 'aws_s3_bucket.a'],
  ]);
});

it('a plan of nothing but Spacelift’s infrastructure is checked, too', async () => {
  const stdin = (async function* () {
    const outputs = {
      zones: { sensitive: false, value: ['eu-west-1a'] },
      nodes: { sensitive: false, value: { A_B: {} } },
    };
    yield Buffer.from(renderPlan([...AWS_PLAN, ...OTHERS], { planned_values: { outputs } }));
  })();
  const report = await preflight({ files: ['-'], stdin, environment: {} });
  expect(bad(report)).toEqual([]);
  expect(report).toMatchObject({ phase: 'plan', verdict: 'inconclusive' });
});

it('with --phase, the network is used, and nothing is planned', async () => {
  const report = await check(AWS_PLAN, { phase: 'pre-install' });
  expect(report.phase).toBe('pre-install');
  expect(findings(report).filter((one) => one.planned)).toEqual([]);
});
