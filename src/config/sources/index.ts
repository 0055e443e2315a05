/** The sources of the config: files in any supported format, or the process environment. */

import { isSpacelifts } from '../contract.ts';
import { InputError, type Source } from '../entry.ts';
import { looksLikeContent } from '../input-error.ts';
import { DEFAULTS, type Perspective } from '../options.ts';
import { withReference } from '../references.ts';
import { poolSecretIn } from '../worker-pool.ts';
import { MOST_VARIABLES, refuseLong, tooMany } from './bounds.ts';
import { completed } from './completed.ts';
import { refuseEncrypted, refuseEncryptedValues, refuseSops } from './encrypted.ts';
import { noVariable } from './no-variable.ts';
import { processSource } from './process.ts';
import { STDIN, titleOf } from './quote.ts';
import { bytesOf, deadlineIn, decode, readBytes } from './read.ts';
import { reduced } from './reduced.ts';
import { refuseBinary } from './refused.ts';
import { readShape, readValues } from './shape.ts';
import type { Reading } from './value.ts';

export interface Input {
  /** For `-`. Default: that of the process, which Node prepares when it is first asked for. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For all files together. */
  readonly timeoutMs?: number | undefined;
  /** The service that the caller checks: half of a worker pool's Secret is a config only for a worker. */
  readonly service?: Perspective | undefined;
}

/**
 * One source per file, in order; without files, the process environment is the only source.
 * @param files paths, or `-` for standard input, at most once
 * @throws InputError a one-line message with the file and the expected input
 */
export async function readSources(
  files: readonly string[],
  { stdin, env, timeoutMs = DEFAULTS.timeoutMs, service }: Input,
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
    if (/^https?:\/\//i.test(file)) throw new InputError('-f expects a file, not a URL: pipe it in with -f -');
    if (looksLikeContent(file))
      throw new InputError('-f expects a file, but the argument looks like a config: pipe it in with -f -');
    const bytes = await readBytes(
      titleOf(file),
      () => (file === STDIN ? (stdin ?? process.stdin) : bytesOf(file)),
      deadline,
    );
    sources.push(await parseBytes(file, bytes, service));
    if (sources.reduce((sum, { entries }) => sum + entries.length, 0) > MOST_VARIABLES) throw tooMany(titleOf(file));
  }
  // Some files count only beside a config: a pull Secret, or workloads whose Secrets are elsewhere.
  if (!sources.some((source) => isConfig(source, service))) {
    const why = sources.find(({ alone }) => alone !== undefined)?.alone;
    throw why === undefined ? noVariable(titleOf(files[0] ?? '')) : new InputError(why);
  }
  return completed(sources);
}

/**
 * Detects the format of a text and reads it.
 * @param name the file's path, or `-`
 * @throws InputError
 */
export async function parseSource(name: string, text: string): Promise<Source> {
  const { buffer, length } = new TextEncoder().encode(text);
  const source = await parseBytes(name, Buffer.from(buffer, 0, length));
  if (source.alone !== undefined) throw new InputError(source.alone);
  return source;
}

/** @param bytes are freed: they can be as large as the text */
async function parseBytes(name: string, bytes: Buffer<ArrayBuffer>, service?: Perspective): Promise<Source> {
  const file = titleOf(name);
  const reading = await readingOf(name, file, bytes, service);
  const {
    entries,
    incomplete,
    incompleteGateway,
    missing,
    taskDefinition,
    unseen,
    workloads,
    rejected = [],
    unresolved = [],
    ignored = [],
    logins = [],
    alone,
    notes,
    envFile,
    terraform,
  } = reading;
  if (entries.length > MOST_VARIABLES) throw tooMany(file);
  refuseLong(file, entries);
  if (alone === undefined && !isConfig(reading, service) && (entries.length > 0 || logins.length === 0))
    throw noVariable(file, entries);
  refuseEncryptedValues(name, file, entries);
  return {
    file,
    entries: entries.map(withReference),
    incomplete,
    ...(incompleteGateway && { incompleteGateway }),
    ...(missing !== undefined && { missing }),
    ...(taskDefinition && { taskDefinition }),
    ...(workloads !== undefined && { workloads }),
    rejected,
    ...(unresolved.length > 0 && { unresolved }),
    ...(ignored.length > 0 && { ignored }),
    ...(notes !== undefined && { notes }),
    ...(alone !== undefined && { alone: `${file}: ${alone}` }),
    ...(logins.length > 0 && { logins }),
    process: false,
    ...(unseen !== undefined && { unseen }),
    ...(envFile && { envFile }),
    ...(terraform && { terraform }),
  };
}

async function readingOf(
  name: string,
  file: string,
  bytes: Buffer<ArrayBuffer>,
  service: Perspective | undefined,
): Promise<Reading> {
  refuseBinary(name, file, bytes);
  const { terraform, values, text: rest } = await reduced(file, bytes);
  if (terraform !== undefined) return (await import('./terraform-config.ts')).readTerraformConfig(terraform, file);
  if (values !== undefined) return readValues(values, file);
  const text = decode(file, rest ?? bytes);
  refuseEncrypted(name, file, text);
  const reading = await readShape(name, file, text);
  if (!isConfig(reading, service)) refuseSops(name, file, text);
  return reading;
}

const isConfig = (
  { entries, incomplete, alone }: Pick<Source, 'entries' | 'incomplete' | 'alone'>,
  service: Perspective | undefined,
): boolean =>
  alone === undefined &&
  (incomplete || entries.some(({ name }) => isSpacelifts(name)) || poolSecretIn([{ entries }], service) !== undefined);
