/** A parsed JSON or YAML document, and helpers to read it. */
import type { Entry } from '../entry.ts';

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** A YAML scalar that is not a string: the type that the API would see, and the original text. */
export class Unquoted {
  readonly type: JsonType;
  readonly text: string;
  constructor(type: JsonType, text: string) {
    this.type = type;
    this.text = text;
  }
}

export type Value = string | number | boolean | null | Unquoted | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

/** The location of an entry. */
export type Place = Pick<Entry, 'service' | 'origin'>;

/** The entries that a format reads from its documents. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly incomplete: boolean;
}

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value | undefined): value is ValueMap =>
  typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Unquoted);

/** The JSON type; an absent value is `null`. */
export function typeOf(value: Value | undefined): JsonType {
  if (value instanceof Unquoted) return value.type;
  if (value === null || value === undefined) return 'null';
  if (isList(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}

/** The type in a sentence: "an object". */
export const aType = (value: Value | undefined): string => {
  const type = typeOf(value);
  if (type === 'null') return 'null';
  return `${type === 'array' || type === 'object' ? 'an' : 'a'} ${type}`;
};

export const nameOf = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** Converts a value like an API with string values: null becomes empty, any other non-string is rejected. */
export function entryOf(name: string, value: Value | undefined, place: Place): Entry {
  if (typeof value === 'string') return { name, kind: 'known', value, ...place };
  const type = typeOf(value);
  return type === 'null'
    ? { name, kind: 'known', value: '', ...place }
    : { name, kind: 'not-a-string', value: type, ...place };
}
