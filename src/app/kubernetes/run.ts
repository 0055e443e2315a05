/** `run kubernetes`: a preflight as each service, in a Pod like the service's own. */
import { jobOf } from '../../cluster/job.ts';
import { type Connection, type Kubectl, KubectlError } from '../../cluster/kubectl.ts';
import { jobName, newRunId } from '../../cluster/names.ts';
import { nameOf, namespaceOf } from '../../cluster/objects.ts';
import { type PodSettings, podOf } from '../../cluster/pod.ts';
import { accountFor, accountsOf, releaseName } from '../../cluster/service-accounts.ts';
import { untilInterrupted } from '../../engine/timeouts.ts';
import type { JsonMap } from '../../util/json.ts';
import { Drive, type Driven, type DriveObserver, type DriveSettings, type PlannedPod } from './drive.ts';
import { unusable } from './errors.ts';
import { remove } from './remove.ts';
import { objectsIn, type Source } from './source.ts';

/** `args` do not contain the service and the format. */
export interface KubernetesSettings
  extends Pick<PodSettings, 'image' | 'imagePullSecrets' | 'resources' | 'args' | 'authorities'> {
  /** How long a Pod may take to start its container, ms. */
  readonly startTimeoutMs: number;
  /** Of each run, ms. */
  readonly timeoutMs: number;
  readonly keep: boolean;
  readonly createServiceAccounts: boolean;
}

/** Everything that a run creates, in this order. */
export interface KubernetesPlan extends DriveSettings {
  /** ServiceAccounts in the manifests, to be completed with Helm's marks. */
  readonly accounts: readonly JsonMap[];
  /** The name of the Helm release, for the accounts. */
  readonly release: string | undefined;
  readonly pods: readonly PlannedPod[];
  /** Where a Pod is not like the service's own, for people. */
  readonly notes: readonly string[];
}

/** For starting the program and its cleanup, beside the time limit for reading the config and the one for the run. */
const MARGIN_MS = 30_000;
const SPARE_S = 600;
export const POLL_MS = 1_000;
const SILENCE_MS = 60_000;

/** @throws InputError for a Deployment that a run can't be made from */
export function planKubernetes(source: Source, settings: KubernetesSettings): KubernetesPlan {
  const { workloads, objects, title } = source;
  const { image, imagePullSecrets, resources, authorities, startTimeoutMs } = settings;
  const run = newRunId();
  const runTimeoutMs = 2 * settings.timeoutMs + MARGIN_MS;
  const activeDeadline = Math.ceil((startTimeoutMs + runTimeoutMs) / 1000);
  const claims = objects.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const pods = workloads.map((workload): PlannedPod => {
    const args = ['--service', workload.service, '--format', 'frame', ...settings.args];
    const common = { run, image, imagePullSecrets, resources, authorities, activeDeadline, claims };
    return { workload, ...podOf(workload, { ...common, args }) };
  });
  // A quota may let them run only one after another.
  const longest = workloads.length * activeDeadline;
  const endsBy = new Date(Date.now() + longest * 1000);
  const accounts = settings.createServiceAccounts ? accountsOf(workloads, objects) : [];
  return {
    run,
    job: jobOf({ run, image, resources, ttl: longest + SPARE_S, endsBy }),
    accounts,
    release: accounts.length === 0 ? undefined : releaseName(objects, title),
    pods,
    startTimeoutMs,
    runTimeoutMs,
    keep: settings.keep,
    pollMs: POLL_MS,
    silenceMs: SILENCE_MS,
    notes: pods.flatMap(({ notes }) => notes),
  };
}

/** The manifests, as `kubectl apply` accepts them. */
export function manifestsOf({ job, accounts, release, run, pods }: KubernetesPlan, namespace: string): JsonMap[] {
  const marked = accounts.map((account) => accountFor(account, { run, release: release ?? '', namespace }));
  return [job, ...marked, ...pods.map(({ pod }) => pod)];
}

export interface KubernetesResult {
  readonly runs: readonly Driven[];
  /** What is left in the cluster, each on one line. */
  readonly left: readonly string[];
}

/**
 * Whatever happens, what was created is removed before it returns or throws.
 * @throws InputError if the cluster can't be used, or RBAC forbids a step
 */
export async function runKubernetes(
  plan: KubernetesPlan,
  kubectl: Kubectl,
  connection: Connection,
  observer: DriveObserver,
  signal: AbortSignal,
): Promise<KubernetesResult> {
  const { run, startTimeoutMs, runTimeoutMs, keep, pollMs, silenceMs } = plan;
  const created = { run, pods: plan.pods.map(({ pod }) => nameOf(pod)), accounts: [] as string[], pollMs };
  let isCreated = true;
  const clear = async () => (keep ? [keptNote(run)] : remove(kubectl, created));
  try {
    const job = await create(kubectl, plan.job).catch((error) => {
      // Otherwise, it is not known.
      if (error instanceof KubectlError && (error.kind === 'failed' || error.kind === 'missing')) isCreated = false;
      throw error;
    });
    const namespace = namespaceOf(job) ?? connection.namespace ?? '';
    for (const manifest of plan.accounts) {
      const account = accountFor(manifest, { run, release: plan.release ?? '', namespace });
      if (await createIfAbsent(kubectl, account)) created.accounts.push(nameOf(account));
    }
    const drive = new Drive(
      plan.pods,
      kubectl,
      { run, job, startTimeoutMs, runTimeoutMs, keep, pollMs, silenceMs },
      observer,
    );
    await untilInterrupted(signal, drive.run(signal));
    return { runs: drive.results, left: await clear() };
  } catch (error) {
    if (isCreated) for (const line of await clear()) observer.said(line);
    if (error instanceof KubectlError) throw unusable(error, connection);
    throw error;
  }
}

const keptNote = (run: string): string => `kept; to remove it: kubectl delete job ${jobName(run)}`;

async function create(kubectl: Kubectl, object: JsonMap): Promise<JsonMap> {
  const text = await kubectl(['create', '--filename=-', '--validate=false', '--output=json'], {
    input: JSON.stringify(object),
  });
  return objectsIn(text)[0] ?? object;
}

/** Whether it was created; one that is there is used as it is. */
async function createIfAbsent(kubectl: Kubectl, object: JsonMap): Promise<boolean> {
  try {
    await create(kubectl, object);
    return true;
  } catch (error) {
    if (error instanceof KubectlError && /already exists/.test(error.words)) return false;
    throw error;
  }
}
