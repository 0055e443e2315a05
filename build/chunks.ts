/** Few files for what every run loads: each file that Node loads costs as much as 10 KB of code. */
import type { OutputOptions } from 'rolldown';

type Splitting = Exclude<OutputOptions['codeSplitting'], boolean | undefined>;
type Group = NonNullable<Splitting['groups']>[number];
type Context = Parameters<Extract<Group['name'], (...args: never[]) => unknown>>[1];

/**
 * One chunk for each of these modules, with what it imports statically and no earlier one does.
 * @param roots absolute paths by the chunk's name, each loading the next on demand
 */
export function inFew(roots: Readonly<Record<string, string>>): Splitting {
  let places: ReadonlyMap<string, string> | undefined;
  return {
    includeDependenciesRecursively: false,
    groups: [
      {
        debugName: 'few',
        name: (id, context) => {
          places ??= placesOf(roots, context);
          return places.get(id) ?? null;
        },
      },
    ],
  };
}

/** The name of the chunk by module. */
function placesOf(roots: Readonly<Record<string, string>>, context: Context): Map<string, string> {
  const places = new Map<string, string>();
  for (const [name, root] of Object.entries(roots)) {
    const waiting = [root];
    for (const id of waiting) {
      if (places.has(id)) continue;
      places.set(id, name);
      waiting.push(...(context.getModuleInfo(id)?.importedIds ?? []));
    }
  }
  return places;
}
