/** Dotenv files: quotes, comments, `export`, values over several lines. */
import type { Reading } from './value.ts';

export const isDotenv = (line: string): boolean => /^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=/.test(line);

export async function readDotenv(text: string, file: string): Promise<Reading> {
  const { parse } = await import('dotenv');
  // The other parser is a regular expression that overflows on a large quoted value.
  const variables = parse(text, { fast: true });
  return {
    entries: Object.entries(variables).map(([name, value]) => ({
      name,
      kind: 'known',
      value,
      service: 'all',
      origin: file,
    })),
    incomplete: false,
  };
}
