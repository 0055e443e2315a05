/**
 * Makes the task definition in which a service's dependencies are tried: a copy of the service's own, in a family of its own, in
 * which the service's container runs this tool. RunTask can't change an image, so a copy is registered for each run.
 *
 * Only our container is essential: ECS stops the sidecars with it, and a sidecar that ends does not stop it.
 */
import { InputError } from '../../config/input-error.ts';
import { type Json, type JsonMap, listIn, mapIn, picked, textIn } from '../../util/json.ts';
import { containersOf } from './containers.ts';
import { type LogStream, logOf } from './log.ts';
import { familyOf, type Tag, tagsOf } from './names.ts';
import type { TaskSettings } from './settings.ts';
import { isPathOfInstance, type Volumes, volumesIn } from './volumes.ts';
import type { EcsWorkload } from './workloads.ts';

export interface BuiltTask {
  /** The input of RegisterTaskDefinition. */
  readonly definition: JsonMap;
  /** The name of the container that runs the checks: the service's own, because sidecars name it. */
  readonly container: string;
  readonly log: LogStream;
  /** On the task too. */
  readonly tags: readonly Tag[];
  /** What is different from the service's tasks and could matter, for people. */
  readonly notes: readonly string[];
}

/** Who the task is, where it can run, and its network. */
const TAKEN_OVER = [
  'taskRoleArn',
  'executionRoleArn',
  'networkMode',
  'requiresCompatibilities',
  'cpu',
  'memory',
  'pidMode',
  'ipcMode',
  'placementConstraints',
  'proxyConfiguration',
  'ephemeralStorage',
  'runtimePlatform',
];

/** The smallest size of a task on Fargate, for a definition without one. */
const FARGATE_SIZE = { cpu: '256', memory: '512' };

/** "Task definition size" in the service quotas of ECS. */
const LARGEST_KIB = 64;
/** On one resource. */
const MOST_TAGS = 50;

/** @throws InputError for a task that would have access to its host, or that ECS or this tool can't run */
export function taskOf(workload: EcsWorkload, settings: TaskSettings): BuiltTask {
  refuseUnusable(workload);
  const { definition: source, service, tags: given } = workload;
  const volumes = volumesIn(source);
  const log = logOf(workload, settings);
  const { containers, dropped } = containersOf(workload, { ...settings, volumes, log: log.configuration });
  const own = tagsOf(settings, service);
  const definition: Record<string, Json> = {
    family: familyOf(settings.run, service),
    ...(isForFargate(source) && FARGATE_SIZE),
    ...picked(source, TAKEN_OVER),
    containerDefinitions: containers,
    volumes: volumes.kept,
    tags: [...keptTags(given, own.length), ...own.map(({ key, value }) => ({ key, value }))],
  };
  refuseTooLarge(definition, workload, settings);
  return {
    definition,
    container: textIn(workload.container, 'name') ?? '',
    log: log.stream,
    tags: own,
    notes: notesOf(workload, volumes, dropped),
  };
}

export const isForFargate = (definition: JsonMap): boolean => requires(definition).includes('FARGATE');

/** The launch types that a definition is for. */
export const requires = ({ requiresCompatibilities: list }: JsonMap): readonly Json[] =>
  Array.isArray(list) ? list : [];

/** An organization can require tags. Those of AWS can't be set. */
const keptTags = (given: readonly JsonMap[], own: number): JsonMap[] =>
  given
    .filter((tag) => /^(?!aws:|spacelift-preflight\/)/i.test(textIn(tag, 'key') ?? 'aws:'))
    .slice(0, MOST_TAGS - own)
    .map((tag) => picked(tag, ['key', 'value']));

function refuseUnusable({ definition, label, container }: EcsWorkload): void {
  const shared = ['pidMode', 'ipcMode'].find((field) => definition[field] === 'host');
  if (shared !== undefined)
    throw new InputError(
      `${label} sets ${shared} to host, which a run never gets; leave the service out with --services`,
    );
  if (listIn(definition, 'volumes').some(isPathOfInstance))
    throw new InputError(
      `${label} mounts a path of its instance, which a run never gets; leave the service out with --services`,
    );
  const family = textIn(mapIn(definition, 'runtimePlatform'), 'operatingSystemFamily') ?? 'LINUX';
  if (family !== 'LINUX')
    throw new InputError(`${label} is for Windows; the image of spacelift-preflight is for Linux`);
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(textIn(container, 'name') ?? ''))
    throw new InputError(`${label}: expected a container with a name of letters, digits, - and _`);
}

function refuseTooLarge(definition: JsonMap, { label }: EcsWorkload, { authorities = '' }: TaskSettings): void {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes <= LARGEST_KIB * 1024) return;
  const certificates = Buffer.byteLength(JSON.stringify(authorities));
  const kib = (size: number) => Math.ceil(size / 1024);
  const because = authorities === '' ? '' : `, ${kib(certificates)} KiB of them the certificates of --ca-file`;
  throw new InputError(
    `${label}: its copy would have ${kib(bytes)} KiB${because}; ECS accepts at most ${LARGEST_KIB} KiB in a whole task definition`,
  );
}

function notesOf(
  { service, label }: EcsWorkload,
  { dropped: volumes }: Volumes,
  containers: readonly string[],
): string[] {
  const all = [...volumes.map((volume) => `${volume} is left out`), ...containers];
  return all.map((note) => `${service}: ${label}: ${note}`);
}
