/** `run kubernetes`: runs a preflight as each service in its own Pod, and prints the matrix. */
import { cleanUp } from '../app/kubernetes/cleanup.ts';
import { manifestsOf, planKubernetes, runKubernetes as runPods } from '../app/kubernetes/run.ts';
import { serviceRuns } from '../app/kubernetes/service-runs.ts';
import { readWorkloads } from '../app/kubernetes/source.ts';
import { runWorker } from '../app/kubernetes/worker.ts';
import { type Connection, kubectlWith } from '../cluster/kubectl.ts';
import { withoutSecrets, yamlOfAll } from '../cluster/print.ts';
import { resourcesIn } from '../cluster/resources.ts';
import { secretsIn } from '../cluster/values.ts';
import { containersIn } from '../cluster/workloads.ts';
import { InputError } from '../config/input-error.ts';
import { MATRIX_FORMATS } from '../report/matrix/index.ts';
import { notice } from './errors.ts';
import { prepareOutput } from './output.ts';
import type { KubernetesArguments } from './platform-options.ts';
import {
  IN_MANIFESTS,
  prepareRun,
  redactorOf,
  refuseBeside,
  runAndShow,
  sayCleanedUp,
  sayMasked,
} from './platform-run.ts';
import { authoritiesIn } from './prepare.ts';
import { print } from './print.ts';

export { end } from './end.ts';

/** An annotation of a Pod holds them; all annotations together may have 256 KiB. */
const MOST_AUTHORITIES_KIB = 64;

/**
 * @param given the names of the options on the command line
 * @throws InputError if the run can't start
 */
export async function runKubernetes(
  host: NodeJS.Process,
  args: KubernetesArguments,
  given: readonly string[],
): Promise<void> {
  const { namespace, context, kubeconfig, as } = args;
  const connection: Connection = { namespace, context, kubeconfig, as };
  const connect = (to: Connection) => kubectlWith(to, host.env);
  if (args.cleanup === true) {
    refuseBeside('--cleanup', given, CONNECTION);
    await sayCleanedUp(host, await cleanUp(connect(connection), connection));
    return;
  }
  if (args.print === true) refuseBeside('--print', given, [...CONNECTION, ...IN_MANIFESTS, ...IN_PODS]);
  if (args.createServiceAccounts === true && args.file === undefined)
    throw new InputError(
      '--create-service-accounts creates those in manifests: pass the output of helm template with -f',
    );
  const authorities = await authoritiesInPods(args);
  const prepared = prepareRun(host, args, { platform: 'kubernetes', from: 'helm template', authorities });
  const { files } = prepared;
  const settings = {
    ...prepared.settings,
    imagePullSecrets: args.imagePullSecret ?? [],
    resources: resourcesIn(args.resources),
    createServiceAccounts: args.createServiceAccounts === true,
  };
  const output = args.print === true ? undefined : prepareOutput(host, args, MATRIX_FORMATS);
  const source = await readWorkloads({
    files,
    stdin: host.stdin,
    timeoutMs: settings.timeoutMs,
    services: args.services,
    connect: args.print === true && files.length > 0 ? undefined : connect,
    connection,
  });
  const plan = planKubernetes(source, settings);
  const redact = redactorOf(secretsIn(containersIn(source.workloads), 'env'));
  for (const note of plan.notes) notice(host, redact(note));
  if (output === undefined) {
    if (plan.accounts.length > 0 && source.connection.namespace === undefined)
      throw new InputError('--print with --create-service-accounts requires the namespace: name it with -n');
    const { objects, masked } = withoutSecrets(manifestsOf(plan, source.connection.namespace ?? ''), redact);
    sayMasked(host, masked);
    await print(host, await yamlOfAll(objects), 'text');
    return;
  }
  await runAndShow(host, { args, redact, output, noun: 'Pods' }, async (observer, signal) => {
    const { runs, left } = await runPods(plan, connect(source.connection), source.connection, observer, signal);
    if (args.workerNamespace === undefined) return { runs: serviceRuns(runs, redact), left };
    const { connection: to } = source;
    const worker = await runWorker(runs, args.workerNamespace, settings, connect, to, observer, signal);
    return { runs: serviceRuns([...runs, ...worker.runs], redact), left: [...left, ...worker.left] };
  });
}

const CONNECTION = ['--namespace', '--context', '--kubeconfig', '--as'];
/** Options that decide what the manifests contain, beside those of every platform. */
const IN_PODS = ['--image-pull-secret', '--resources', '--create-service-accounts'];

/** @throws InputError if they can't be read, or are too many */
async function authoritiesInPods(args: KubernetesArguments): Promise<string | undefined> {
  const authorities = await authoritiesIn(args);
  if (authorities !== undefined && Buffer.byteLength(authorities) > MOST_AUTHORITIES_KIB * 1024)
    throw new InputError(`--ca-file: more than ${MOST_AUTHORITIES_KIB} KiB of certificates, the maximum for a Pod`);
  return authorities;
}
