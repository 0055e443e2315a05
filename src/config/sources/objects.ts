/** The Kubernetes objects in a file: single, in multiple documents, or in a `List`. */
import { firstOf } from '../../util/format.ts';
import type { Location } from '../schema.ts';
import { named } from './quote.ts';
import { type Document, isList, isMap, nameOf, type Value, type ValueMap } from './value.ts';

const MOST_KINDS = 8;

/** A Kubernetes object, and the document that contains it. */
export interface Located {
  readonly object: ValueMap;
  readonly location: Location;
}

export const isKubernetes = (value: Value): boolean => isMap(value) && typeof value.kind === 'string';

export const metadataOf = ({ metadata }: ValueMap): ValueMap => (isMap(metadata) ? metadata : {});

export const nameIn = (object: ValueMap): string => nameOf(metadataOf(object).name) ?? '';

export const namespaceIn = (object: ValueMap): string | undefined => nameOf(metadataOf(object).namespace);

/** "Secret spacelift-shared" */
export const labelOf = (object: ValueMap): string =>
  `${named(nameOf(object.kind), 'kind')} ${named(nameIn(object), 'object')}`;

/** Where objects contain a pod: pods, and workloads with a pod template. */
export const POD_SPECS = [['spec'], ['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec']];

/** Whether it holds variables: other programs use Secrets with a type, and objects of other APIs. */
export const isStored = (object: ValueMap): boolean => kindOf(object) === 'Secret' || kindOf(object) === 'ConfigMap';

/** Flattens lists, in order; the items of a `SecretList` have no kind. */
export function objectsIn(documents: readonly Document[]): Located[] {
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

/** The kinds of objects, for people. */
export function kinds(objects: readonly ValueMap[]): string {
  const found = [...new Set(objects.map(kindOf))];
  if (found.length === 0) return 'an empty list';
  return firstOf(found, MOST_KINDS);
}
