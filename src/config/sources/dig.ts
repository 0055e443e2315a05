/** Looks for variables in values of a Helm chart, which can be anywhere in them. */
import { isVariable } from '../contract.ts';
import { SERVICES } from '../options.ts';
import type { Location } from '../schema.ts';
import { copied } from './lines.ts';
import { mapOfPairs } from './pairs.ts';
import { type Document, isList, isMap, typeOf, type Value, type ValueMap } from './value.ts';

const DEEPEST = 16;

/**
 * Maps of variables, lists of them, and whole Kubernetes objects, in the order of the text.
 * @param keys around the value
 */
export const dig = (value: Value, location: Location, keys: readonly string[] = []): Document[] =>
  digAt(value, location, keys.map(spelled));

/** @param path each key `spelled`, once: there can be thousands of values below a long one */
function digAt(value: Value, location: Location, path: readonly string[]): Document[] {
  if (path.length > DEEPEST) return [];
  const pairs = mapOfPairs(value);
  if (pairs !== undefined) return documentOf(pairs, location, path);
  if (isList(value)) return value.flatMap((item) => digAt(item, location, [...path, '']));
  if (!isMap(value)) return [];
  if (typeof value.kind === 'string' && typeof value.apiVersion === 'string') return [{ value, location }];
  return [
    ...documentOf(value, location, path),
    ...Object.entries(value).flatMap(([key, inner]) => digAt(inner, location, [...path, spelled(key)])),
  ];
}

function documentOf(map: ValueMap, location: Location, path: readonly string[]): Document[] {
  if (!Object.keys(map).some(isVariable)) return [];
  const service = SERVICES.find((name) => path.includes(spelled(name)));
  return [
    {
      value: copied(map, (value) => (['array', 'object'].includes(typeOf(value)) ? undefined : value)),
      location,
      ...(service !== undefined && { service }),
    },
  ];
}

/** However the words of a key are separated: `vcsGateway`, `vcs-gateway`, `vcs_gateway`. */
const spelled = (key: string): string => key.toLowerCase().replaceAll(/[-_]/g, '');
