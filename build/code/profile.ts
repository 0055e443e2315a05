/** Which functions a healthy run calls: `called.txt`, which `npm run profile` writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROFILE = join(import.meta.dirname, 'called.txt');

/** The paths of functions, by the name of their chunk. */
export type Profile = ReadonlyMap<string, ReadonlySet<string>>;

/** The name of a chunk in every build: `common`. */
export const chunkName = (file: string): string => file.replace(/(-[\w-]{8})?\.cjs$/, '');

export function readProfile(): Profile {
  const profile = new Map<string, Set<string>>();
  for (const line of readFileSync(PROFILE, 'utf8').split('\n').filter(Boolean)) {
    const [chunk = '', path = ''] = line.split(' ');
    profile.set(chunk, (profile.get(chunk) ?? new Set()).add(path));
  }
  return profile;
}

export const profileText = (profile: Profile): string =>
  [...profile]
    .flatMap(([chunk, paths]) => [...paths].map((path) => `${chunk} ${path}\n`))
    .sort()
    .join('');
