/** An installation of Spacelift in a namespace of its own, with servers of this machine. */
import { CLUSTER_ACCESS, type RoleRule } from '../../../src/cluster/role.ts';
import type { Json, JsonMap } from '../../../src/util/json.ts';
import { type Changes, deployment, serviceAccount } from '../../support/deployments.ts';
import type { Cluster } from './cluster.ts';

export const SERVICES = ['server', 'drain', 'scheduler'] as const;
export type InstalledService = (typeof SERVICES)[number];

type Variables = Readonly<Record<string, string>>;

export interface InstallationOptions {
  /** What all services get, from one Secret. */
  readonly variables: Variables;
  /** In the Secret of the service itself; the scheduler has none. */
  readonly own?: Partial<Readonly<Record<'server' | 'drain', Variables>>>;
  readonly changes?: Partial<Readonly<Record<InstalledService, Changes>>>;
  /** The operator's rights. */
  readonly rules?: readonly RoleRule[];
  /** Service accounts that are there. */
  readonly accounts?: readonly InstalledService[];
  /** The namespace; one of its own unless told. */
  readonly namespace?: string;
  /** Instead of one for each service. */
  readonly deployments?: readonly JsonMap[];
  /** Further objects, without their namespace. */
  readonly objects?: readonly JsonMap[];
}

export interface Installation {
  readonly namespace: string;
  readonly deployments: readonly JsonMap[];
  /** For `--kubeconfig`. */
  readonly kubeconfig: string;
  /** Jobs, Pods and service accounts that carry the mark of a run, as `kind/name`. */
  left(): Promise<string[]>;
}

/** Each service has an account of its own. PodSecurity `restricted` holds. */
export async function install(
  cluster: Cluster,
  namespace: string,
  {
    variables,
    own = {},
    changes = {},
    rules = CLUSTER_ACCESS.rules,
    accounts = SERVICES,
    objects = [],
    ...others
  }: InstallationOptions,
): Promise<Installation> {
  await cluster.kubectl(['create', '--filename=-'], [namespaceOf(namespace)]);
  const made = SERVICES.map((service) => {
    const { spec, ...more } = changes[service] ?? {};
    return deployment(service, { ...more, spec: { serviceAccountName: accountName(service), ...spec } });
  });
  const { deployments = made } = others;
  const all = [
    ...deployments,
    ...accounts.map((service) => serviceAccount(accountName(service))),
    secret('spacelift-shared', variables),
    secret('spacelift-server', own.server ?? {}),
    secret('spacelift-drain', own.drain ?? {}),
    ...access(rules),
    ...objects,
  ];
  await cluster.kubectl(['create', '--filename=-', `--namespace=${namespace}`], all);
  return {
    namespace,
    deployments,
    kubeconfig: await cluster.kubeconfig('operator', namespace),
    left: async () => {
      const found = await cluster.kubectl([
        'get',
        'jobs,pods,serviceaccounts',
        `--namespace=${namespace}`,
        '--selector=spacelift-preflight/run',
        '--output=name',
      ]);
      return found.split('\n').filter((name) => name !== '');
    },
  };
}

export const accountName = (service: InstalledService): string => `spacelift-${service}`;

const namespaceOf = (name: string): JsonMap => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
});

const secret = (name: string, stringData: Variables): JsonMap => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

const access = (rules: readonly RoleRule[]): JsonMap[] => [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'spacelift-preflight' },
    rules: rules as unknown as Json[],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'spacelift-preflight' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'spacelift-preflight' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'operator' }],
  },
];
