/** Docker Compose files: the variables of Spacelift's services. A variable of the shell is not known here. */
import { basename } from 'node:path';
import { isKnown } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { mapOf, variablesIn } from './lines.ts';
import { named } from './quote.ts';
import { holdsSpacelifts, serviceInName, serviceStarted, setsVariables } from './service.ts';
import {
  type Document,
  entryOf,
  isList,
  isMap,
  nameOf,
  originIn,
  type Place,
  type Reading,
  typeOf,
  Unquoted,
  type Value,
  type ValueMap,
  Veiled,
} from './value.ts';

const KEYS = ['image', 'build', 'environment', 'env_file', 'extends', 'command', 'depends_on'];

export const isCompose = (value: Value): boolean => {
  const services = isMap(value) ? value.services : undefined;
  if (!isMap(services)) return false;
  const all = Object.values(services);
  return (
    all.length > 0 && all.every(isMap) && all.some((service) => isMap(service) && KEYS.some((key) => key in service))
  );
};

/** @throws InputError when no service is Spacelift's */
export function readCompose(documents: readonly Document[], file: string): Reading {
  const services = documents.flatMap(({ value, location }) =>
    Object.entries(isMap(value) && isMap(value.services) ? value.services : {}).map(([name, service]) => ({
      name,
      service: isMap(service) ? service : {},
      location,
    })),
  );
  const used = services.flatMap(({ name, service, location }) => {
    refuseItems(service, `${file}: service ${named(name, 'container')}`);
    const variables = variablesOf(service);
    const found = serviceOf(name, service);
    const files = filesOf(service);
    const isStarted = setsVariables([service.entrypoint, service.command]);
    const hasFiles = files.length > 0 || isStarted;
    if (found === undefined && !holdsSpacelifts((key) => Object.hasOwn(variables, key))) return [];
    if (found !== undefined && !hasFiles && !Object.keys(variables).some(isKnown)) return [];
    const shown = named(name, 'container');
    const place: Place = {
      service: found ?? 'all',
      origin: originIn(file, location, `service ${shown}`),
      location: { ...location, container: shown },
    };
    return [
      {
        files,
        isStarted,
        entries: variablesIn(variables, place).map(({ key, value, place }) => entry(key, value, place)),
      },
    ];
  });
  const files = used.flatMap((service) => service.files);
  const hasFiles = files.length > 0;
  const isStarted = used.some((service) => service.isStarted);
  const entries = used.flatMap((service) => service.entries);
  if (entries.length === 0) {
    const why = hasFiles ? 'its services read everything from env_file' : 'no service of it is Spacelift’s';
    throw new InputError(
      `${file}: a Compose file, but ${why}; pass all variables: docker compose config | spacelift-preflight -f -`,
    );
  }
  const workloads = services.flatMap(({ name, service }) => serviceOf(name, service) ?? []);
  const others = used.flatMap((service) =>
    service.entries.some(({ service: of }) => of === 'all') ? ['all' as const] : [],
  );
  return {
    entries,
    workloads: [...new Set([...workloads, ...others])],
    incomplete: hasFiles || isStarted,
    ...(isStarted ? { unseen: 'command' } : hasFiles && { unseen: 'envFile', missing: files }),
  };
}

/** The names of the files in `env_file`, without directories. */
function filesOf({ env_file: files }: ValueMap): string[] {
  if (files === undefined || typeOf(files) === 'null') return [];
  const paths = (isList(files) ? files : [files]).map((file) => nameOf(isMap(file) ? file.path : file) ?? '');
  return paths.map((path) => basename(path));
}

const serviceOf = (name: string, { entrypoint, command }: ValueMap) =>
  serviceInName(name) ?? serviceStarted([entrypoint, command]);

function variablesOf({ environment }: ValueMap): ValueMap {
  if (isMap(environment)) return environment;
  const items = isList(environment) ? environment.filter((item) => typeof item === 'string') : [];
  return mapOf(items, items.map(pairIn));
}

/** What Compose rejects, or reads as another name. @throws InputError */
function refuseItems({ environment }: ValueMap, where: string): void {
  for (const [index, item] of (isList(environment) ? environment : []).entries()) {
    const key = isMap(item) ? Object.keys(item).find(isKnown) : undefined;
    if (key !== undefined)
      throw new InputError(
        `${where}: environment[${index}] is an object, expected ${named(key, 'variable')}=value, or a map without the dashes`,
      );
    const [, name = ''] = typeof item === 'string' ? (/^(\w+)\s+=/.exec(item) ?? []) : [];
    if (isKnown(name))
      throw new InputError(
        `${where}: environment[${index}] has a space before =, which Compose makes a part of the name ${named(name, 'variable')}`,
      );
  }
}

/** A name alone takes the value from the shell. */
function pairIn(item: string): readonly [string, Value] {
  const at = item.indexOf('=');
  return at === -1 ? [item, new Veiled('shell')] : [item.slice(0, at), item.slice(at + 1)];
}

/** Compose replaces `$NAME` and `${NAME}`, and makes a dollar sign of `$$`; a value may be unquoted. */
function entry(name: string, value: Value, place: Place): Entry {
  const text = value instanceof Unquoted ? (value.type === 'null' ? null : value.text) : value;
  if (text === null) return entryOf(name, new Veiled('shell'), place);
  if (typeof text === 'number' || typeof text === 'boolean') return entryOf(name, String(text), place);
  if (typeof text !== 'string') return entryOf(name, text, place);
  const replaced = /(?<!\$)(?:\$\$)*\$(?:[A-Za-z_]|\{[A-Za-z_])/.test(text);
  return entryOf(name, replaced ? new Veiled('shell') : text.replaceAll('$$', '$'), place);
}
