/**
 * The lines of variables in a parsed text, for formats that point to them. They are kept beside the values: most values
 * come from texts whose lines are not known.
 */
import type { Place, Value, ValueMap } from './value.ts';

/** Of each key, from 1. */
export type Lines = ReadonlyMap<string, number>;

const LINES = new WeakMap<ValueMap, Lines>();

/** Keys that can be a variable, or that hold the name of one in a list of pairs. */
export const hasLine = (key: string): boolean => /^(?:[A-Z_][A-Z0-9_]*|[nN]ame|key|label)$/.test(key);

/** @returns the map */
export function withLines<Map extends ValueMap>(map: Map, lines: Lines | undefined): Map {
  if (lines !== undefined && lines.size > 0) LINES.set(map, lines);
  return map;
}

/** A value that a later one of the same key in the same map replaces. */
export interface Replaced {
  readonly key: string;
  readonly value: Value;
  readonly line: number | undefined;
}

const REPLACED = new WeakMap<ValueMap, readonly Replaced[]>();

/** @returns the map */
export function withReplaced<Map extends ValueMap>(map: Map, replaced: readonly Replaced[]): Map {
  if (replaced.length > 0) REPLACED.set(map, replaced);
  return map;
}

/** A variable of a map. */
export interface Placed {
  readonly key: string;
  readonly value: Value;
  readonly place: Place;
}

/** The values that later ones in the same map replace, in their order. */
export const replacedIn = (map: ValueMap, place: Place): Placed[] =>
  (REPLACED.get(map) ?? []).map(({ key, value, line }) => ({ key, value, place: placeAt(line, place) }));

/** All values of a map: those that later ones replace first. */
export const variablesIn = (map: ValueMap, place: Place): Placed[] => [
  ...replacedIn(map, place),
  ...Object.entries(map).map(([key, value]) => ({ key, value, place: placeIn(map, key, place) })),
];

/** `undefined` if they are not known. */
export const linesOf = (map: ValueMap): Lines | undefined => LINES.get(map);

/** The lines of a list of pairs, by the names of the variables. */
export function linesOfPairs(list: readonly Value[], pairs: readonly (readonly [name: string, value: Value])[]): Lines {
  const lines = new Map<string, number>();
  for (const [index, [name]] of pairs.entries()) {
    const item = list[index];
    const own = typeof item === 'object' && item !== null ? LINES.get(item as ValueMap) : undefined;
    const [line] = own?.values() ?? [];
    if (line !== undefined) lines.set(name, line);
  }
  return lines;
}

/** The place of one variable of a map. */
export const placeIn = (map: ValueMap, key: string, place: Place): Place => placeAt(LINES.get(map)?.get(key), place);

const placeAt = (line: number | undefined, place: Place): Place =>
  line === undefined || place.location === undefined ? place : { ...place, location: { ...place.location, line } };
