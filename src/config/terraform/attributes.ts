/** The resources and their attributes that are read of a plan or state; everything else in it is skipped. */

/** Resources that hold a config. */
export const CONFIG_ATTRIBUTES = {
  aws_ecs_task_definition: ['family', 'container_definitions'],
  aws_secretsmanager_secret_version: ['secret_id', 'secret_string'],
  kubernetes_secret: ['metadata', 'data', 'binary_data', 'type'],
  kubernetes_secret_v1: ['metadata', 'data', 'binary_data', 'type'],
  kubernetes_config_map: ['metadata', 'data'],
  kubernetes_config_map_v1: ['metadata', 'data'],
  kubernetes_manifest: ['manifest'],
  kubectl_manifest: ['yaml_body'],
  helm_release: ['values', 'set', 'set_sensitive', 'set_wo'],
} as const satisfies Record<string, readonly string[]>;

/** Resources that Spacelift depends on. */
export const INFRASTRUCTURE_ATTRIBUTES = {
  aws_db_instance: ['identifier', 'db_name', 'engine', 'engine_version', 'endpoint', 'address'],
  aws_rds_cluster: ['cluster_identifier', 'database_name', 'engine', 'engine_version', 'endpoint'],
  google_sql_database_instance: ['name', 'database_version', 'private_ip_address', 'public_ip_address'],
  google_sql_database: ['name', 'instance'],
  azurerm_postgresql_flexible_server: ['id', 'name', 'version', 'fqdn'],
  azurerm_postgresql_flexible_server_database: ['name', 'server_id'],
  aws_s3_bucket: ['bucket', 'id', 'arn', 'acl', 'versioning', 'lifecycle_rule'],
  aws_s3_bucket_versioning: ['bucket', 'versioning_configuration'],
  aws_s3_bucket_lifecycle_configuration: ['bucket', 'rule'],
  aws_s3_bucket_public_access_block: [
    'bucket',
    'block_public_acls',
    'block_public_policy',
    'ignore_public_acls',
    'restrict_public_buckets',
  ],
  aws_s3_bucket_acl: ['bucket', 'acl'],
  aws_s3_bucket_policy: ['bucket', 'policy'],
  google_storage_bucket: ['name', 'id', 'versioning', 'lifecycle_rule', 'public_access_prevention'],
  google_storage_bucket_iam_member: ['bucket', 'member'],
  google_storage_bucket_iam_binding: ['bucket', 'members'],
  azurerm_storage_account: ['id', 'name', 'blob_properties', 'allow_nested_items_to_be_public'],
  azurerm_storage_container: ['name', 'storage_account_id', 'storage_account_name', 'container_access_type'],
  azurerm_storage_management_policy: ['storage_account_id', 'rule'],
  aws_kms_key: ['arn', 'key_id', 'id', 'key_usage', 'customer_master_key_spec', 'is_enabled', 'multi_region'],
  aws_kms_alias: ['name', 'arn', 'target_key_id'],
  aws_sqs_queue: [
    'name',
    'url',
    'id',
    'arn',
    'fifo_queue',
    'visibility_timeout_seconds',
    'message_retention_seconds',
    'redrive_policy',
  ],
  aws_sqs_queue_redrive_policy: ['queue_url', 'redrive_policy'],
  aws_iot_topic_rule: ['name', 'enabled', 'sql', 'sql_version', 'sqs'],
} as const satisfies Record<string, readonly string[]>;

/** All of them, by type. */
export const ATTRIBUTES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({ ...CONFIG_ATTRIBUTES, ...INFRASTRUCTURE_ATTRIBUTES }).map(([type, attributes]) => [
    type,
    new Set<string>(attributes),
  ]),
);
