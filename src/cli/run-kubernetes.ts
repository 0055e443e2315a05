/** `run kubernetes`: runs a preflight as each service in its own Pod, and prints the matrix. */
import { cleanUp } from '../app/kubernetes/cleanup.ts';
import { manifestsOf, planKubernetes, runKubernetes as runPods } from '../app/kubernetes/run.ts';
import { serviceRuns } from '../app/kubernetes/service-runs.ts';
import { readWorkloads } from '../app/kubernetes/source.ts';
import { type Connection, kubectlWith } from '../cluster/kubectl.ts';
import { withoutSecrets, yamlOfAll } from '../cluster/print.ts';
import { resourcesIn } from '../cluster/resources.ts';
import { secretsIn } from '../cluster/values.ts';
import { InputError } from '../config/input-error.ts';
import { redactor } from '../config/redact.ts';
import { matrixExitCode } from '../report/matrix/exit.ts';
import { MATRIX_FORMATS } from '../report/matrix/index.ts';
import { makeMatrix } from '../report/matrix/merge.ts';
import { notice } from './errors.ts';
import { interruptible } from './interrupt.ts';
import type { KubernetesArguments } from './kubernetes-options.ts';
import { progressOn } from './live-progress.ts';
import { prepareOutput } from './output.ts';
import { authoritiesIn, checkIds } from './prepare.ts';
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
    await cleanUpAndSay(host, connect(connection), connection);
    return;
  }
  if (args.print === true) refuseBeside('--print', given, [...CONNECTION, ...IN_MANIFESTS]);
  if (args.createServiceAccounts === true && args.file === undefined)
    throw new InputError(
      '--create-service-accounts creates those in manifests: pass the output of helm template with -f',
    );
  const settings = settingsIn(args);
  checkIds(args);
  const files = args.file ?? [];
  if (files.includes('-') && host.stdin.isTTY)
    throw new InputError('-f - reads standard input, but that is a terminal; pipe helm template into it');
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
  const redact = redactor(secretsIn(source.workloads));
  for (const note of plan.notes) notice(host, redact(note));
  if (output === undefined) {
    if (plan.accounts.length > 0 && source.connection.namespace === undefined)
      throw new InputError('--print with --create-service-accounts requires the namespace: name it with -n');
    const { objects, masked } = withoutSecrets(manifestsOf(plan, source.connection.namespace ?? ''), redact);
    for (const name of masked) notice(host, `the value of ${name} is masked, because it contains a secret`);
    await print(host, await yamlOfAll(objects), 'text');
    return;
  }

  const progress = await progressOn(host, args);
  const interrupt = interruptible(host, (signal) => {
    progress.stop();
    if (args.quiet !== true)
      notice(host, `${signal} received: removing the Pods and printing what is known; repeat to exit immediately`);
  });
  const observer = {
    started: (id: string) => progress.observer.started?.({ id }),
    finished: (id: string) => progress.observer.finished?.({ id }),
    said: (text: string) => progress.aside(() => notice(host, redact(text))),
  };
  const { runs, left } = await runPods(
    plan,
    connect(source.connection),
    source.connection,
    observer,
    interrupt.signal,
  ).finally(() => progress.stop());
  const accept = new Map((args.accept ?? []).map(({ id, reason }) => [id, reason]));
  const matrix = makeMatrix(serviceRuns(runs, redact), { accept, areChosen: args.services !== undefined });
  const { code, because } = matrixExitCode(matrix, { strict: args.strict === true, require: args.require ?? [] });
  host.exitCode = interrupt.exitCode ?? code;
  await output(matrix, because);
  for (const line of left) notice(host, redact(line));
  interrupt.release();
}

const CONNECTION = ['--namespace', '--context', '--kubeconfig', '--as'];
/** Options that decide what the manifests contain. */
const IN_MANIFESTS = [
  '--file',
  '--services',
  '--image',
  '--image-pull-secret',
  '--resources',
  '--start-timeout',
  '--create-service-accounts',
  '--only',
  '--skip',
  '--release',
  '--phase',
  '--ca-file',
  '--read-only',
  '--timeout',
];

/** No option is parsed and ignored. */
function refuseBeside(option: string, given: readonly string[], allowed: readonly string[]): void {
  const other = given.find((name) => name !== option && !allowed.includes(name));
  if (other !== undefined) throw new InputError(`${option} does not support ${other}`);
}

function settingsIn(args: KubernetesArguments) {
  if (args.image === undefined)
    throw new InputError('run kubernetes requires --image: the image of spacelift-preflight in a registry of yours');
  if (!/^[\w][\w./:@-]{0,511}$/.test(args.image))
    throw new InputError(
      '--image: expected the name of an image, such as registry.internal/spacelift-preflight@sha256:…',
    );
  const authorities = authoritiesIn(args.caFile ?? []);
  if (authorities !== undefined && Buffer.byteLength(authorities) > MOST_AUTHORITIES_KIB * 1024)
    throw new InputError(`--ca-file: more than ${MOST_AUTHORITIES_KIB} KiB of certificates, the maximum for a Pod`);
  return {
    image: args.image,
    imagePullSecrets: args.imagePullSecret ?? [],
    resources: resourcesIn(args.resources),
    args: passedOn(args),
    authorities,
    startTimeoutMs: args.startTimeout * 1000,
    timeoutMs: args.timeout * 1000,
    keep: args.keep === true,
    createServiceAccounts: args.createServiceAccounts === true,
  };
}

/** For the command line in each Pod; with a `=`, a value can't become an option. */
function passedOn({ only = [], skip = [], release, phase, readOnly, timeout }: KubernetesArguments): string[] {
  return [
    ...only.map((pattern) => `--only=${pattern}`),
    ...skip.map((pattern) => `--skip=${pattern}`),
    ...(release === undefined ? [] : [`--release=${release.text}`]),
    `--phase=${phase}`,
    `--timeout=${timeout}`,
    ...(readOnly === true ? ['--read-only'] : []),
  ];
}

async function cleanUpAndSay(
  host: NodeJS.Process,
  kubectl: ReturnType<typeof kubectlWith>,
  connection: Connection,
): Promise<void> {
  const { removed, left } = await cleanUp(kubectl, connection);
  const lines =
    removed.length === 0 && left.length === 0
      ? ['nothing is left from an earlier run']
      : [...removed.map((run) => `removed run ${run}`), ...left.map((line) => `kept: ${line}`)];
  await print(host, `${lines.join('\n')}\n`, 'text');
  host.exitCode = left.length === 0 ? 0 : 1;
}
