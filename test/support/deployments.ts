/** Deployments as the vendor's Helm chart renders them, for the release `spacelift`. */
import type { Service } from '../../src/config/options.ts';
import type { Json, JsonMap } from '../../src/util/json.ts';

const COMMANDS: Readonly<Record<Service, readonly string[]>> = {
  server: ['spacelift', 'backend', 'server'],
  drain: ['spacelift', 'backend', 'drain-local'],
  scheduler: ['spacelift', 'scheduler'],
  'vcs-gateway': ['spacelift', 'backend', 'vcs-gateway'],
};

export interface Changes {
  /** In `spec` of the pod template. */
  readonly spec?: JsonMap;
  /** In `metadata` of the pod template. */
  readonly metadata?: JsonMap;
  readonly container?: JsonMap;
  readonly name?: string;
  readonly namespace?: string;
}

export function deployment(service: Service, changes: Changes = {}): JsonMap {
  const selector = {
    'app.kubernetes.io/name': `spacelift-${service}`,
    'app.kubernetes.io/instance': service === 'server' ? 'spacelift' : `spacelift-${service}`,
  };
  const labels = {
    'helm.sh/chart': 'spacelift-self-hosted-1.0.0',
    ...selector,
    'app.kubernetes.io/managed-by': 'Helm',
  };
  const secrets = service === 'scheduler' ? ['spacelift-shared'] : ['spacelift-shared', `spacelift-${service}`];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: changes.name ?? `spacelift-${service}`,
      ...(changes.namespace !== undefined && { namespace: changes.namespace }),
      labels,
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels, ...changes.metadata },
        spec: {
          serviceAccountName: 'spacelift-backend',
          securityContext: {},
          containers: [
            {
              name: service,
              image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/spacelift-backend:v4.3.0',
              imagePullPolicy: 'Always',
              command: COMMANDS[service],
              env: [{ name: 'ENABLE_INSTRUMENTATION_ENDPOINTS', value: 'true' }],
              envFrom: secrets.map((name): Json => ({ secretRef: { name } })),
              ports: [{ name: 'instrumentation', containerPort: 8080, protocol: 'TCP' }],
              readinessProbe: { httpGet: { path: '/readiness', port: 'instrumentation' } },
              resources: { requests: { cpu: '200m', memory: '200Mi' } },
              securityContext: { allowPrivilegeEscalation: false },
              ...changes.container,
            },
          ],
          ...changes.spec,
        },
      },
    },
  };
}

export const serviceAccount = (name: string, annotations: JsonMap = {}): JsonMap => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name,
    labels: { 'helm.sh/chart': 'spacelift-self-hosted-1.0.0', 'app.kubernetes.io/instance': 'spacelift' },
    annotations,
  },
  automountServiceAccountToken: true,
});

/** The chart's Cloud SQL proxy. */
export const CLOUD_SQL_PROXY: JsonMap = {
  name: 'cloud-sql-proxy',
  image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.21.0',
  restartPolicy: 'Always',
  env: [{ name: 'CSQL_PROXY_HEALTH_CHECK', value: 'true' }],
  args: ['--private-ip', '--port=5432', 'project:region:database'],
  ports: [{ containerPort: 9801, protocol: 'TCP' }],
  startupProbe: { httpGet: { path: '/startup', port: 9801, scheme: 'HTTP' } },
  securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
  resources: { requests: { memory: '200Mi', cpu: '100m' } },
};
