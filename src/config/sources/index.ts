/** The sources of the config: files in any supported format, or the process environment. */

import { isForSdk, isKnown, isVariable } from '../contract.ts';
import { InputError, type Source } from '../entry.ts';
import { looksLikeContent } from '../input-error.ts';
import { DEFAULTS } from '../options.ts';
import { withReference } from '../references.ts';
import { holdsPoolSecret } from '../worker-pool.ts';
import { MOST_VARIABLES, refuseLong, tooMany } from './bounds.ts';
import { isDotenv, readDotenv } from './dotenv.ts';
import { isEcs, readEcs } from './ecs.ts';
import { refuseEncrypted, refuseEncryptedValues } from './encrypted.ts';
import { parseJson } from './json.ts';
import { isKubernetes, readKubernetes } from './kubernetes.ts';
import { readMap } from './map.ts';
import { processSource } from './process.ts';
import { shown } from './quote.ts';
import { bytesOf, deadlineIn, readText } from './read.ts';
import { aType, type Document, isMap, type Reading } from './value.ts';
import { parseYaml } from './yaml.ts';

const STDIN = '-';
/** Maximum length of a path in a message; not shortened before, so that a secret in its place is recognized. */
const LONGEST_PATH = 256;
const EXPECTED = 'a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map';

export interface Input {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For all files together. */
  readonly timeoutMs?: number | undefined;
}

/**
 * One source per file, in order; without files, the process environment is the only source.
 * @param files paths, or `-` for standard input, at most once
 * @throws InputError a one-line message with the file and the expected input
 */
export async function readSources(
  files: readonly string[],
  { stdin, env, timeoutMs = DEFAULTS.timeoutMs }: Input,
): Promise<Source[]> {
  if (files.length === 0) {
    const source = processSource(env);
    if (source.entries.some(({ name }) => isSpacelifts(name))) return [source];
    throw new InputError('the environment contains no Spacelift variable; pass a config with -f');
  }
  if (files.filter((file) => file === STDIN).length > 1)
    throw new InputError('standard input (-) can be read only once');
  const deadline = deadlineIn(timeoutMs);
  const sources: Source[] = [];
  for (const file of files) {
    if (looksLikeContent(file))
      throw new InputError('-f expects a file, but the argument looks like a config: pipe it in with -f -');
    const text = await readText(titleOf(file), () => (file === STDIN ? stdin : bytesOf(file)), deadline);
    sources.push(await parseSource(file, text));
    if (sources.reduce((sum, { entries }) => sum + entries.length, 0) > MOST_VARIABLES) throw tooMany(titleOf(file));
  }
  // A file with a pull Secret alone is read beside a config.
  if (!sources.some(isConfig)) throw noVariable(titleOf(files[0] ?? ''));
  return sources;
}

/**
 * Detects the format of a text and reads it.
 * @param name the file's path, or `-`
 * @throws InputError
 */
export async function parseSource(name: string, text: string): Promise<Source> {
  const file = titleOf(name);
  refuseEncrypted(name, file, text);
  const { entries, incomplete, incompleteGateway, rejected = [], logins = [], envFile } = await readShape(file, text);
  if (entries.length > MOST_VARIABLES) throw tooMany(file);
  refuseLong(file, entries);
  if (!isConfig({ entries }) && (entries.length > 0 || logins.length === 0)) throw noVariable(file);
  refuseEncryptedValues(name, file, entries);
  return {
    entries: entries.map(withReference),
    incomplete,
    ...(incompleteGateway && { incompleteGateway }),
    rejected,
    ...(logins.length > 0 && { logins }),
    process: false,
    ...(envFile && { envFile }),
  };
}

const titleOf = (name: string): string => (name === STDIN ? 'standard input' : shown(name, LONGEST_PATH));

/** A file for one service may contain only its feature flags. */
const isSpacelifts = (name: string): boolean => isVariable(name) || (isKnown(name) && !isForSdk(name));

const isConfig = ({ entries }: Pick<Source, 'entries'>): boolean =>
  entries.some(({ name }) => isSpacelifts(name)) || holdsPoolSecret(entries);

const noVariable = (file: string) =>
  new InputError(`${file}: contains no Spacelift variable; expected SERVER_DOMAIN, DATABASE_URL, …`);

const empty = (file: string) => new InputError(`${file}: empty; expected ${EXPECTED}`);

async function readShape(file: string, text: string): Promise<Reading> {
  const firstLine = /^[ \t]*([^\s#].*)$/m.exec(text)?.[1];
  if (firstLine === undefined) throw empty(file);
  if (isDotenv(firstLine)) return readDotenv(text, file);
  const values = /^\s*[[{]/.test(text) ? parseJson(file, text) : await parseYaml(file, text);
  if (values.length === 0) throw empty(file);
  const documents = values.map(
    (value, index): Document => ({ value, location: { file, ...(values.length > 1 && { document: index + 1 }) } }),
  );
  return join([
    read(
      documents.filter(({ value }) => isKubernetes(value)),
      (found) => readKubernetes(found, file),
    ),
    read(
      documents.filter(({ value }) => isEcs(value)),
      (found) => readEcs(found, file),
    ),
    read(
      documents.filter(({ value }) => !isKubernetes(value) && !isEcs(value)),
      (found) => {
        const other = found.find(({ value }) => !isMap(value))?.value;
        if (other === undefined) return readMap(found, file, EXPECTED);
        throw new InputError(
          `${file}: expected ${EXPECTED}; found ${typeof other === 'string' ? 'plain text' : aType(other)}`,
        );
      },
    ),
  ]);
}

const read = (documents: readonly Document[], reader: (documents: readonly Document[]) => Reading): Reading =>
  documents.length === 0 ? { entries: [], incomplete: false } : reader(documents);

const join = (readings: readonly Reading[]): Reading => ({
  entries: readings.flatMap(({ entries }) => entries),
  incomplete: readings.some(({ incomplete }) => incomplete),
  ...(readings.some(({ incompleteGateway }) => incompleteGateway) && { incompleteGateway: true }),
  rejected: readings.flatMap(({ rejected = [] }) => rejected),
  logins: readings.flatMap(({ logins = [] }) => logins),
});
