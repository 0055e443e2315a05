/** Reads a decisions file. It can be of a pull request: it is data, limited in size, and every error names its line. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLMap } from 'yaml';
import { isVariable } from '../../config/contract.ts';
import { InputError } from '../../config/input-error.ts';
import type { Accepted, Decisions, SkippedRules } from '../../config/schema.ts';
import { decode } from '../../config/sources/read.ts';
import { idsOf } from '../../engine/check.ts';
import { partsOf } from '../../engine/finding-id.ts';
import { noSuchRule, quoted, suggest, unmatched } from '../../engine/select.ts';
import { escapeControls } from '../../report/sanitize.ts';
import { CHECKS } from '../checks.ts';
import { differenceIn, offsetOf } from './form.ts';
import { decisionsSchema } from './schema.ts';

/** Hundreds of decisions; parsing takes half a kilobyte for each token. */
const LARGEST_KIB = 64;

export interface ReadOptions {
  readonly profile: string | undefined;
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
  /** Whether the caller named the file; otherwise, it must not be a link to another one. */
  readonly isNamed: boolean;
}

export interface Read {
  readonly decisions: Decisions;
  /** The place of an option in the file. */
  whereOf(option: string): string;
  /** The places of the required patterns. */
  readonly requiredAt: ReadonlyMap<string, string>;
}

/** @throws InputError with one line that names the file and the line */
export function readDecisions(file: string, options: ReadOptions): Read {
  return decisionsIn(decode(file, bytesOf(file, options.isNamed)), file, options);
}

/** A regular file only: a pipe or a device would never end. */
function bytesOf(file: string, isNamed: boolean): Buffer<ArrayBuffer> {
  const noFollow = isNamed ? 0 : (constants.O_NOFOLLOW ?? 0);
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noFollow);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw new InputError(`${file}: a symbolic link; expected a file, or name it with --config`);
    throw new InputError(
      `${file}: ${code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : `can't be read (${code})`}`,
    );
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new InputError(`${file}: a directory, expected a file`);
    if (!stat.isFile()) throw new InputError(`${file}: expected a regular file`);
    const bytes = Buffer.alloc(LARGEST_KIB * 1024 + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < bytes.length; size += read)
      read = readSync(fd, bytes, size, bytes.length - size, null);
    if (size === bytes.length) throw new InputError(`${file}: larger than ${LARGEST_KIB} KiB, the maximum`);
    return bytes.subarray(0, size);
  } finally {
    closeSync(fd);
  }
}

/** @throws InputError */
export function decisionsIn(text: string, file: string, { profile, today }: ReadOptions): Read {
  const lines = new LineCounter();
  const at = (offset = 0) => `${file}:${lines.linePos(offset).line || 1}`;
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: false,
    // Whatever version a directive names: dates are texts, and there are no merge keys.
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const [document, second] = 'empty' in documents ? [] : documents;
  const hint = isConfig(text) ? '; to check a config, use -f' : '';
  refuseForeign(document?.contents, at, hint);
  if (second !== undefined) throw new InputError(`${at(second.range?.[0])}: expected one YAML document`);
  const [error] = document?.errors ?? [];
  if (error !== undefined) throw new InputError(`${at(error.pos[0])}: not valid YAML${hint}`);
  const root = document?.contents ?? null;
  const found = root === null ? undefined : differenceIn(root, decisionsSchema(CHECKS));
  if (found !== undefined) throw new InputError(`${at(found.offset)}: ${found.says}${hint}`);
  const profiles = mapIn(root, 'profiles');
  const names = profiles?.items.map(({ key }) => String(isScalar(key) ? key.value : '')) ?? [];
  if (profile !== undefined && !names.includes(profile))
    throw new InputError(
      `${file}: no profile ${quoted(profile, [...names, ''])}; ${names.length === 0 ? 'it has none' : `expected one of ${names.join(', ')}`}`,
    );
  // All profiles are read, so that an error does not wait for its environment.
  const sections = new Map(names.map((name) => [name, sectionOf(mapIn(profiles, name), at, today)]));
  const all = [sectionOf(root, at, today), sections.get(profile ?? '') ?? NOTHING];
  const options = all.flatMap((one) => one.options);
  return {
    decisions: {
      file,
      ...(profile !== undefined && { profile }),
      accepted: Object.fromEntries(all.flatMap(({ accepted }) => [...accepted])),
      skipped: all.flatMap(({ skipped }) => skipped),
      required: all.flatMap(({ required }) => [...required.keys()]),
      options: Object.fromEntries(options.map(({ name, value }) => [name, value])),
    },
    whereOf: (option) => options.findLast(({ name }) => name === option)?.where ?? file,
    requiredAt: new Map(all.flatMap(({ required }) => [...required])),
  };
}

/** Other programs have a `preflight.yaml` too: that of Replicated's troubleshoot is a Kubernetes object. @throws InputError */
function refuseForeign(root: unknown, at: (offset?: number) => string, hint: string): void {
  const version = valueIn(root, 'apiVersion');
  if (!isScalar(version)) return;
  const text = String(version.value);
  const shown = /^[\w./-]{1,60}$/.test(text) ? ` (apiVersion: ${text})` : '';
  throw new InputError(
    `${at(offsetOf(version))}: a Kubernetes object of another program${shown}; expected decisions (accept, skip, require, options, profiles): use --no-config, or --config with another file${hint}`,
  );
}

/** Whether the file sets Spacelift's variables: it was meant for -f. */
function isConfig(text: string): boolean {
  const names = [...text.matchAll(/^[ \t{]*(?:export )?"?([A-Z][A-Z0-9_]*)"?[=:]/gm)].map(([, name = '']) => name);
  return names.filter(isVariable).length > 1;
}

interface Section {
  readonly accepted: ReadonlyMap<string, Accepted>;
  readonly skipped: readonly SkippedRules[];
  /** Where each pattern is. */
  readonly required: ReadonlyMap<string, string>;
  readonly options: readonly { readonly name: string; readonly value: string; readonly where: string }[];
}

const NOTHING: Section = { accepted: new Map(), skipped: [], required: new Map(), options: [] };

/** Of a document that has the form. @throws InputError for what is no rule, or is there twice */
function sectionOf(section: unknown, at: (offset?: number) => string, today: string): Section {
  const ids = CHECKS.flatMap(idsOf);
  const accepted = new Map<string, Accepted>();
  for (const item of itemsIn(section, 'accept')) {
    const where = at(offsetOf(item));
    const { id = '', reason = '', who, until } = textsIn(item);
    const { base } = partsOf(id);
    if (!ids.includes(base)) throw new InputError(`${where}: ${quoted(base, ids)}: ${noSuchRule(base, ids)}`);
    if (accepted.has(id)) throw new InputError(`${where}: ${base} is accepted twice`);
    const isExpired = until !== undefined && until < today;
    accepted.set(id, {
      reason,
      ...(who !== undefined && { who }),
      ...(until !== undefined && { until }),
      ...(isExpired && { isExpired }),
      where,
    });
  }
  const pattern = (id: string, where: string): string => {
    const missed = unmatched([id], ids);
    if (missed === undefined) return id;
    throw new InputError(`${where}: ${quoted(id, ids)} matches no rule${suggest(missed.pattern, ids)}`);
  };
  return {
    accepted,
    skipped: itemsIn(section, 'skip').map((item) => {
      const where = at(offsetOf(item));
      const { id = '', reason = '' } = textsIn(item);
      return { id: pattern(id, where), reason, where };
    }),
    required: new Map(
      itemsIn(section, 'require').map((item) => {
        const where = at(offsetOf(item));
        return [pattern(String(isScalar(item) ? item.value : ''), where), where];
      }),
    ),
    options: (mapIn(section, 'options')?.items ?? []).map(({ key, value }) => ({
      name: String(isScalar(key) ? key.value : ''),
      value: String(isScalar(value) ? value.value : ''),
      where: at(offsetOf(key)),
    })),
  };
}

const valueIn = (map: unknown, name: string): unknown =>
  isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === name)?.value : undefined;
const mapIn = (map: unknown, name: string): YAMLMap | undefined => {
  const value = valueIn(map, name);
  return isMap(value) ? value : undefined;
};
const itemsIn = (map: unknown, name: string): readonly unknown[] => {
  const value = valueIn(map, name);
  return isSeq(value) ? value.items : [];
};

/** Without control characters, so that an ID or a name can be printed wherever it is. */
function textsIn(map: unknown): Readonly<Record<string, string>> {
  if (!isMap(map)) return {};
  return Object.fromEntries(
    map.items.flatMap(({ key, value }) =>
      isScalar(key) && isScalar(value) ? [[String(key.value), escapeControls(String(value.value)).trim()]] : [],
    ),
  );
}
