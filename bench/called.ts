/** Which functions of the bundle a run calls. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { functionsIn } from '../build/code/functions.ts';
import { wrapped } from '../build/code/loader.ts';
import { chunkName, type Profile } from '../build/code/profile.ts';
import { ALONE, BUILT, expectCode, run } from './programs.ts';

const HOOK = `
  const { Session } = process.getBuiltinModule('inspector');
  const { writeFileSync } = process.getBuiltinModule('fs');
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  process.on('exit', () => session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    const scripts = result.filter(({ url }) => url.includes('/chunks/'));
    writeFileSync(process.env.CALLED_FILE, JSON.stringify(scripts));
  }));`;
const MODULE = `data:text/javascript,${encodeURIComponent(HOOK)}`;
const BEFORE = wrapped('').indexOf('{') + 1;

interface Covered {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

/** @throws Error with the output, if the run does not end with 0 */
export async function calledBy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Profile> {
  const directory = await mkdtemp(join(tmpdir(), 'called-'));
  const file = join(directory, 'called.json');
  try {
    const ran = await run(process.execPath, ['--import', MODULE, BUILT, ...args], {
      env: { ...ALONE, ...env, CALLED_FILE: file },
    });
    expectCode(ran, 0, 'tool');
    const scripts: Covered[] = JSON.parse(await readFile(file, 'utf8'));
    return merged(await Promise.all(scripts.map(calledIn)));
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function calledIn({ url, functions }: Covered): Promise<Profile> {
  const name = basename(url);
  const text = await readFile(join(dirname(BUILT), '..', 'chunks', name), 'utf8');
  const known = [...functionsIn(text)];
  const paths = functions.flatMap(({ ranges: [whole] }) => {
    if (whole === undefined || whole.count === 0) return [];
    // An arrow function that returns another one ends with it.
    const [first] = known
      .filter(([, { end, inside }]) => end + BEFORE === whole.endOffset && inside + BEFORE >= whole.startOffset)
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
