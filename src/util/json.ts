/** Reads JSON from servers and programs. */

/** A parsed JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMap;
export interface JsonMap {
  readonly [key: string]: Json;
}

export const isJsonMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of a JSON text; none if it is no object, `undefined` if it is not JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return undefined;
  }
}

/** The map in a member; an empty one if it is none. */
export const mapIn = (object: JsonMap, key: string): JsonMap => {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonMap(value) ? value : {};
};

/** The maps in a list; none if it is no list. */
export function listIn(object: JsonMap, key: string): readonly JsonMap[] {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return Array.isArray(value) ? value.filter(isJsonMap) : [];
}

export const textIn = (object: JsonMap, key: string): string | undefined => {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** The strings in a list; none if it is no list. */
export function textsIn(object: JsonMap, key: string): readonly string[] {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Of the members with these names, those that are set. */
export const picked = (object: JsonMap, names: readonly string[]): JsonMap =>
  Object.fromEntries(Object.entries(object).filter(([name, value]) => names.includes(name) && value !== null));

/** All but the members with these names. */
export const without = (object: JsonMap, names: readonly string[]): JsonMap =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
