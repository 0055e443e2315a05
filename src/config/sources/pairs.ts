/** Lists of variables: `[{"name": "A", "value": "b"}]` and `["A=b"]`. */
import { mapOf } from './lines.ts';
import { isList, isMap, nameOf, type Value, type ValueMap } from './value.ts';

/** How tools call the name and the value: ECS and Kubernetes, CloudFormation, Infisical, 1Password. */
const NAMES = ['name', 'Name', 'key', 'label'] as const;
const VALUES = ['value', 'Value'] as const;

/** The names and values as a map, the last of several with the same name counts; `undefined` for anything else. */
export function mapOfPairs(list: Value | undefined): ValueMap | undefined {
  if (!isList(list) || list.length === 0) return undefined;
  const pairs = list.map(pairIn);
  return pairs.every((pair) => pair !== undefined) ? mapOf(list, pairs) : undefined;
}

function pairIn(item: Value): readonly [string, Value] | undefined {
  if (typeof item === 'string') {
    const [, name, value = ''] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(item) ?? [];
    return name === undefined ? undefined : [name, value];
  }
  if (!isMap(item)) return undefined;
  const name = NAMES.map((key) => nameOf(item[key])).find((found) => found !== undefined);
  const value = VALUES.find((key) => Object.hasOwn(item, key));
  return name === undefined || value === undefined ? undefined : [name, item[value] ?? null];
}
