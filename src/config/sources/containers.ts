/** What other platforms print of a container: Docker, Azure, Nomad. */

import type { Service } from '../options.ts';
import { mapOfPairs } from './pairs.ts';
import { serviceInName, serviceStarted } from './service.ts';
import { isList, isMap, nameOf, type Value, type ValueMap, Veiled, within } from './value.ts';

/** A config in a document; a string is a text of any format. */
export interface Held {
  readonly value: Value;
  /** For people: "secret spacelift/db-conn-string". */
  readonly address?: string | undefined;
  /** The service whose container it is. */
  readonly service?: Service | undefined;
}

interface Container {
  readonly name: string;
  /** Words, lists of words or lines. */
  readonly command: readonly (Value | undefined)[];
  readonly variables: ValueMap | undefined;
}

const mapsIn = (list: Value | undefined): ValueMap[] => (isList(list) ? list.filter(isMap) : []);

/** By platform. Sources: the documentation of each command. */
const PLATFORMS: readonly ((value: ValueMap) => readonly Container[] | undefined)[] = [
  // `docker inspect`
  ({ Name: name, Config: config }) =>
    isMap(config) && isList(config.Env)
      ? [
          {
            name: nameOf(name)?.replace(/^\//, '') ?? '',
            command: [config.Entrypoint, config.Cmd],
            variables: mapOfPairs(config.Env),
          },
        ]
      : undefined,
  // `docker service inspect`
  ({ Spec: spec }) => {
    const container = within(spec, 'TaskTemplate', 'ContainerSpec');
    if (!isMap(container) || !isMap(spec)) return undefined;
    const { Command: command, Args: args, Env: env } = container;
    return [{ name: nameOf(spec.Name) ?? '', command: [command, args], variables: mapOfPairs(env) }];
  },
  // `az containerapp show`
  ({ name, properties }) => {
    const containers = within(properties, 'template', 'containers');
    if (!isList(containers)) return undefined;
    return mapsIn(containers).map((container) => ({
      name: `${nameOf(name) ?? ''}-${nameOf(container.name) ?? ''}`,
      command: [container.command, container.args],
      variables: withSecrets(container.env),
    }));
  },
  // `az container show`
  ({ containers }) => {
    const all = mapsIn(containers);
    if (!all.some((container) => isList(container.environmentVariables))) return undefined;
    return all.map((container) => ({
      name: nameOf(container.name) ?? '',
      command: [container.command],
      variables: withSecrets(container.environmentVariables),
    }));
  },
  // `nomad job inspect`
  (value) => {
    const groups = within(value, 'Job', 'TaskGroups') ?? value.TaskGroups;
    if (!isList(groups)) return undefined;
    return mapsIn(groups).flatMap((group) =>
      mapsIn(group.Tasks).map((task) => ({
        name: `${nameOf(group.Name) ?? ''}-${nameOf(task.Name) ?? ''}`,
        command: [within(task.Config, 'command'), within(task.Config, 'args')],
        variables: isMap(task.Env) ? task.Env : undefined,
      })),
    );
  },
];

/** The variables of the containers in a document; `undefined` if it is none of these. */
export function openContainers(value: ValueMap): readonly Held[] | undefined {
  for (const containersIn of PLATFORMS) {
    const held = containersIn(value)?.flatMap(({ name, command, variables }) =>
      variables === undefined ? [] : [{ value: variables, service: serviceInName(name) ?? serviceStarted(command) }],
    );
    if (held !== undefined && held.length > 0) return held;
  }
  return undefined;
}

/** Secrets of the platform are set, but not known here. */
const withSecrets = (list: Value | undefined): ValueMap =>
  Object.fromEntries(
    mapsIn(list).map(({ name, value }) => [
      nameOf(name) ?? '',
      typeof value === 'string' ? value : new Veiled('platform'),
    ]),
  );
