/**
 * A worker's view of the installation (`--worker-namespace`): a Pod in the namespace of the workers, which connects to what the
 * server's report names. Secrets are not read for it, and a worker has none of the services' credentials.
 */
import type { Connection, Kubectl } from '../../cluster/kubectl.ts';
import { STOPPED } from '../../cluster/lost.ts';
import type { Lost } from '../../cluster/refusal.ts';
import type { Workload } from '../../cluster/workloads.ts';
import { InputError } from '../../config/input-error.ts';
import { advice } from '../../outcome/fix.ts';
import type { Report } from '../../report/types.ts';
import type { Driven, DriveObserver } from './drive.ts';
import { type KubernetesResult, type KubernetesSettings, planKubernetes, runKubernetes } from './run.ts';

const WORKER = 'worker';

/**
 * To be called when the services' runs are over.
 * @param runs of the services
 * @param namespace of the workers
 * @param connect for the namespace of the workers
 */
export async function runWorker(
  runs: readonly Driven[],
  namespace: string,
  settings: KubernetesSettings,
  connect: (to: Connection) => Kubectl,
  connection: Connection,
  observer: DriveObserver,
  signal: AbortSignal,
): Promise<KubernetesResult> {
  // Nothing is started after an interruption.
  if (signal.aborted) return { runs: [lost(namespace, STOPPED)], left: [] };
  const server = runs.find(({ workload }) => workload.service === 'server')?.outcome;
  const workload = workerOf(namespace, server !== undefined && 'report' in server ? server.report : undefined);
  if (workload === undefined) return { runs: [lost(namespace, NO_SERVER)], left: [] };
  const there = { ...connection, namespace };
  const plan = planKubernetes(
    { workloads: [workload], objects: [], title: 'the worker', connection: there },
    { ...settings, createServiceAccounts: false },
  );
  try {
    return await runKubernetes(plan, connect(there), there, observer, signal);
  } catch (error) {
    // The services' results stay, whatever is wrong with the other namespace.
    if (!(error instanceof InputError)) throw error;
    return { runs: [lost(namespace, refused(error.message))], left: [] };
  }
}

/** What workers know: where the server, the broker and the object store are. */
function workerOf(namespace: string, report: Report | undefined): Workload | undefined {
  if (report === undefined) return undefined;
  const { domain, pinned: { mqttBroker, objectStorage } = {} } = report;
  const variables = {
    SERVER_DOMAIN: domain,
    MQTT_BROKER_TYPE: mqttBroker?.type,
    MQTT_BROKER_ENDPOINT: mqttBroker?.endpoint,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: objectStorage?.uploadsUrl,
  };
  const env = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  return made(namespace, env);
}

function made(namespace: string, env: readonly { readonly name: string; readonly value: string }[]): Workload {
  // Kubernetes replaces `$(NAME)` in values; `$$` is a dollar sign.
  const literal = env.map(({ name, value }) => ({ name, value: value.replaceAll('$', '$$$$') }));
  const container = { name: WORKER, env: literal };
  const spec = { automountServiceAccountToken: false, containers: [container] };
  return { service: WORKER, deployment: WORKER, namespace, metadata: {}, spec, container };
}

const lost = (namespace: string, why: Lost): Driven => ({
  workload: made(namespace, []),
  outcome: { lost: why },
  node: undefined,
});

const NO_SERVER: Lost = {
  title: 'the worker’s view was not tried',
  detail: 'What a worker connects to is in the server’s report, and there is none.',
  fix: advice`correct what the server’s run says; with --services, include the server`,
};

const refused = (message: string): Lost => ({
  title: 'the worker’s Pod could not be run',
  detail: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
  fix: advice`correct what the message says; the Role is needed in the namespace of the workers, too`,
});
