/** `run ecs`: runs a preflight as each service in its own ECS task, and prints the matrix. */
import { type CallerOptions, callerOf, regionOf } from '../app/ecs/caller.ts';
import { cleanUp } from '../app/ecs/cleanup.ts';
import { unusable, type Where } from '../app/ecs/errors.ts';
import { type EcsPlan, type EcsSettings, planEcs } from '../app/ecs/plan.ts';
import { runEcs as runTasks } from '../app/ecs/run.ts';
import { serviceRuns } from '../app/ecs/service-runs.ts';
import { type EcsSource, readFiles, readServices } from '../app/ecs/source.ts';
import { type Ecs, ecsOf } from '../cluster/ecs/client.ts';
import { withoutSecrets } from '../cluster/ecs/print.ts';
import { EcsError } from '../cluster/ecs/requests.ts';
import { containersIn, type EcsWorkload } from '../cluster/ecs/workloads.ts';
import { secretsIn } from '../cluster/values.ts';
import { InputError } from '../config/input-error.ts';
import type { Redact } from '../config/redact.ts';
import { CheckStopped } from '../outcome/outcome.ts';
import { MATRIX_FORMATS } from '../report/matrix/index.ts';
import { notice } from './errors.ts';
import { prepareOutput } from './output.ts';
import type { EcsArguments } from './platform-options.ts';
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

const CALLER = ['--cluster', '--region', '--profile'];
const NETWORK = ['--subnets', '--security-groups', '--assign-public-ip'];

/**
 * @param given the names of the options on the command line
 * @throws InputError if the run can't start
 */
export async function runEcs(host: NodeJS.Process, args: EcsArguments, given: readonly string[]): Promise<void> {
  const { cluster } = args;
  if (cluster === undefined) throw new InputError('run ecs requires --cluster: the name or ARN of the ECS cluster');
  const authorities = await authoritiesIn(args);
  const { region, profile } = args;
  const caller = { cluster, region, profile, environment: host.env, authorities };
  if (args.cleanup === true) {
    refuseBeside('--cleanup', given, CALLER);
    await connected(caller, async ({ ecs, where }) => sayCleanedUp(host, await cleanUp(ecs, where)));
    return;
  }
  const isPrinted = args.print === true;
  if (isPrinted) refuseBeside('--print', given, [...CALLER, ...IN_MANIFESTS, '--log-group']);
  const ofNetwork = given.find((name) => NETWORK.includes(name));
  if (args.file === undefined && ofNetwork !== undefined)
    throw new InputError(`${ofNetwork} is for task definitions with -f; a service of the cluster has its own network`);
  const prepared = prepareRun(host, args, { platform: 'ecs', from: 'a task definition', authorities });
  const { files } = prepared;
  const settings: EcsSettings = { ...prepared.settings, logGroup: args.logGroup, region };
  const { timeoutMs } = settings;
  const network = isPrinted ? undefined : networkIn(args);
  const source: EcsSource = { files, stdin: host.stdin, timeoutMs, services: args.services, network, cluster };
  const plan = (workloads: readonly EcsWorkload[], at: string | undefined) => {
    const made = planEcs(workloads, cluster, { ...settings, region: at });
    const redact = redactorOf(secretsIn(containersIn(workloads), 'environment'));
    for (const note of made.notes) notice(host, redact(note));
    return { plan: made, redact };
  };
  if (isPrinted) {
    const planned =
      files.length > 0
        ? plan(await readFiles(source), regionOf(caller))
        : await connected(caller, async (to) => plan(await readServices(to.ecs, source), to.where.region));
    await printDefinitions(host, planned.plan, planned.redact);
    return;
  }
  const output = prepareOutput(host, args, MATRIX_FORMATS);
  const fromFiles = files.length > 0 ? await readFiles(source) : undefined;
  await connected(caller, async (to) => {
    const planned = plan(fromFiles ?? (await readServices(to.ecs, source)), to.where.region);
    const { redact } = planned;
    await runAndShow(host, { args, redact, output, noun: 'tasks' }, async (observer, signal) => {
      const { runs, left } = await runTasks(planned.plan, to.ecs, to.where, observer, signal);
      return { runs: serviceRuns(runs, redact), left };
    });
  });
}

async function printDefinitions(host: NodeJS.Process, { tasks }: EcsPlan, redact: Redact): Promise<void> {
  const all = tasks.map(({ definition }) => definition);
  const { definitions, masked } = withoutSecrets(all, redact);
  sayMasked(host, masked);
  await print(host, `${JSON.stringify(definitions, null, 2)}\n`, 'json');
}

const networkIn = ({ subnets = [], securityGroups = [], assignPublicIp }: EcsArguments) => ({
  subnets,
  securityGroups,
  assignPublicIp: assignPublicIp === true,
});

interface Connected {
  readonly ecs: Ecs;
  readonly where: Where;
}

/** Closes the connections afterward. @throws InputError */
async function connected<T>(options: CallerOptions, use: (to: Connected) => Promise<T>): Promise<T> {
  const { run, region, end: close } = callerOf(options);
  const where = { cluster: options.cluster, region };
  try {
    return await use({ ecs: await ecsOf(run, options.cluster), where });
  } catch (error) {
    throw error instanceof EcsError ? unusable(error, where) : stopped(error);
  } finally {
    await close();
  }
}

/** A decision before any request, such as about a variable that no SDK accepts. */
const stopped = (error: unknown): unknown =>
  error instanceof CheckStopped ? new InputError(error.outcome.title) : error;
