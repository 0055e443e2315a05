/** Few files for what every run loads: each file that Node loads costs as much as 10 KB of code. */
import type { OutputOptions } from 'rolldown';

type Splitting = Exclude<OutputOptions['codeSplitting'], boolean | undefined>;
type Group = NonNullable<Splitting['groups']>[number];
type Context = Parameters<Extract<Group['name'], (...args: never[]) => unknown>>[1];

/** Absolute paths of modules, by the name of a chunk. */
type Roots = Readonly<Record<string, readonly string[]>>;

/**
 * One chunk for these modules, with what they import statically and no earlier one does.
 * @param roots in the order in which they load one another
 * @param shared a chunk of only what at least two of these import, and no root does
 * @throws Error if the bundle does not have one of these modules
 */
export function inFew(roots: Roots, shared: Roots): Splitting {
  let places: ReadonlyMap<string, string> | undefined;
  return {
    includeDependenciesRecursively: false,
    groups: [
      {
        debugName: 'few',
        name: (id, context) => {
          places ??= placesOf(roots, shared, context);
          return places.get(id) ?? null;
        },
      },
    ],
  };
}

/** The name of the chunk by module. */
function placesOf(roots: Roots, shared: Roots, context: Context): Map<string, string> {
  const places = new Map<string, string>();
  for (const [name, ids] of Object.entries(roots)) {
    for (const id of reached(ids, places, context)) places.set(id, name);
  }
  for (const [name, ids] of Object.entries(shared)) {
    const importers = new Map<string, number>();
    for (const one of ids) {
      for (const id of reached([one], places, context)) importers.set(id, (importers.get(id) ?? 0) + 1);
    }
    for (const [id, count] of importers) if (count > 1) places.set(id, name);
  }
  return places;
}

/** These modules, and what they import statically, without those that have a place. */
function reached(ids: readonly string[], places: ReadonlyMap<string, string>, context: Context): Set<string> {
  const found = new Set<string>();
  const add = (id: string) => {
    if (!places.has(id)) found.add(id);
  };
  for (const id of ids) {
    if (context.getModuleInfo(id) === null) throw new Error(`${id} is not in the bundle`);
    add(id);
  }
  for (const id of found) for (const imported of context.getModuleInfo(id)?.importedIds ?? []) add(imported);
  return found;
}
