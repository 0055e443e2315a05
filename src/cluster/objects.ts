/** Kubernetes objects as kubectl prints them, or as manifests hold them. */

import { InputError } from '../config/input-error.ts';
import { isList as isValueList, isMap as isValueMap, Unquoted, type Value } from '../config/sources/value.ts';
import { isJsonMap, type Json, type JsonMap, listIn, mapIn, textIn } from '../util/json.ts';

export { listIn, mapIn, picked, textIn, textsIn, without } from '../util/json.ts';

export const nameOf = (object: JsonMap): string => textIn(mapIn(object, 'metadata'), 'name') ?? '';
export const namespaceOf = (object: JsonMap): string | undefined => textIn(mapIn(object, 'metadata'), 'namespace');

/** The objects of lists in place of the lists, in order; what is no object is left out. */
export function flattened(values: readonly Json[]): JsonMap[] {
  const pending = values.toReversed();
  const objects: JsonMap[] = [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!isJsonMap(next)) continue;
    const kind = textIn(next, 'kind') ?? '';
    if (!kind.endsWith('List')) objects.push(next);
    else
      for (const item of listIn(next, 'items').toReversed()) {
        const itemKind = kind.slice(0, -'List'.length);
        pending.push(textIn(item, 'kind') === undefined && itemKind !== '' ? { ...item, kind: itemKind } : item);
      }
  }
  return objects;
}

/** As for YAML, and deeper than any manifest. */
const DEEPEST = 100;

/**
 * A parsed manifest as JSON: unquoted scalars as YAML 1.1 reads them, which kubectl follows.
 * @param file in messages
 * @throws InputError if it is nested too deeply: whatever walks through the values needs a stack
 */
export function jsonOf(file: string, value: Value, depth = 0): Json {
  if (depth > DEEPEST) throw new InputError(`${file}: nested more than ${DEEPEST} levels deep`);
  if (isValueList(value)) return value.map((inner) => jsonOf(file, inner, depth + 1));
  if (isValueMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOf(file, inner, depth + 1)]));
  if (!(value instanceof Unquoted)) return typeof value === 'object' ? null : value;
  const { type, text } = value;
  if (type === 'null') return null;
  if (type === 'boolean') return /^(?:y|yes|true|on)$/i.test(text);
  if (type === 'number') return numberOf(text);
  return text;
}

function numberOf(text: string): number | string {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? [];
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const number = Number(octal);
  if (!Number.isFinite(number)) return text;
  return sign === '-' ? -number : number;
}
