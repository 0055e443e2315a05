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

/** A copy of a map, of its lines, and of the values that later ones replace; without those for which `make` returns nothing. */
export function copied(map: ValueMap, make: (value: Value) => Value | undefined): ValueMap {
  const values = Object.entries(map).flatMap(([key, value]): [string, Value][] => {
    const made = make(value);
    return made === undefined ? [] : [[key, made]];
  });
  const replaced = (REPLACED.get(map) ?? []).flatMap((one): Replaced[] => {
    const value = make(one.value);
    return value === undefined ? [] : [{ ...one, value }];
  });
  return withReplaced(withLines(Object.fromEntries(values), LINES.get(map)), replaced);
}

/** A map of the pairs in a list; the last of several with the same name counts. */
export function mapOf(list: readonly Value[], pairs: readonly (readonly [name: string, value: Value])[]): ValueMap {
  const lines = new Map<string, number>();
  const values = new Map<string, Value>();
  const replaced: Replaced[] = [];
  for (const [index, [name, value]] of pairs.entries()) {
    const before = values.get(name);
    if (before !== undefined) replaced.push({ key: name, value: before, line: lines.get(name) });
    values.set(name, value);
    const item = list[index];
    const own = typeof item === 'object' && item !== null ? LINES.get(item as ValueMap) : undefined;
    const [line] = own?.values() ?? [];
    if (line !== undefined) lines.set(name, line);
  }
  return withReplaced(withLines(Object.fromEntries(values), lines), replaced);
}

/** The place of one variable of a map. */
export const placeIn = (map: ValueMap, key: string, place: Place): Place => placeAt(LINES.get(map)?.get(key), place);

const placeAt = (line: number | undefined, place: Place): Place =>
  line === undefined || place.location === undefined ? place : { ...place, location: { ...place.location, line } };
