/** Dotenv files: quotes, comments, `export`, multi-line values. */
import { type Assignment, lastOf } from '../env-file/assignment.ts';
import { readEnvFile } from '../env-file/compare.ts';
import { MOST_ASSIGNMENTS, tooMany } from './bounds.ts';
import type { Reading } from './value.ts';

export const isDotenv = (line: string): boolean => /^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=/.test(line);

/** Also counts matches in multi-line values; the limit is far below the point where parsing becomes expensive. */
const ASSIGNMENT = /^[^#\n=]*=/gm;

export function readDotenv(text: string, file: string): Reading {
  refuseFlood(file, text);
  const { used, envFile } = readEnvFile(text, file);
  return {
    entries: kept(used).map(({ name, value, line }) => ({
      name,
      kind: 'known',
      value,
      service: 'all',
      origin: file,
      location: { file, line },
    })),
    incomplete: false,
    envFile,
  };
}

/** The last of each name, which counts, after those with another value, which are a mistake. */
function kept(used: readonly Assignment[]): Assignment[] {
  const last = lastOf(used);
  return used.filter((one) => {
    const counts = last.get(one.name);
    return (
      counts === one || (counts !== undefined && counts.value !== '' && one.value !== '' && one.value !== counts.value)
    );
  });
}

function refuseFlood(file: string, text: string): void {
  const assignment = new RegExp(ASSIGNMENT);
  for (let count = 0; assignment.test(text); count++) if (count > MOST_ASSIGNMENTS) throw tooMany(file);
}
