/** Runs the command line with what it does to the world recorded. */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, moduleOf, run } from '../cli/spawned.ts';
import type { Environment } from '../support/estate.ts';
import type { Effect } from './effects.ts';

export type Effects = Readonly<Record<Effect['kind'], readonly string[]>>;

export interface Watched extends Finished {
  /** Each once, in order of the alphabet. */
  readonly effects: Effects;
  /** What is in its home, when that is a new one, and in its folder for temporary files. */
  readonly left: readonly string[];
}

export interface How {
  readonly env?: Environment;
  /** Instead of an empty one. */
  readonly home?: string;
  readonly executable?: string;
  readonly stdin?: string;
}

/** @param folder where it may put its home and its log */
export async function watchedIn(
  folder: string,
  args: readonly string[],
  { env = {}, home: given, executable, stdin }: How = {},
): Promise<Watched> {
  const place = await mkdtemp(join(folder, 'run-'));
  const [home, temporary] = [join(place, 'home'), join(place, 'temporary')];
  await Promise.all([home, temporary].map((path) => mkdir(path)));
  const log = join(place, 'effects');
  await writeFile(log, '');
  const recorder = new URL('effects.ts', import.meta.url).href;
  const finished = await run(args, {
    env: { HOME: given ?? home, TMPDIR: temporary, ...defined(env) },
    imports: [moduleOf(`import { record } from '${recorder}';\nrecord(${JSON.stringify(log)});`)],
    ...(executable !== undefined && { executable }),
    ...(stdin !== undefined && { stdin }),
  });
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  const seen = lines.map((line) => JSON.parse(line) as Effect);
  const of = (kind: Effect['kind']) =>
    [...new Set(seen.flatMap((one) => (one.kind === kind ? [one.what] : [])))].sort();
  const effects: Effects = {
    lookup: of('lookup'),
    connect: of('connect'),
    datagram: of('datagram'),
    program: of('program'),
    read: of('read'),
    write: of('write'),
  };
  return { ...finished, effects, left: [...(await readdir(home)), ...(await readdir(temporary))] };
}

const defined = (env: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
