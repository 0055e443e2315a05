/** Runs tasks: resolves their secrets with the execution role, starts the containers, and writes their logs. */
import { type JsonMap, listIn, mapIn, textIn } from '../../../../src/util/json.ts';
import { decide } from '../../policy.ts';
import type { World } from '../world.ts';
import type { Task, TaskContainer } from './store.ts';

/** The service in the name of a run's family. */
export const serviceOf = (family: string): string =>
  /^spacelift-preflight-[0-9a-f]{8}-(.*)$/.exec(family)?.[1] ?? family;

/** Why a task stops before its containers start. */
class StartError extends Error {}

export async function perform(world: World, task: Task): Promise<void> {
  const { ecs } = world;
  const service = serviceOf(task.definition.family);
  if (ecs.faults.pending?.(service)) return;
  const fault = ecs.faults.stopped?.(service);
  if (fault !== undefined) return end(world, task, fault.stopCode, fault.stoppedReason);
  const definitions = listIn(task.definition.input, 'containerDefinitions');
  try {
    const environments = definitions.map((container) => environmentOf(world, task.definition.input, container));
    for (const container of definitions) {
      const image = String(container.image);
      if (ecs.images !== undefined && !ecs.images.has(image))
        throw new StartError(
          `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${image}: not found`,
        );
      ensureLog(world, container);
    }
    task.lastStatus = 'RUNNING';
    await Promise.all(definitions.map((container, index) => start(world, task, container, environments[index] ?? {})));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    end(world, task, 'TaskFailedToStart', error.message);
  }
}

function end({ ecs }: World, task: Task, stopCode: string, stoppedReason: string): void {
  task.stop.abort();
  const stays = ecs.faults.deprovisioning?.(serviceOf(task.definition.family)) === true;
  const lastStatus = stays ? 'DEPROVISIONING' : 'STOPPED';
  Object.assign(task, { stopCode, stoppedReason, lastStatus, desiredStatus: 'STOPPED' });
  for (const container of task.containers) container.lastStatus = 'STOPPED';
}

async function start(world: World, task: Task, container: JsonMap, environment: Record<string, string>): Promise<void> {
  const own = task.containers.find(({ name }) => name === container.name);
  if (own === undefined) return;
  own.lastStatus = 'RUNNING';
  if (!own.essential) return until(task, own);
  const service = serviceOf(task.definition.family);
  const begun = { service, definition: task.definition.input, container, environment, signal: task.stop.signal };
  world.ecs.starts.push(begun);
  const { exitCode, output, isOutOfMemory } = await world.ecs.execute(begun);
  write(world, task, container, output);
  own.lastStatus = 'STOPPED';
  own.exitCode = exitCode;
  if (isOutOfMemory) own.reason = 'OutOfMemoryError: Container killed due to memory usage';
  if (task.stop.signal.aborted) return;
  // The sidecars are stopped with it.
  Object.assign(task, {
    desiredStatus: 'STOPPED',
    lastStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
  });
  task.stop.abort();
}

/** A sidecar that never ends by itself. */
function until({ stop }: Task, own: TaskContainer): Promise<void> {
  return new Promise((resolve) => {
    const ended = () => {
      own.lastStatus = 'STOPPED';
      own.exitCode = 137;
      resolve();
    };
    if (stop.signal.aborted) ended();
    else stop.signal.addEventListener('abort', ended, { once: true });
  });
}

function environmentOf(world: World, definition: JsonMap, container: JsonMap): Record<string, string> {
  const plain = listIn(container, 'environment').map(({ name, value }) => [String(name), String(value)]);
  const secrets = listIn(container, 'secrets').map(({ name, valueFrom }) => [
    String(name),
    secretValue(world, textIn(definition, 'executionRoleArn'), String(valueFrom)),
  ]);
  return Object.fromEntries([...plain, ...secrets]);
}

/** The first two words of the agent's message are the same for all of its reasons. */
const failedToPull = (reason: string) =>
  new StartError(
    `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ${reason}`,
  );

function secretValue(world: World, role: string | undefined, valueFrom: string): string {
  const isSecret = valueFrom.includes(':secretsmanager:');
  const action = isSecret ? 'secretsmanager:GetSecretValue' : 'ssm:GetParameters';
  const policy = world.roles?.find(({ arn }) => arn === role)?.policy;
  if (policy !== undefined && decide(policy, { action, resource: valueFrom, context: {} }) !== 'Allow')
    throw failedToPull(
      `unable to retrieve secret from asm: AccessDeniedException: User: ${role} is not authorized to perform: ${action} on resource: ${valueFrom}`,
    );
  const held = isSecret
    ? world.secrets.all().find(({ arn }) => valueFrom.startsWith(arn))
    : world.parameters.all().find(({ name, arn }) => name === valueFrom || arn === valueFrom);
  if (held !== undefined) return held.value;
  throw failedToPull(
    isSecret
      ? "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret: ResourceNotFoundException: Secrets Manager can't find the specified secret."
      : `unable to retrieve secrets from ssm: invalid parameters: ${valueFrom}`,
  );
}

const logOf = (container: JsonMap): { group: string; prefix: string } | undefined => {
  const configuration = mapIn(container, 'logConfiguration');
  const options = mapIn(configuration, 'options');
  if (configuration.logDriver !== 'awslogs') return undefined;
  return { group: String(options['awslogs-group']), prefix: String(options['awslogs-stream-prefix']) };
};

function ensureLog(world: World, container: JsonMap): void {
  const log = logOf(container);
  if (log !== undefined && !world.ecs.logs.has(log.group))
    throw new StartError(
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
    );
}

function write(world: World, task: Task, container: JsonMap, output: string): void {
  const log = logOf(container);
  const { faults, logs } = world.ecs;
  const service = serviceOf(task.definition.family);
  const text = faults.logged === undefined ? output : faults.logged(service, output);
  if (log === undefined || text === undefined) return;
  const events = text.split('\n').filter((line) => line !== '');
  logs.get(log.group)?.set(`${log.prefix}/${container.name}/${task.arn.replace(/^.*\//, '')}`, events);
}
