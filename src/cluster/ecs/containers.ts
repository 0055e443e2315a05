/** The containers of a run's task: ours in place of the service's, and the sidecars beside it. */
import { parseImage } from '../../config/image-reference.ts';
import { AUTHORITIES_VARIABLE } from '../../config/options.ts';
import { shown } from '../../config/sources/quote.ts';
import { type Json, type JsonMap, listIn, mapIn, picked, textIn, textsIn, without } from '../../util/json.ts';
import type { TaskSettings } from './settings.ts';
import { mountsIn, type Volumes } from './volumes.ts';
import { containerNameOf, type EcsWorkload, serviceIn } from './workloads.ts';

interface ContainerSettings extends Pick<TaskSettings, 'image' | 'args' | 'authorities'> {
  readonly volumes: Volumes;
  /** `logConfiguration` of our container. */
  readonly log: JsonMap;
}

/** What our container has of the service's: its variables, how it finds names, and its resources. */
const TAKEN_OVER = [
  'name',
  'environmentFiles',
  'startTimeout',
  'dnsServers',
  'dnsSearchDomains',
  'extraHosts',
  'cpu',
  'memory',
  'memoryReservation',
];

/** What a sidecar does not have: ports, which the service's own could occupy, and more authority than it needs. */
const NOT_FOR_SIDECARS = [
  'portMappings',
  'privileged',
  'resourceRequirements',
  'credentialSpecs',
  'dockerSecurityOptions',
];

export interface Containers {
  readonly containers: readonly JsonMap[];
  /** What does not run, and what runs with less, each as a phrase. */
  readonly dropped: readonly string[];
}

export function containersOf(workload: EcsWorkload, settings: ContainerSettings): Containers {
  const { container, definition } = workload;
  const others = listIn(definition, 'containerDefinitions')
    .filter((other) => other !== container)
    .map((other) => ({ other, reason: whyLeftOut(other, container) }));
  const sidecars = others.filter(({ reason }) => reason === undefined).map(({ other }) => other);
  const names = new Set([container, ...sidecars].map((one) => textIn(one, 'name')));
  const isThere = (one: JsonMap, key: string) => names.has(textIn(one, key));
  const dependencies = (one: JsonMap): JsonMap[] =>
    listIn(one, 'dependsOn')
      .filter((dependency) => isThere(dependency, 'containerName'))
      // Our container has no health check, and no other condition is allowed for an essential one.
      .map((dependency) =>
        dependency.containerName === container.name ? { ...dependency, condition: 'START' } : dependency,
      );
  // `name:alias`, in the network mode bridge.
  const links = (one: JsonMap) => textsIn(one, 'links').filter((link) => names.has(link.split(':')[0]));
  const common = (one: JsonMap): JsonMap => ({
    ...(one.links !== undefined && { links: links(one) }),
    mountPoints: mountsIn(one, settings.volumes),
    dependsOn: dependencies(one),
    volumesFrom: listIn(one, 'volumesFrom').filter((from) => isThere(from, 'sourceContainer')),
  });
  const own: Record<string, Json> = { ...ownOf(container, settings), ...common(container) };
  own.mountPoints = mountsIn(container, settings.volumes).map((mount) => ({ ...mount, readOnly: true }));
  return {
    containers: [
      own,
      ...sidecars.map((sidecar) => ({
        ...without(sidecar, NOT_FOR_SIDECARS),
        ...(sidecar.linuxParameters !== undefined && { linuxParameters: linuxParametersOf(sidecar) }),
        ...common(sidecar),
        essential: false,
      })),
    ],
    dropped: [
      ...others.flatMap(({ other, reason }) =>
        reason === undefined ? [] : [`container ${containerNameOf(other)} does not run: ${reason}`],
      ),
      ...sidecars
        .map((sidecar) => ({ name: containerNameOf(sidecar), refused: refusedTo(sidecar) }))
        .filter(({ refused }) => refused.length > 0)
        .map(({ name, refused }) => `its sidecar ${name} runs without ${refused.join(', ')}`),
    ],
  };
}

/** Capabilities such as SYS_ADMIN equal privileged mode, and devices are those of the instance. Dropping capabilities stays. */
function linuxParametersOf(sidecar: JsonMap): JsonMap {
  const own = mapIn(sidecar, 'linuxParameters');
  const capabilities = mapIn(own, 'capabilities');
  return {
    ...without(own, ['capabilities', 'devices']),
    ...(capabilities.drop !== undefined && { capabilities: picked(capabilities, ['drop']) }),
  };
}

/** What a sidecar asks for and does not get, for people. */
function refusedTo(sidecar: JsonMap): string[] {
  const parameters = mapIn(sidecar, 'linuxParameters');
  const added = textsIn(mapIn(parameters, 'capabilities'), 'add');
  return [
    ...(sidecar.privileged === true ? ['privileged mode'] : []),
    ...added.map((name) => `capability ${shown(name, 40)}`),
    ...(listIn(parameters, 'devices').length > 0 ? ['devices of the instance'] : []),
    ...(textsIn(sidecar, 'dockerSecurityOptions').length > 0 ? ['dockerSecurityOptions'] : []),
  ];
}

/** What is no sidecar must not run: it could be a second drain, or a migration of the database. */
function whyLeftOut(other: JsonMap, container: JsonMap): string | undefined {
  if (serviceIn(other) !== undefined) return 'it runs another service';
  if (other.image === container.image) return 'it has the image of the service, and is not a sidecar';
  const ends = listIn(container, 'dependsOn').some(
    ({ containerName, condition }) =>
      containerName === other.name && (condition === 'COMPLETE' || condition === 'SUCCESS'),
  );
  return ends ? 'it ends before the service starts' : undefined;
}

/** The image's own entry point and user apply. */
function ownOf(container: JsonMap, { image, args, authorities, log }: ContainerSettings): JsonMap {
  const [environment, secrets] = [settable(container, 'environment'), settable(container, 'secrets')];
  const login = mapIn(container, 'repositoryCredentials');
  // A login is only for the registry that it is from.
  const keepsLogin = Object.keys(login).length > 0 && isSameRegistry(image, textIn(container, 'image') ?? '');
  return {
    ...picked(container, TAKEN_OVER),
    image,
    command: args,
    essential: true,
    readonlyRootFilesystem: true,
    environment:
      authorities === undefined ? environment : [...environment, { name: AUTHORITIES_VARIABLE, value: authorities }],
    secrets,
    logConfiguration: log,
    ...(keepsLogin && { repositoryCredentials: login }),
  };
}

/** The certificates are ours. */
const settable = (container: JsonMap, list: 'environment' | 'secrets'): JsonMap[] =>
  listIn(container, list).filter(({ name }) => name !== AUTHORITIES_VARIABLE);

const registryOf = (image: string): string | undefined => {
  const parsed = parseImage(image);
  return 'registry' in parsed ? parsed.registry : undefined;
};

function isSameRegistry(image: string, other: string): boolean {
  const registry = registryOf(image);
  return registry !== undefined && registry === registryOf(other);
}
