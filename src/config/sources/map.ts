/** A flat JSON or YAML object of variables and values, which may be unquoted in this format. */
import { type Entry, InputError } from '../entry.ts';
import { variablesIn } from './lines.ts';
import { named } from './quote.ts';
import {
  aType,
  type Document,
  entryOf,
  isMap,
  originIn,
  type Place,
  type Reading,
  typeOf,
  Unquoted,
  type Value,
  Veiled,
} from './value.ts';

/** @throws InputError for a value that is not a scalar */
export function readMap(documents: readonly Document[], file: string, expected: string): Reading {
  const variables = documents.flatMap(({ value, location, service, secret }) => {
    const place: Place = {
      service: service ?? 'all',
      origin: originIn(file, location),
      location,
      ...(secret && { secret }),
    };
    return isMap(value) ? variablesIn(value, place) : [];
  });
  return {
    entries: variables.map(({ key: name, value, place }): Entry => {
      if (value instanceof Veiled) return entryOf(name, value, place);
      const text = textOf(value);
      if (text === undefined)
        throw new InputError(`${file}: expected ${expected}; found a map in which ${nested(name, value)}`);
      return { name, kind: 'known', value: text, ...place };
    }),
    incomplete: false,
  };
}

/** The original text, so that an account ID keeps its leading zero; null becomes empty. */
function textOf(value: Value): string | undefined {
  const type = typeOf(value);
  if (type === 'null') return '';
  if (type === 'object' || type === 'array') return undefined;
  return value instanceof Unquoted ? value.text : String(value);
}

function nested(name: string, value: Value): string {
  const isTofuOutput = isMap(value) && 'sensitive' in value && 'value' in value;
  const hint = isTofuOutput ? ` (a Terraform output: tofu output -raw ${named(name, 'key')} prints its value)` : '';
  return `${named(name, 'key')} is ${aType(value)}${hint}`;
}
