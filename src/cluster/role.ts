/** What `run kubernetes` needs to be allowed, in the namespace of Spacelift alone. */

export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a Role. */
export interface ClusterAccess {
  readonly rules: readonly RoleRule[];
  /** In addition, with `--create-service-accounts`. */
  readonly createServiceAccounts: readonly RoleRule[];
}

export const CLUSTER_ACCESS: ClusterAccess = {
  rules: [
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list', 'delete'] },
    // `kubectl logs` starts with a `get`.
    { apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'delete'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  ],
  createServiceAccounts: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['create', 'list', 'delete'] }],
};

/** A rule as a line of YAML. */
export const yamlOf = ({ apiGroups, resources, verbs }: RoleRule): string =>
  `- { apiGroups: [${apiGroups.map((group) => (group === '' ? "''" : group)).join(', ')}], resources: [${resources.join(', ')}], verbs: [${verbs.join(', ')}] }`;

/** "create, list and delete jobs", for one line. */
export const inWords = (rules: readonly RoleRule[]): string =>
  rules.map(({ resources, verbs }) => `${verbs.join(', ')} ${resources.join(', ')}`).join('; ');
