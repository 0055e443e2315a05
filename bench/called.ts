/** Which functions of the bundle a run calls. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { functionsIn } from '../build/code/functions.ts';
import { chunkName, type Profile } from '../build/code/profile.ts';
import { runHooked } from './hooked.ts';
import { BUILT } from './programs.ts';

const HOOK = `
  const { Session } = process.getBuiltinModule('inspector');
  const { writeFileSync } = process.getBuiltinModule('fs');
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  process.on('exit', () => session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    const scripts = result.filter(({ url }) => url.includes('/chunks/'));
    writeFileSync(process.env.SEEN_FILE, JSON.stringify(scripts));
  }));`;

interface Covered {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

/** @throws Error with the end of its output, if the run does not end with 0 */
export async function calledBy(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Profile> {
  const { seen } = await runHooked<readonly Covered[]>(HOOK, [BUILT, ...args], env);
  return merged(await Promise.all(seen.map(calledIn)));
}

async function calledIn({ url, functions }: Covered): Promise<Profile> {
  const name = basename(url);
  const text = await readFile(join(dirname(BUILT), '..', 'chunks', name), 'utf8');
  const known = [...functionsIn(text)];
  const paths = functions.flatMap(({ ranges: [whole] }) => {
    if (whole === undefined || whole.count === 0) return [];
    // An arrow function that returns another one ends with it.
    const [first] = known
      .filter(([, { end, inside }]) => end === whole.endOffset && inside >= whole.startOffset)
      .toSorted(([, one], [, other]) => one.inside - other.inside);
    return first === undefined ? [] : [first[0]];
  });
  return new Map([[chunkName(name), new Set(paths)]]);
}

export function merged(profiles: readonly Profile[]): Profile {
  const all = new Map<string, ReadonlySet<string>>();
  for (const [chunk, paths] of profiles.flatMap((profile) => [...profile])) {
    all.set(chunk, new Set([...(all.get(chunk) ?? []), ...paths]));
  }
  return all;
}
