/** A parsed JSON or YAML document, and helpers to read it. */
import type { Entry, Location, RejectedType, RejectedValue } from '../entry.ts';
import type { EnvFile } from '../env-file/difference.ts';
import type { RegistryLogin } from '../registry-logins.ts';

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

/** A document of a file. */
export interface Document {
  readonly value: Value;
  readonly location: Location;
}

/** The location of an entry. */
export type Place = Pick<Entry, 'service' | 'origin' | 'location'>;

/** The entries that a format reads from its documents. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly incomplete: boolean;
  readonly incompleteGateway?: true;
  readonly rejected?: readonly RejectedValue[];
  /** Logins for container registries. */
  readonly logins?: readonly RegistryLogin[];
  /** How programs read the file, if it is an env file. */
  readonly envFile?: EnvFile;
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

/** Why an API with string values rejects a value; it accepts null as an empty string. */
export function rejectedType(value: Value | undefined): RejectedType | undefined {
  const type = typeOf(value);
  return type === 'string' || type === 'null' ? undefined : type;
}

/** The rejected values in a list of `{name, …}` pairs; pairs of another form are ignored. */
export function rejectedPairs(
  pairs: Value | undefined,
  heldBy: (pair: ValueMap) => Value | undefined,
  origin: string,
): RejectedValue[] {
  return (isList(pairs) ? pairs.filter(isMap) : []).flatMap((pair) => {
    const type = rejectedType(heldBy(pair));
    return type === undefined ? [] : [{ name: nameOf(pair.name) ?? nameOf(pair.Name) ?? '', type, origin }];
  });
}

/** Converts a value like an API with string values. */
export function entryOf(name: string, value: Value | undefined, place: Place): Entry {
  const rejected = rejectedType(value);
  return rejected === undefined
    ? { name, kind: 'known', value: typeof value === 'string' ? value : '', ...place }
    : { name, kind: 'not-a-string', value: rejected, ...place };
}
