/** A parsed JSON or YAML document, and helpers to read it. */
import type { Entry, RejectedType, RejectedValue, UnresolvedReference } from '../entry.ts';
import type { EnvFile } from '../env-file/difference.ts';
import type { Service } from '../options.ts';
import type { RegistryLogin } from '../registry-logins.ts';
import type { Location } from '../schema.ts';
import type { Terraform } from '../terraform/model.ts';
import type { Unseen } from '../unseen.ts';

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

/** In place of a string that is set, but not known here. */
export class Veiled {
  readonly unseen: Unseen;
  constructor(unseen: Unseen) {
    this.unseen = unseen;
  }
}

export type Value = string | number | boolean | null | Unquoted | Veiled | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

/** A document of a file, or of a text inside of it. */
export interface Document {
  readonly value: Value;
  readonly location: Location;
  /** For a flat map: the service that its variables are for; all by default. */
  readonly service?: Service;
  /** Whether all of its values must never be shown, whatever their names. */
  readonly secret?: true;
}

/** The location of an entry. */
export type Place = Pick<Entry, 'service' | 'origin' | 'location' | 'secret'>;

/** For people: the file, and what in it a value is from ("x.json (module.ecs.aws_ecs_task_definition.server, container server)"). */
export function originIn(file: string, { address }: Location, ...within: readonly string[]): string {
  const parts = [...(address === undefined ? [] : [address]), ...within];
  return parts.length === 0 ? file : `${file} (${parts.join(', ')})`;
}

/** The entries that a format reads from its documents. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly incomplete: boolean;
  /** If incomplete: why; ECS `environmentFiles` by default. */
  readonly unseen?: Unseen;
  readonly incompleteGateway?: true;
  /** If incomplete: everything that it lacks, if other files can have it: `Secret NAME`, or the name of a file. */
  readonly missing?: readonly string[];
  readonly taskDefinition?: true;
  /** The services whose containers are in it, where its values do not say so; `all` for a container that may be any's. */
  readonly workloads?: readonly (Service | 'all')[];
  readonly rejected?: readonly RejectedValue[];
  /** What the containers in it refer to, and do not find. */
  readonly unresolved?: readonly UnresolvedReference[];
  /** The variables of objects that no container in it reads. */
  readonly ignored?: readonly Entry[];
  /** What a person must know of the file as a whole. */
  readonly notes?: readonly string[];
  /** Why it is no config by itself; beside another file it counts. */
  readonly alone?: string;
  /** Logins for container registries. */
  readonly logins?: readonly RegistryLogin[];
  /** How programs read the file, if it is an env file. */
  readonly envFile?: EnvFile;
  readonly terraform?: Terraform;
}

/** The entries of all, in order. */
export function joined(readings: readonly Reading[]): Reading {
  const open = readings.find(({ incomplete }) => incomplete) ?? readings.find((reading) => reading.incompleteGateway);
  const unseen = open?.unseen;
  const lacking = readings.filter(({ incomplete }) => incomplete);
  const missing = lacking.every((reading) => reading.missing !== undefined)
    ? lacking.flatMap((reading) => reading.missing ?? [])
    : [];
  const workloads = readings.flatMap((reading) => reading.workloads ?? []);
  const alone = readings.every((reading) => reading.alone !== undefined) ? readings[0]?.alone : undefined;
  return {
    entries: readings.flatMap(({ entries }) => entries),
    incomplete: readings.some(({ incomplete }) => incomplete),
    ...(unseen !== undefined && { unseen }),
    ...(missing.length > 0 && { missing }),
    ...(readings.some(({ incompleteGateway }) => incompleteGateway) && { incompleteGateway: true as const }),
    ...(readings.some(({ taskDefinition }) => taskDefinition) && { taskDefinition: true as const }),
    ...(workloads.length > 0 && { workloads }),
    rejected: readings.flatMap(({ rejected = [] }) => rejected),
    unresolved: readings.flatMap(({ unresolved = [] }) => unresolved),
    ignored: readings.flatMap(({ ignored = [] }) => ignored),
    ...(alone !== undefined && { alone }),
    logins: readings.flatMap(({ logins = [] }) => logins),
  };
}

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value | undefined): value is ValueMap =>
  typeof value === 'object' &&
  value !== null &&
  !isList(value) &&
  !(value instanceof Unquoted) &&
  !(value instanceof Veiled);

/** The JSON type; an absent value is `null`. */
export function typeOf(value: Value | undefined): JsonType {
  if (value instanceof Unquoted) return value.type;
  if (value === null || value === undefined) return 'null';
  if (isList(value)) return 'array';
  if (value instanceof Veiled) return 'string';
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

/** The value at the end of a path of keys. */
export const within = (value: Value | undefined, ...path: readonly string[]): Value | undefined =>
  path.reduce<Value | undefined>((inner, key) => (isMap(inner) ? inner[key] : undefined), value);

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
  if (value instanceof Veiled) return { name, kind: 'secret', value: '', unseen: value.unseen, ...place };
  const rejected = rejectedType(value);
  return rejected === undefined
    ? { name, kind: 'known', value: typeof value === 'string' ? value : '', ...place }
    : { name, kind: 'not-a-string', value: rejected, ...place };
}
