/** Runs of Pods on a cluster that kubectl reaches: what came of each service. */
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type KubernetesSettings, planKubernetes, runKubernetes } from '../../../src/app/kubernetes/run.ts';
import { readWorkloads } from '../../../src/app/kubernetes/source.ts';
import { type Connection, kubectlWith } from '../../../src/cluster/kubectl.ts';
import { resourcesIn } from '../../../src/cluster/resources.ts';
import type { Service } from '../../../src/config/options.ts';
import { frameOf } from '../../../src/report/frame.ts';
import type { JsonMap } from '../../../src/util/json.ts';
import { sampleReport } from '../../report/sample.ts';
import { type Cluster, type ClusterOptions, type Fate, NAMESPACE, startCluster } from '../../services/kubectl.ts';
import { deployment } from '../../support/deployments.ts';

export const SERVICES = ['server', 'drain', 'scheduler'] as const;

export const DEPLOYMENTS = SERVICES.map((service) => deployment(service));

export const LIVE: Connection = { namespace: NAMESPACE };

const state = (service: string, of: JsonMap, more: JsonMap = {}): JsonMap => ({
  phase: 'Pending',
  containerStatuses: [{ name: service, state: of }],
  ...more,
});

export const waiting = (service: string, reason: string, message = '') =>
  state(service, { waiting: { reason, message } });

export const running = (service: string) => state(service, { running: {} }, { phase: 'Running' });

export const ended = (service: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error') =>
  state(service, { terminated: { exitCode, reason } }, { phase: exitCode === 0 ? 'Succeeded' : 'Failed' });

const REPORT = await sampleReport();

export const logOf = (service: string) => frameOf({ ...REPORT, service: service as Service });

export const passes = (service: string): Fate => ({
  statuses: [running(service), ended(service, 0)],
  log: logOf(service),
});

/** Fates for some services; the others pass. */
export const fates =
  (some: Readonly<Record<string, Fate>> = {}): ClusterOptions['fates'] =>
  (service) =>
    some[service] ?? passes(service);

export async function started(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await startCluster({
    deployments: DEPLOYMENTS,
    accounts: ['spacelift-backend'],
    fates: fates(),
    ...options,
  });
  onTestFinished(() => cluster.close());
  return cluster;
}

export const SETTINGS: KubernetesSettings = {
  image: 'registry.internal/preflight:1',
  imagePullSecrets: [],
  resources: resourcesIn(undefined),
  args: [],
  authorities: undefined,
  startTimeoutMs: 60_000,
  timeoutMs: 60_000,
  keep: false,
  createServiceAccounts: false,
};

interface More {
  readonly settings?: Partial<KubernetesSettings>;
  readonly manifests?: readonly JsonMap[];
  readonly connection?: Connection;
  readonly signal?: AbortSignal;
}

export async function driven(cluster: Cluster, { settings = {}, manifests, connection = LIVE, signal }: More = {}) {
  const connect = (to: Connection) => kubectlWith(to, cluster.env);
  const said: string[] = [];
  const source = await readWorkloads({
    files: manifests === undefined ? [] : ['-'],
    stdin: Readable.from([Buffer.from(JSON.stringify({ kind: 'List', items: manifests ?? [] }))]),
    timeoutMs: 10_000,
    services: undefined,
    connect,
    connection,
  });
  const plan = { ...planKubernetes(source, { ...SETTINGS, ...settings }), pollMs: 50, silenceMs: 100 };
  const observer = { started: () => {}, finished: () => {}, said: (text: string) => void said.push(text) };
  const { runs, left } = await runKubernetes(
    plan,
    connect(source.connection),
    source.connection,
    observer,
    signal ?? new AbortController().signal,
  );
  const lost = Object.fromEntries(
    runs.flatMap(({ workload, outcome }) => ('lost' in outcome ? [[workload.service, outcome.lost]] : [])),
  );
  return { runs, left, said, lost };
}
