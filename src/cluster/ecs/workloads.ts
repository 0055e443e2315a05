/** Finds the containers of Spacelift's services in ECS services and task definitions, by their commands. */
import { InputError } from '../../config/input-error.ts';
import { SERVICES, type Service } from '../../config/options.ts';
import { named, reference } from '../../config/sources/quote.ts';
import { serviceRun } from '../../config/sources/service.ts';
import { isJsonMap, type Json, type JsonMap, listIn, mapIn, picked, textIn, textsIn } from '../../util/json.ts';

/** A task definition as `describe-task-definition` prints it, and where its tasks run. */
export interface Definition {
  readonly definition: JsonMap;
  /** As in the API. */
  readonly tags: readonly JsonMap[];
  /** "service spacelift-drain" or "task definition spacelift-drain". */
  readonly label: string;
  /** The part of `RunTask` that says where: launch type or capacity providers, network, platform, constraints. */
  readonly placement: JsonMap;
}

/** A container that runs a service of Spacelift. */
export interface EcsWorkload extends Definition {
  readonly service: Service;
  readonly container: JsonMap;
}

const FROM_API = 'expected a task definition as printed by aws ecs describe-task-definition';

/**
 * A document with a task definition: the response of the API, or the input of `register-task-definition`.
 * @throws InputError if it is none
 */
export function definitionIn(value: Json, where: string): Pick<Definition, 'definition' | 'tags'> {
  const document = isJsonMap(value) ? value : {};
  const inner = isJsonMap(document.taskDefinition) ? document.taskDefinition : document;
  if (listIn(inner, 'containerDefinitions').length === 0) throw new InputError(`${where}: ${FROM_API}`);
  return { definition: inner, tags: listIn(document, 'tags') };
}

/** Where the tasks of an ECS service run. With an external deployment controller, its task set says it. */
export function placementOf(service: JsonMap): JsonMap {
  const source = { ...service, ...picked(taskSetOf(service), PLACED) };
  const providers = listIn(source, 'capacityProviderStrategy');
  const launchType = textIn(source, 'launchType');
  const constraints = listIn(source, 'placementConstraints').filter(({ type }) => type === 'memberOf');
  return {
    ...(providers.length > 0 ? { capacityProviderStrategy: providers } : launchType !== undefined && { launchType }),
    ...picked(source, ['platformVersion']),
    ...(Object.keys(mapIn(source, 'networkConfiguration')).length > 0 && {
      networkConfiguration: mapIn(source, 'networkConfiguration'),
    }),
    ...(constraints.length > 0 && { placementConstraints: constraints }),
  };
}

const PLACED = ['launchType', 'capacityProviderStrategy', 'platformVersion', 'networkConfiguration'];

const taskSetOf = (service: JsonMap): JsonMap =>
  listIn(service, 'taskSets').find(({ status }) => status === 'PRIMARY') ?? {};

/** The ARN of the task definition that an ECS service runs. */
export const definitionArnOf = (service: JsonMap): string | undefined =>
  textIn(taskSetOf(service), 'taskDefinition') ?? textIn(service, 'taskDefinition');

/** A service that runs, or will. */
export const isActive = (service: JsonMap): boolean => service.status === 'ACTIVE';

/**
 * One workload per service of Spacelift, in the order of the services.
 * @param where the source in messages
 * @throws InputError if two task definitions run the same service
 */
export function workloadsIn(definitions: readonly Definition[], where: string): EcsWorkload[] {
  const all = definitions.flatMap(workloadsOf);
  return SERVICES.flatMap((service) => {
    const [first, second] = all.filter((workload) => workload.service === service);
    if (first !== undefined && second !== undefined)
      throw new InputError(
        `${where}: ${first.label} and ${second.label} both run the ${service}; pass the task definitions of one installation with -f`,
      );
    return first ?? [];
  });
}

const workloadsOf = (held: Definition): EcsWorkload[] =>
  listIn(held.definition, 'containerDefinitions').flatMap((container) => {
    const service = serviceIn(container);
    return service === undefined ? [] : [{ ...held, service, container }];
  });

/** The service that a container definition starts. */
export const serviceIn = (container: JsonMap): Service | undefined =>
  serviceRun([...textsIn(container, 'entryPoint'), ...textsIn(container, 'command')]);

export const containerNameOf = (container: JsonMap): string => named(textIn(container, 'name'), 'container');

/** All containers of the workloads' task definitions. */
export const containersIn = (workloads: readonly EcsWorkload[]): JsonMap[] =>
  workloads.flatMap(({ definition }) => listIn(definition, 'containerDefinitions'));

/** The secrets that a container gets, as its `valueFrom` names them. */
export const secretsNamedIn = (container: JsonMap): string[] => [
  ...new Set(listIn(container, 'secrets').map((secret) => reference(textIn(secret, 'valueFrom') ?? ''))),
];
