/** What `run kubernetes` needs to be allowed, in the namespace of Spacelift alone. */

interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** `get pods` is what `kubectl logs` starts with. */
export const ROLE_RULES: readonly RoleRule[] = [
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'delete'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
];

/** In addition, with `--create-service-accounts`. */
export const ACCOUNT_RULES: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['create', 'list', 'delete'] },
];
