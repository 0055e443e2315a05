/** Dotenv files: quotes, comments, `export`, multi-line values. */
import { MOST_VARIABLES, tooMany } from './bounds.ts';
import type { Reading } from './value.ts';

export const isDotenv = (line: string): boolean => /^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=/.test(line);

/** Also counts matches in multi-line values; the limit is far below the point where parsing becomes expensive. */
const ASSIGNMENT = /^[^#\n=]*=/gm;

export async function readDotenv(text: string, file: string): Promise<Reading> {
  refuseFlood(file, text);
  const { parse } = await import('dotenv');
  // The default parser is a regular expression that overflows on a large quoted value.
  const variables = parse(text, { fast: true });
  return {
    entries: Object.entries(variables).map(([name, value]) => ({
      name,
      kind: 'known',
      value,
      service: 'all',
      origin: file,
      location: { file },
    })),
    incomplete: false,
  };
}

function refuseFlood(file: string, text: string): void {
  const assignment = new RegExp(ASSIGNMENT);
  for (let count = 0; assignment.test(text); count++) if (count > 5 * MOST_VARIABLES) throw tooMany(file);
}
