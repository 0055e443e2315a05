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

/** All of them, by type. */
export const ATTRIBUTES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(CONFIG_ATTRIBUTES).map(([type, attributes]) => [type, new Set<string>(attributes)]),
);
