/** Kubernetes Secrets and ConfigMaps: single, in multiple documents, or in a `List`. */

import { isKnown } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import type { Service } from '../options.ts';
import { encrypted } from './encrypted.ts';
import { named } from './quote.ts';
import { aType, entryOf, isList, isMap, nameOf, type Reading, typeOf, type Value, type ValueMap } from './value.ts';

export const isKubernetes = (value: Value): boolean => isMap(value) && typeof value.kind === 'string';

/** Objects from which a cluster operator creates a Secret: they do not contain plaintext values. */
const SEALED = ['SealedSecret', 'ExternalSecret', 'ClusterExternalSecret'];
const MOST_KINDS = 8;

/** @throws InputError when there is no usable object, or one can't be read */
export function readKubernetes(documents: readonly Value[], file: string): Reading {
  const objects = objectsIn(documents);
  const sealed = objects.find(({ kind }) => SEALED.includes(nameOf(kind) ?? ''));
  if (sealed) throw stillSealed(sealed, file);
  const used = objects.filter((object) => kindOf(object) === 'Secret' || kindOf(object) === 'ConfigMap');
  if (used.length === 0) {
    throw new InputError(`${file}: expected a Kubernetes Secret or ConfigMap; found ${kinds(objects)}`);
  }
  return { entries: used.flatMap((object) => entriesOf(object, file)), incomplete: false };
}

/** Flattens lists, in order; the items of a `SecretList` have no kind. */
function objectsIn(documents: readonly Value[]): ValueMap[] {
  const pending = documents.toReversed();
  const objects: ValueMap[] = [];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (!isMap(value)) continue;
    const { items } = value;
    const kind = nameOf(value.kind) ?? '';
    if (!kind.endsWith('List') || !isList(items)) {
      objects.push(value);
      continue;
    }
    const itemKind = kind.slice(0, -'List'.length);
    for (const item of items.toReversed()) {
      pending.push(
        isMap(item) && itemKind !== '' && typeof item.kind !== 'string' ? { ...item, kind: itemKind } : item,
      );
    }
  }
  return objects;
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
  return found.slice(0, MOST_KINDS).join(', ') + (found.length > MOST_KINDS ? ', …' : '');
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

function entriesOf(object: ValueMap, file: string): Entry[] {
  const name = nameOf(metadataOf(object).name) ?? '';
  const label = `${nameOf(object.kind)} ${named(name, 'object')}`;
  const place = { service: serviceOf(name), origin: `${file} (${label})` };
  const where = `${file}: ${label}`;
  const plain = (field: string) =>
    Object.entries(mapIn(object, field, where)).map(([key, value]) => entryOf(key, value, place));
  if (object.kind === 'ConfigMap') return plain('data');
  const decoded = Object.entries(mapIn(object, 'data', where)).flatMap(([key, value]) => {
    const text = typeof value === 'string' ? decode(key, value, where) : value;
    return text === undefined ? [] : [entryOf(key, text, place)];
  });
  return [...new Map([...decoded, ...plain('stringData')].map((entry) => [entry.name, entry])).values()];
}

function serviceOf(name: string): Service | 'all' {
  const ending = /-(server|drain|scheduler)$/.exec(name)?.[1];
  return ending === 'server' || ending === 'drain' || ending === 'scheduler' ? ending : 'all';
}

function mapIn(object: ValueMap, field: string, where: string): ValueMap {
  const value = object[field];
  if (isMap(value)) return value;
  if (typeOf(value) === 'null') return {};
  throw new InputError(`${where}: ${field} is ${aType(value)}, expected an object`);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes like the API: ignores newlines and nothing else. `undefined` for bytes that no variable can contain. */
function decode(key: string, value: string, where: string): string | undefined {
  const base64 = value.replace(/[\r\n]/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw new InputError(
      `${where}: data.${named(key, 'variable')} is not valid base64 (plaintext belongs under stringData)`,
    );
  }
  try {
    return UTF8.decode(Buffer.from(base64, 'base64'));
  } catch {
    if (!isKnown(key)) return undefined;
    throw new InputError(`${where}: data.${named(key, 'variable')} is not text after base64 decoding`);
  }
}
