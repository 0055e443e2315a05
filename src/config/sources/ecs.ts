/** ECS task definitions, or bare arrays of container definitions. */

import { basename } from 'node:path';
import { type Entry, InputError, type RejectedValue } from '../entry.ts';
import { GATEWAY, type Service } from '../options.ts';
import { named } from './quote.ts';
import { holdsSpacelifts, serviceInName, serviceStarted, setsVariables } from './service.ts';
import {
  aType,
  type Document,
  entryOf,
  isList,
  isMap,
  nameOf,
  originIn,
  type Place,
  type Reading,
  rejectedPairs,
  typeOf,
  type Value,
  type ValueMap,
} from './value.ts';

export const isEcs = (value: Value): boolean => containersIn(value) !== undefined;

/** @throws InputError when no container belongs to Spacelift, or one can't be read */
export function readEcs(documents: readonly Document[], file: string): Reading {
  const containers = documents.flatMap(({ value, location }) => {
    const family = familyOf(value);
    return (containersIn(value) ?? []).filter(isMap).map((container) => ({ container, family, location }));
  });
  const rejected: RejectedValue[] = [];
  const used = containers.flatMap(({ container, family, location }) => {
    const name = nameOf(field(container, 'name')) ?? '';
    const shown = named(name, 'container');
    const where = `${file}: container ${shown}`;
    const origin = originIn(file, location, `container ${shown}`);
    const service =
      serviceOf(container, name) ?? (isSpacelifts(container, where) ? (serviceInName(family) ?? 'all') : undefined);
    if (service === undefined) {
      rejected.push(...rejectedIn(container, origin));
      return [];
    }
    const place: Place = { service, origin, location: { ...location, container: shown } };
    return [{ container, where, place }];
  });
  if (used.length === 0) {
    throw noneUsable(
      containers.map(({ container }) => container),
      file,
    );
  }
  const open = used.flatMap(({ container, place: { service } }) => {
    const files = environmentFilesOf(container);
    return files.length === 0 ? [] : [{ service, files }];
  });
  const services = open.filter(({ service }) => service !== GATEWAY);
  const isStarted = used.some(
    ({ container, place }) => place.service !== GATEWAY && setsVariables(commandOf(container)),
  );
  return {
    rejected,
    entries: used.flatMap(({ container, where, place }) => entriesOf(container, where, place)),
    incomplete: isStarted || services.length > 0,
    ...(isStarted && { unseen: 'command' as const }),
    ...(!isStarted && services.length > 0 && { missing: services.flatMap(({ files }) => files) }),
    taskDefinition: true,
    ...(open.length > services.length && { incompleteGateway: true }),
  };
}

/** The names of its files, without bucket and directories. */
function environmentFilesOf(container: ValueMap): string[] {
  const files = field(container, 'environmentFiles');
  return (isList(files) ? files : []).map((file) => basename((isMap(file) && nameOf(field(file, 'value'))) || ''));
}

/** The AWS CLI and Terraform write `containerDefinitions`, CloudFormation `ContainerDefinitions`. */
const field = (map: ValueMap, name: string): Value | undefined =>
  map[name] ?? map[`${name[0]?.toUpperCase()}${name.slice(1)}`];

/** The output of describe-task-definition contains the task definition. */
function definitionIn(map: ValueMap): ValueMap {
  const inner = field(map, 'taskDefinition');
  return isMap(inner) ? inner : map;
}

function containersIn(value: Value): readonly Value[] | undefined {
  if (isList(value)) return value.length > 0 && value.every(isContainer) ? value : undefined;
  if (!isMap(value)) return undefined;
  const definitions = field(definitionIn(value), 'containerDefinitions');
  if (isList(definitions)) return definitions;
  return isSingle(value) ? [value] : undefined;
}

/** One container of a task definition, or nothing but its variables. */
const isSingle = (value: ValueMap): boolean =>
  typeof value.kind !== 'string' &&
  (['environment', 'secrets'] as const).some((name) => {
    const pairs = field(value, name);
    return (
      isList(pairs) &&
      pairs.length > 0 &&
      pairs.every((pair) => isMap(pair) && nameOf(field(pair, 'name')) !== undefined)
    );
  });

const familyOf = (value: Value): string => (isMap(value) && nameOf(field(definitionIn(value), 'family'))) || '';

const isContainer = (value: Value): boolean =>
  isMap(value) &&
  nameOf(field(value, 'name')) !== undefined &&
  ['image', 'command', 'environment', 'secrets'].some((name) => field(value, name) !== undefined);

/** By name, otherwise by command. */
const serviceOf = (container: ValueMap, name: string): Service | undefined =>
  serviceInName(name) ?? serviceStarted(commandOf(container));

const commandOf = (container: ValueMap) => [field(container, 'entryPoint'), field(container, 'command')];

/** A container that is neither named nor started like a service, such as a database migration job. */
function isSpacelifts(container: ValueMap, where: string): boolean {
  const pairs = [...pairsIn(container, 'environment', where), ...pairsIn(container, 'secrets', where)];
  return holdsSpacelifts((wanted) => pairs.some(({ name }) => name === wanted));
}

function entriesOf(container: ValueMap, where: string, place: Place): Entry[] {
  const known = pairsIn(container, 'environment', where).map(({ name, pair }) =>
    entryOf(name, field(pair, 'value'), place),
  );
  const secret = pairsIn(container, 'secrets', where).map(({ name, pair }): Entry => {
    const from = field(pair, 'valueFrom');
    return typeof from === 'string'
      ? { name, kind: 'secret', value: from, ...place }
      : { name, kind: 'not-a-string', value: typeOf(from), ...place };
  });
  return [...known, ...secret];
}

/** In a container that is not Spacelift's: the API rejects the whole task definition. */
const rejectedIn = (container: ValueMap, origin: string): RejectedValue[] => [
  ...rejectedPairs(field(container, 'environment'), (pair) => field(pair, 'value'), origin),
  ...rejectedPairs(field(container, 'secrets'), (pair) => field(pair, 'valueFrom'), origin),
];

function pairsIn(container: ValueMap, list: 'environment' | 'secrets', where: string) {
  const pairs = field(container, list);
  if (typeOf(pairs) === 'null') return [];
  if (!isList(pairs)) throw new InputError(`${where}: ${list} is ${aType(pairs)}, expected an array`);
  return pairs.map((pair, index) => {
    const name = isMap(pair) ? nameOf(field(pair, 'name')) : undefined;
    if (!isMap(pair) || name === undefined) throw new InputError(`${where}: ${list}[${index}] has no name`);
    return { name, pair };
  });
}

function noneUsable(containers: readonly ValueMap[], file: string): InputError {
  const names = containers.slice(0, 8).map((container) => named(nameOf(field(container, 'name')), 'container'));
  const found =
    names.length === 0 ? 'no container' : `${names.join(', ')}${containers.length > names.length ? ', …' : ''}`;
  return new InputError(
    `${file}: expected a container that is named or started as server, drain, scheduler or vcs-gateway; found ${found}`,
  );
}
