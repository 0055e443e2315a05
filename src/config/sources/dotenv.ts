/** Dotenv files: quotes, comments, `export`, multi-line values, names without a value. */
import { type Assignment, lastOf } from '../env-file/assignment.ts';
import { readEnvFile } from '../env-file/compare.ts';
import { MOST_ASSIGNMENTS, tooMany } from './bounds.ts';
import { entryOf, type Place, type Reading, Veiled } from './value.ts';

const LINE = /^[ \t]*([^\s#;].*)$/gm;
const NO_VALUE = /^(?:(?:export[ \t]+)?[A-Za-z_]\w*|set [-+]\w+)\s*$/;

/** By the first line that is more than a comment or a name. */
export function isDotenv(text: string): boolean {
  for (const [, line = ''] of text.matchAll(LINE))
    if (!NO_VALUE.test(line)) return /^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=/.test(line);
  return false;
}

/** Also counts matches in multi-line values; the limit is far below the point where parsing becomes expensive. */
const ASSIGNMENT = /^[^#\n=]*=/gm;

export function readDotenv(text: string, file: string): Reading {
  refuseFlood(file, text);
  const { used, bare, envFile } = readEnvFile(text, file);
  const placeAt = (line: number): Place => ({ service: 'all', origin: file, location: { file, line } });
  return {
    entries: [
      ...kept(used).map(({ name, value, line }) => entryOf(name, value, placeAt(line))),
      ...bare.map(({ name, line }) => entryOf(name, new Veiled('passedOn'), placeAt(line))),
    ],
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
