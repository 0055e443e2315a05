/** Terraform plans of the shapes that the vendor's modules render, before anything is applied; all names are invented. */

type Values = Readonly<Record<string, unknown>>;

export interface PlannedResource {
  readonly module: string;
  readonly type: string;
  readonly name: string;
  readonly index?: string;
  readonly after: Values;
  readonly unknown?: Values;
  /** By attribute: what the configuration refers to. */
  readonly references?: Readonly<Record<string, readonly string[]>>;
  readonly actions?: readonly string[];
}

const addressOf = ({ module, type, name, index }: PlannedResource): string =>
  `${module === '' ? '' : `${module}.`}${type}.${name}${index === undefined ? '' : `["${index}"]`}`;

/** As `tofu show -json` prints it. */
export function renderPlan(resources: readonly PlannedResource[], more: object = {}): string {
  return JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.10.3',
    planned_values: { root_module: {} },
    resource_changes: resources.map((resource) => ({
      address: addressOf(resource),
      ...(resource.module !== '' && { module_address: resource.module }),
      mode: 'managed',
      type: resource.type,
      name: resource.name,
      ...(resource.index !== undefined && { index: resource.index }),
      change: {
        actions: resource.actions ?? ['create'],
        before: null,
        after: resource.after,
        after_unknown: { id: true, arn: true, ...resource.unknown },
        after_sensitive: {},
      },
    })),
    configuration: {
      root_module: moduleOf(
        resources.map((one) => ({ ...one, module: withoutIndexes(one.module) })),
        '',
      ),
    },
    ...more,
  });
}

const withoutIndexes = (address: string): string => address.replace(/\[[^\]]*\]/g, '');

interface Module {
  resources: object[];
  module_calls: Record<string, { module: Module }>;
}

function moduleOf(resources: readonly PlannedResource[], path: string): Module {
  const own = resources.filter(({ module }) => module === path);
  const prefix = path === '' ? 'module.' : `${path}.module.`;
  const names = new Set(
    resources.flatMap(({ module }) =>
      module.startsWith(prefix) ? [module.slice(prefix.length).split('.')[0] ?? ''] : [],
    ),
  );
  return {
    resources: own.map(({ type, name, references = {} }) => ({
      address: `${type}.${name}`,
      mode: 'managed',
      type,
      name,
      expressions: Object.fromEntries(Object.entries(references).map(([key, list]) => [key, { references: list }])),
    })),
    module_calls: Object.fromEntries(
      [...names].map((name) => [name, { module: moduleOf(resources, `${prefix}${name}`) }]),
    ),
  };
}

const refers = (type: string, name: string, attribute = 'id') => [`${type}.${name}.${attribute}`, `${type}.${name}`];

const S3 = 'module.spacelift.module.s3';
/** By the vendor's name: versioning, and days until objects expire. */
const BUCKETS: Readonly<Record<string, readonly [versioned: boolean, days: number | undefined]>> = {
  binaries: [true, undefined],
  deliveries: [false, 1],
  large_queue_messages: [false, 2],
  metadata: [false, 2],
  modules: [true, undefined],
  policy_inputs: [true, 120],
  run_logs: [true, 60],
  states: [true, undefined],
  uploads: [true, 1],
  user_uploads: [true, 1],
  workspaces: [true, 90],
};

const bucketSetting = (type: string, name: string, after: Values): PlannedResource => ({
  module: S3,
  type: `aws_s3_bucket_${type}`,
  name,
  after,
  unknown: { bucket: true },
  references: { bucket: refers('aws_s3_bucket', name) },
});

const buckets: readonly PlannedResource[] = Object.entries(BUCKETS).flatMap(([name, [versioned, days]]) => [
  {
    module: S3,
    type: 'aws_s3_bucket',
    name,
    after: { force_destroy: false, tags: null },
    unknown: { bucket: true, versioning: true, lifecycle_rule: true, acl: true },
  },
  ...(versioned
    ? [bucketSetting('versioning', name, { versioning_configuration: [{ mfa_delete: null, status: 'Enabled' }] })]
    : []),
  ...(days === undefined
    ? []
    : [
        bucketSetting('lifecycle_configuration', name, {
          rule: [
            {
              id: 'expire-after-x-days',
              status: 'Enabled',
              abort_incomplete_multipart_upload: [{ days_after_initiation: 2 }],
              expiration: [{ date: null, days }],
              filter: [{ prefix: '' }],
            },
          ],
        }),
      ]),
  bucketSetting('public_access_block', name, {
    block_public_acls: true,
    block_public_policy: true,
    ignore_public_acls: true,
    restrict_public_buckets: true,
  }),
]);

const QUEUES: Readonly<
  Record<string, readonly [name: string, seconds: number, retention: number, deadLetters?: string]>
> = {
  deadletter: ['spacelift-dlq', 300, 345_600],
  deadletter_fifo: ['spacelift-dlq.fifo', 300, 345_600],
  async_jobs: ['spacelift-async-jobs', 300, 345_600, 'deadletter'],
  async_jobs_fifo: ['spacelift-async-jobs.fifo', 300, 345_600, 'deadletter_fifo'],
  cronjobs: ['spacelift-cronjobs', 300, 3600, 'deadletter'],
  events_inbox: ['spacelift-events-inbox', 300, 345_600, 'deadletter'],
  iot: ['spacelift-iot', 45, 345_600, 'deadletter'],
  webhooks: ['spacelift-webhooks', 600, 345_600, 'deadletter'],
};
const queues = Object.entries(QUEUES).map(
  ([name, [queue, seconds, retention, deadLetters]]): PlannedResource => ({
    module: 'module.spacelift.module.sqs[0]',
    type: 'aws_sqs_queue',
    name,
    after: {
      name: queue,
      fifo_queue: queue.endsWith('.fifo'),
      visibility_timeout_seconds: seconds,
      message_retention_seconds: retention,
    },
    unknown: { redrive_policy: true, url: true },
    references: deadLetters === undefined ? {} : { redrive_policy: refers('aws_sqs_queue', deadLetters, 'arn') },
  }),
);

const KMS = 'module.spacelift.module.kms[0]';
const key = (name: string, after: Values = {}): PlannedResource => ({
  module: KMS,
  type: 'aws_kms_key',
  name,
  after: { key_usage: 'ENCRYPT_DECRYPT', customer_master_key_spec: 'SYMMETRIC_DEFAULT', is_enabled: true, ...after },
  unknown: { key_id: true, multi_region: true },
});

/** Resources of the same plan that are not Spacelift's: each would be a failure if they were. */
export const OTHERS: readonly PlannedResource[] = [
  { module: 'module.web', type: 'aws_s3_bucket', name: 'states', after: { bucket: 'web-states', acl: 'public-read' } },
  {
    module: 'module.web',
    type: 'aws_s3_bucket_lifecycle_configuration',
    name: 'states',
    after: { bucket: 'web-states', rule: [{ id: 'x', status: 'Enabled', expiration: [{ days: 1 }] }] },
  },
  { module: 'module.web', type: 'aws_kms_key', name: 'jwt_key', after: { key_usage: 'ENCRYPT_DECRYPT' } },
  { module: 'module.web', type: 'aws_sqs_queue', name: 'async_jobs', after: { name: 'web-jobs', fifo_queue: true } },
  {
    module: 'module.web',
    type: 'aws_db_instance',
    name: 'db',
    after: { identifier: 'web', db_name: 'web', engine: 'postgres', engine_version: '11.22' },
  },
  {
    module: 'module.web',
    type: 'aws_iot_topic_rule',
    name: 'web',
    after: { name: 'web', enabled: false, sql: "SELECT * FROM 'web/#'", sql_version: '2015-10-08', sqs: [] },
  },
  { module: 'module.web', type: 'google_storage_bucket', name: 'spacelift-states', after: { name: 'web' } },
];

export const AWS_PLAN: readonly PlannedResource[] = [
  ...buckets,
  ...queues,
  key('kms_master_key'),
  key('encryption_key'),
  key('jwt_key', { key_usage: 'SIGN_VERIFY', customer_master_key_spec: 'RSA_4096' }),
  {
    module: 'module.spacelift.module.rds[0]',
    type: 'aws_rds_cluster',
    name: 'db_cluster',
    after: {
      cluster_identifier: 'spacelift-k3x9q',
      database_name: 'spacelift',
      engine: 'aurora-postgresql',
      engine_version: '16.6',
    },
    unknown: { endpoint: true },
  },
  {
    module: 'module.spacelift.module.sqs[0]',
    type: 'aws_iot_topic_rule',
    name: 'spacelift',
    after: {
      name: 'spacelift',
      enabled: true,
      sql: "SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid FROM 'spacelift/writeonly/#'",
      sql_version: '2016-03-23',
      sqs: [{ use_base64: true }],
    },
    unknown: { sqs: [{ queue_url: true, role_arn: true }] },
  },
];

const GCS = 'module.spacelift.module.storage';
const googleBuckets = Object.entries(BUCKETS)
  .filter(([name]) => name !== 'binaries')
  .map(
    ([name, [versioned, days]]): PlannedResource => ({
      module: GCS,
      type: 'google_storage_bucket',
      name: `spacelift-${name.replaceAll('_', '-')}`,
      after: {
        public_access_prevention: 'enforced',
        versioning: versioned ? [{ enabled: true }] : [],
        lifecycle_rule: [
          {
            action: [{ type: 'Delete' }],
            condition: [{ age: null, days_since_noncurrent_time: 1, with_state: 'ANY' }],
          },
          { action: [{ type: 'AbortIncompleteMultipartUpload' }], condition: [{ age: 1 }] },
          ...(days === undefined
            ? []
            : [{ action: [{ type: 'Delete' }], condition: [{ age: days, num_newer_versions: 0 }] }]),
        ],
      },
      unknown: { name: true },
    }),
  );
export const GOOGLE_PLAN: readonly PlannedResource[] = [
  ...googleBuckets,
  {
    module: 'module.spacelift.module.db[0]',
    type: 'google_sql_database_instance',
    name: 'spacelift',
    after: { database_version: 'POSTGRES_15' },
    unknown: { name: true, private_ip_address: true },
  },
  {
    module: 'module.spacelift.module.db[0]',
    type: 'google_sql_database',
    name: 'spacelift',
    after: { name: 'spacelift' },
    unknown: { instance: true },
    references: { instance: refers('google_sql_database_instance', 'spacelift', 'name') },
  },
];

const BLOBS = 'module.spacelift.module.container_storage';
const ACCOUNT = refers('azurerm_storage_account', 'spacelift_storage_account');
const expiring = Object.entries(BUCKETS).filter(([name, [, days]]) => name !== 'binaries' && days !== undefined);
const containerName = (name: string) => `spacelift-${name.replaceAll('_', '-')}`;
export const AZURE_PLAN: readonly PlannedResource[] = [
  {
    module: BLOBS,
    type: 'azurerm_storage_account',
    name: 'spacelift_storage_account',
    after: { name: 'spaceliftk3x9q', blob_properties: [{ versioning_enabled: true }] },
  },
  ...Object.keys(BUCKETS)
    .filter((name) => name !== 'binaries')
    .map(
      (name): PlannedResource => ({
        module: BLOBS,
        type: 'azurerm_storage_container',
        name: 'spacelift-container',
        index: containerName(name),
        after: { name: containerName(name), container_access_type: 'private' },
        unknown: { storage_account_id: true },
        references: { storage_account_id: ACCOUNT },
      }),
    ),
  {
    module: BLOBS,
    type: 'azurerm_storage_management_policy',
    name: 'policy',
    after: {
      rule: expiring.map(([name, [, days]]) => ({
        name,
        enabled: true,
        filters: [{ blob_types: ['blockBlob'], prefix_match: [containerName(name)] }],
        actions: [
          {
            base_blob: [
              {
                delete_after_days_since_creation_greater_than: days,
                tier_to_cool_after_days_since_creation_greater_than: -1,
              },
            ],
          },
        ],
      })),
    },
    unknown: { storage_account_id: true },
    references: { storage_account_id: ACCOUNT },
  },
  {
    module: 'module.spacelift.module.postgres',
    type: 'azurerm_postgresql_flexible_server',
    name: 'postgres',
    after: { name: 'spacelift-psql-k3x9q', version: '16' },
    unknown: { fqdn: true },
  },
];
