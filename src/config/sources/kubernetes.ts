/** Kubernetes Secrets and ConfigMaps: single, in multiple documents, or in a `List`. */

import { firstOf } from '../../util/format.ts';
import { isKnown, isVariable } from '../contract.ts';
import { type Entry, InputError, type Location, type RejectedType, type RejectedValue } from '../entry.ts';
import { SERVICES, type Service } from '../options.ts';
import { encrypted } from './encrypted.ts';
import { isPullSecret, readPullSecret } from './pull-secret.ts';
import { isNamed, named } from './quote.ts';
import type { Stored } from './stored.ts';
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
  rejectedType,
  typeOf,
  type Value,
  type ValueMap,
} from './value.ts';
import { readWorkloads } from './workloads.ts';

export const isKubernetes = (value: Value): boolean => isMap(value) && typeof value.kind === 'string';

/** Objects from which a cluster operator creates a Secret: they do not contain plaintext values. */
const SEALED = ['SealedSecret', 'ExternalSecret', 'ClusterExternalSecret'];
const MOST_KINDS = 8;

/** A Kubernetes object, and the document that contains it. */
interface Located {
  readonly object: ValueMap;
  readonly location: Location;
}

/** @throws InputError when there is no usable object, or one can't be read */
export function readKubernetes(documents: readonly Document[], file: string): Reading {
  const objects = objectsIn(documents);
  const sealed = objects.find(({ object }) => SEALED.includes(nameOf(object.kind) ?? ''));
  if (sealed) throw stillSealed(sealed.object, file);
  const used = objects.filter(({ object }) => isUsed(object));
  const workloads = readWorkloads(objects, storedIn(objects, file), file);
  const pullSecrets = objects.filter(({ object }) => isPullSecret(object));
  if (used.length + pullSecrets.length === 0 && workloads.entries.length === 0) {
    const found = kinds(objects.map(({ object }) => object));
    throw new InputError(`${file}: expected a Kubernetes Secret or ConfigMap; found ${found}`);
  }
  const readings = used.map((one) => ({ ...one, ...readObject(one, file) }));
  // Beside Spacelift's workloads, other objects are read only if their names say that they are Spacelift's.
  const isRead = ({ object }: Located) =>
    workloads.entries.length === 0 || VENDORS_NAME.test(nameOf(metadataOf(object).name) ?? '');
  const own = [...Map.groupBy(workloads.entries, ({ location }) => location?.namespace).values()];
  const all = [...readings.filter(isRead), ...own.map((entries) => ({ entries }))];
  const entries = inOneNamespace(all, file).flatMap((reading) => reading.entries);
  const namespaces = [...new Set(entries.flatMap(({ location }) => location?.namespace ?? []))];
  return {
    entries,
    logins: pullSecrets.flatMap(({ object }) => readPullSecret(object, file, namespaces)),
    rejected: [
      ...readings.flatMap(({ rejected }) => rejected),
      ...(workloads.rejected ?? []),
      ...objects.filter(({ object }) => !isUsed(object)).flatMap((one) => rejectedIn(one.object, file)),
    ],
    incomplete: workloads.incomplete,
    ...(workloads.workloads !== undefined && { workloads: workloads.workloads }),
    ...(workloads.unseen !== undefined && { unseen: workloads.unseen }),
  };
}

/** What workloads can refer to: Secrets and ConfigMaps of any type. */
const storedIn = (objects: readonly Located[], file: string): Stored[] =>
  objects.flatMap(({ object, location }) => {
    const { kind } = object;
    if (kind !== 'Secret' && kind !== 'ConfigMap') return [];
    const { name, namespace } = metadataOf(object);
    let entries: readonly Entry[] | undefined;
    return [
      {
        kind,
        name: nameOf(name) ?? '',
        namespace: nameOf(namespace),
        get entries() {
          entries ??= readObject({ object, location }, file).entries;
          return entries;
        },
      },
    ];
  });

/** As the vendor's templates name Secrets. */
const VENDORS_NAME = /-(?:shared|server|drain|scheduler|vcs-gateway)$/;

const isUsed = (object: ValueMap): boolean => kindOf(object) === 'Secret' || kindOf(object) === 'ConfigMap';

/** Flattens lists, in order; the items of a `SecretList` have no kind. */
function objectsIn(documents: readonly Document[]): Located[] {
  const pending = documents.toReversed();
  const objects: Located[] = [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, location } = next;
    if (!isMap(value)) continue;
    const { items } = value;
    const kind = nameOf(value.kind) ?? '';
    if (!kind.endsWith('List') || !isList(items)) {
      objects.push({ object: value, location });
      continue;
    }
    const itemKind = kind.slice(0, -'List'.length);
    for (const item of items.toReversed()) {
      const lacksKind = isMap(item) && itemKind !== '' && typeof item.kind !== 'string';
      pending.push({ value: lacksKind ? { ...item, kind: itemKind } : item, location });
    }
  }
  return objects;
}

type Read = { readonly entries: readonly Entry[] };
const namespaceOf = ({ entries }: Read): string | undefined => entries[0]?.location?.namespace;

/** "Secret spacelift/spacelift-shared" */
function labelOf({ entries }: Read): string {
  const { kind, namespace, name } = entries[0]?.location ?? {};
  return `${kind} ${namespace}/${name}`;
}

/** The namespace with the most variables of Spacelift. */
function mostIn(readings: readonly Read[]): string {
  const count = (group: readonly Read[]) =>
    group.flatMap(({ entries }) => entries).filter(({ name }) => isVariable(name)).length;
  const [most] = [...Map.groupBy(readings, namespaceOf)]
    .filter(([namespace]) => namespace !== undefined)
    .sort(([, a], [, b]) => count(b) - count(a));
  const namespace = most?.[0];
  return namespace !== undefined && isNamed(namespace, 'object') ? namespace : 'NAMESPACE';
}

/**
 * A pod reads only Secrets and ConfigMaps in its own namespace, so variables from several are never those of one
 * installation. Objects in other namespaces without such variables are not part of it either.
 * @throws InputError
 */
function inOneNamespace<Of extends { readonly entries: readonly Entry[] }>(
  readings: readonly Of[],
  file: string,
): Of[] {
  const namespaceOf = ({ entries }: Of) => entries[0]?.location?.namespace;
  const relevant = readings.filter(({ entries }) => entries.some(({ name }) => isKnown(name)));
  const [first, second] = [...new Set(relevant.map(namespaceOf))].filter((namespace) => namespace !== undefined);
  if (first !== undefined && second !== undefined) {
    const inFirst = relevant.filter((reading) => namespaceOf(reading) === first).map(labelOf);
    const inSecond = relevant.filter((reading) => namespaceOf(reading) === second).map(labelOf);
    throw new InputError(
      `${file}: variables for Spacelift in several namespaces (${inFirst[0]}, ${inSecond[0]}), but a pod reads only its own; pass one: kubectl get secrets,configmaps -n ${mostIn(relevant)} -o yaml`,
    );
  }
  if (first === undefined) return [...readings];
  return readings.filter((reading) => [undefined, first].includes(namespaceOf(reading)));
}

/** `Secret` or `ConfigMap` for usable objects; a description for all others. */
function kindOf(object: ValueMap): string {
  const kind = nameOf(object.kind);
  if (kind === undefined) return 'an object without a kind';
  const version = nameOf(object.apiVersion) ?? 'v1';
  if (version !== 'v1' && (kind === 'Secret' || kind === 'ConfigMap'))
    return `${kind} with apiVersion ${named(version, 'version')}`;
  const type = kind === 'Secret' ? (nameOf(object.type) ?? '') : '';
  return type === '' || type === 'Opaque' ? named(kind, 'kind') : `Secret of type ${named(type, 'secret type')}`;
}

function kinds(objects: readonly ValueMap[]): string {
  const found = [...new Set(objects.map(kindOf))];
  if (found.length === 0) return 'an empty list';
  return firstOf(found, MOST_KINDS);
}

const metadataOf = ({ metadata }: ValueMap): ValueMap => (isMap(metadata) ? metadata : {});

function stillSealed(object: ValueMap, file: string): InputError {
  const { name, namespace } = metadataOf(object);
  const word = (value: Value | undefined) => {
    const given = nameOf(value);
    return given !== undefined && named(given, 'object') === given ? given : undefined;
  };
  const where = word(namespace) === undefined ? '' : ` -n ${word(namespace)}`;
  return encrypted(
    file,
    `${nameOf(object.kind)} ${named(nameOf(name), 'object')} does not contain plaintext values`,
    `kubectl get secret ${word(name) ?? 'NAME'}${where} -o yaml`,
  );
}

function readObject({ object, location }: Located, file: string): { entries: Entry[]; rejected: RejectedValue[] } {
  const { name: given, namespace } = metadataOf(object);
  const [name, kind] = [nameOf(given) ?? '', nameOf(object.kind) ?? ''];
  const label = `${kind} ${named(name, 'object')}`;
  const place: Place = {
    service: serviceOf(name),
    origin: originIn(file, location, label),
    location: {
      ...location,
      kind,
      name: named(name, 'object'),
      ...(nameOf(namespace) !== undefined && { namespace: named(nameOf(namespace), 'object') }),
    },
  };
  const where = `${file}: ${label}`;
  const plain = (field: string) =>
    Object.entries(mapIn(object, field, where)).map(([key, value]) => entryOf(key, value, place));
  if (kind === 'ConfigMap') return { entries: plain('data'), rejected: [] };
  const written = plain('stringData');
  const overrides = new Map(written.map((entry) => [entry.name, entry]));
  const data = Object.entries(mapIn(object, 'data', where));
  const decoded = data.flatMap(([key, value]) => overrides.get(key) ?? decodedEntry(key, value, place, where));
  return {
    entries: [...new Set([...decoded, ...written])],
    // stringData overrides data, but the API rejects the object anyway.
    rejected: data.flatMap(([key, value]) => {
      const type = overrides.has(key) ? rejectedData(value) : undefined;
      return type === undefined ? [] : [{ name: key, type, origin: place.origin }];
    }),
  };
}

/** Values in other objects that the API rejects. */
function rejectedIn(object: ValueMap, file: string): RejectedValue[] {
  const label = `${named(nameOf(object.kind), 'kind')} ${named(nameOf(metadataOf(object).name), 'object')}`;
  if (/^(Secret|ConfigMap)$/.test(nameOf(object.kind) ?? '') && (nameOf(object.apiVersion) ?? 'v1') === 'v1') {
    const typesIn = (field: string, typeOfValue: (value: Value) => RejectedType | undefined) =>
      Object.entries(isMap(object[field]) ? object[field] : {}).flatMap(([name, value]) => {
        const type = typeOfValue(value);
        return type === undefined ? [] : [{ name, type, origin: `${file} (${label})` }];
      });
    return [
      ...typesIn('data', object.kind === 'Secret' ? rejectedData : rejectedType),
      ...typesIn('stringData', rejectedType),
    ];
  }
  return [];
}

function serviceOf(name: string): Service | 'all' {
  return SERVICES.find((service) => name.endsWith(`-${service}`)) ?? 'all';
}

function mapIn(object: ValueMap, field: string, where: string): ValueMap {
  const value = object[field];
  if (isMap(value)) return value;
  if (typeOf(value) === 'null') return {};
  throw new InputError(`${where}: ${field} is ${aType(value)}, expected an object`);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Like `rejectedType`, for the `data` of a Secret. The API ignores newlines in base64 and nothing else. */
function rejectedData(value: Value): RejectedType | undefined {
  if (typeof value !== 'string') return rejectedType(value);
  const base64 = value.replace(/[\r\n]/g, '');
  return base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? undefined : 'plaintext';
}

/** None for bytes that no variable can contain. */
function decodedEntry(key: string, value: Value, place: Place, where: string): Entry[] {
  const rejected = rejectedData(value);
  if (rejected !== undefined) return [{ name: key, kind: 'not-a-string', value: rejected, ...place }];
  if (typeof value !== 'string') return [entryOf(key, value, place)];
  try {
    return [entryOf(key, UTF8.decode(Buffer.from(value, 'base64')), place)];
  } catch {
    if (!isKnown(key)) return [];
    throw new InputError(`${where}: data.${named(key, 'variable')} is not text after base64 decoding`);
  }
}
