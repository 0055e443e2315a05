/** What the API of Kubernetes rejects of a container's variables: fields of another type, or with other letters. */
import { InputError } from '../entry.ts';
import { shown } from './quote.ts';
import { aType, isList, isMap, nameOf, typeOf, type Value, type ValueMap } from './value.ts';

const SOURCES = ['secretRef', 'configMapRef'];
const KEYS = ['secretKeyRef', 'configMapKeyRef', 'fieldRef', 'resourceFieldRef'];

/**
 * @param where the file and the container
 * @throws InputError
 */
export function refuseFields(container: ValueMap, where: string): void {
  refuseSpelled(container, ['env', 'envFrom'], where);
  for (const source of itemsIn(container, 'envFrom', where))
    if (isMap(source)) refuseSpelled(source, SOURCES, `${where}: envFrom`);
  for (const [index, variable] of itemsIn(container, 'env', where).entries()) {
    if (!isMap(variable) || nameOf(variable.name) === undefined)
      throw new InputError(`${where}: env[${index}] has no name`);
    refuseSpelled(variable, ['valueFrom'], `${where}: env[${index}]`);
    if (isMap(variable.valueFrom)) refuseSpelled(variable.valueFrom, KEYS, `${where}: env[${index}].valueFrom`);
  }
}

function itemsIn(container: ValueMap, field: string, where: string): readonly Value[] {
  const list = container[field];
  if (typeOf(list) === 'null') return [];
  if (!isList(list)) throw new InputError(`${where}: ${field} is ${aType(list)}, expected an array`);
  return list;
}

/** Case counts in the names of fields, and there are no underscores. */
function refuseSpelled(map: ValueMap, fields: readonly string[], where: string): void {
  for (const key of Object.keys(map)) {
    const meant = fields.find(
      (field) => field !== key && field.toLowerCase() === key.toLowerCase().replaceAll(/[-_]/g, ''),
    );
    if (meant !== undefined && !Object.hasOwn(map, meant))
      throw new InputError(`${where}: unknown field ${shown(key)}, did you mean ${meant}?`);
  }
}
