/**
 * Whether an env file means the same to all programs that it can be for. Nobody uses a file with a program that rejects it,
 * runs parts of it, or keeps the quotes around its values, so only the others are compared.
 */
import { isKnown } from '../contract.ts';
import { isPlaceholder, partsOf } from '../placeholders.ts';
import { storeBehind } from '../references.ts';
import { type Assignment, type BareName, lastOf, type Read } from './assignment.ts';
import { readLeniently } from './compose.ts';
import type { Difference, EnvFile, Reason, Spelling } from './difference.ts';
import { READER_NAMES, READERS, type ReaderName } from './readers.ts';

type Variables = ReadonlyMap<string, Assignment>;
type Readings = ReadonlyMap<ReaderName, Variables>;

/** No program has room for more variables; a larger file is only read. */
const LARGEST = 512 * 1024;

/** What this run uses of a file, and how programs read it. */
export interface EnvFileRead {
  readonly used: readonly Assignment[];
  readonly bare: readonly BareName[];
  readonly envFile: EnvFile;
}

export function readEnvFile(text: string, file: string): EnvFileRead {
  const { assignments: lenient, bare, skipped } = readLeniently(text);
  if (text.length > LARGEST) return { used: lenient, bare, envFile: { file, readers: [], differences: [], skipped } };
  const readings = plausible(text, lastOf(lenient));
  const readers = READER_NAMES.filter((name) => readings.has(name));
  // Systemd reads almost anything in some way, so a file that only it accepts is not for it, unless it has its comments.
  const first =
    readers.find((name) => name !== 'systemd') ?? (/^[ \t]*;/m.test(text) ? readers[0] : undefined) ?? 'compose';
  const used = first === 'compose' ? lenient : [...(readings.get(first)?.values() ?? [])];
  const differences = differencesIn(readings, lastOf(used), new Set(bare.map(({ name }) => name)));
  return {
    used,
    bare,
    envFile: { file, readers, differences, skipped: first === 'systemd' || readings.has('bash') ? [] : skipped },
  };
}

/** Of the programs that accept the file. */
function plausible(text: string, used: Variables): Readings {
  const readings = READER_NAMES.flatMap((reader) => {
    const read: Read = READERS[reader].read(text);
    return read === undefined || isMangled(reader, read, used) ? [] : [[reader, lastOf(read)] as const];
  });
  return new Map(readings);
}

/** The program leaves traces in the values that show at once: quotes, or the line ends of Windows. */
function isMangled(reader: ReaderName, read: readonly Assignment[], used: Variables): boolean {
  if (reader === 'bash') return read.length > 0 && read.every(({ value }) => value.endsWith('\r'));
  return read.some(({ name, value }) => isKnown(name) && /^['"]/.test(value) && used.get(name)?.value !== value);
}

/** @param bare names without a value, which all programs pass on */
function differencesIn(readings: Readings, used: Variables, bare: ReadonlySet<string>): Difference[] {
  const names = new Set([...readings.values(), used].flatMap((variables) => [...variables.keys()]));
  return [...names]
    .filter((name) => isKnown(name) && !bare.has(name))
    .flatMap((name) => differenceIn(name, readings, used) ?? []);
}

/** In place of a value: not set, or set by something outside the file. */
const MISSING = Symbol('missing');
const EXPANDED = Symbol('expanded');

function differenceIn(name: string, readings: Readings, used: Variables): Difference | undefined {
  const found = [...readings.values(), used].map((variables) => variables.get(name)).filter((one) => one !== undefined);
  const own = used.get(name)?.value;
  // Already reported as such.
  if (own !== undefined && (isPlaceholder(name, own) || storeBehind(own) !== undefined)) return undefined;
  const read = ([, variables]: readonly [ReaderName, Variables]) => {
    const assignment = variables.get(name);
    return assignment?.expands ? EXPANDED : (assignment?.value ?? MISSING);
  };
  const groups = [...Map.groupBy(readings, read)].map(([value, group]) => ({
    value,
    readers: group.map(([reader]) => reader),
  }));
  // A difference in systemd alone concerns nobody who runs containers.
  const values = groups
    .filter(({ readers }) => readers.some((reader) => reader !== 'systemd'))
    .map(({ value }) => value);
  if (values.every((value) => value === (own ?? MISSING))) return undefined;
  return {
    name,
    line: Math.max(...found.map(({ line }) => line)),
    groups: groups.map(({ readers }) => readers),
    reason: values.includes(EXPANDED) ? 'reference' : values.includes(MISSING) ? 'missing' : reasonFor(found),
    spelling: spellingOf(name, own ?? found[0]?.value ?? ''),
  };
}

function reasonFor(found: readonly Assignment[]): Reason {
  const texts = found.map(({ value }) => value);
  const same = (change: (text: string) => string) => new Set(texts.map(change)).size === 1;
  const contains = (character: string) => texts.some((text) => text.includes(character));
  if (same((text) => text.trimEnd())) return 'trailing whitespace';
  if (same((text) => (/^(.*?)(?:(?:^|[ \t])#|$)/s.exec(text)?.[1] ?? text).trimEnd())) return 'comment';
  if (contains('$')) return 'dollar sign';
  if (contains('\\')) return 'backslash';
  return contains('"') || contains("'") ? 'quotes' : 'syntax';
}

/** The programs that remove quotes. */
const UNQUOTING: readonly ReaderName[] = ['compose', 'bash', 'systemd'];

const agree = (readers: readonly ReaderName[], name: string, spelled: string, value: string): boolean =>
  readers.every((reader) => {
    const read = READERS[reader].read(`${name}=${spelled}\n`);
    return read?.length === 1 && read[0]?.name === name && read[0].value === value && !read[0].expands;
  });

/** The first spelling that was found to work. */
export function spellingOf(name: string, value: string): Spelling {
  if (agree(READER_NAMES, name, value, value)) return 'plain';
  const encoded = withEncodedLogin(value);
  if (encoded !== value && agree(READER_NAMES, name, encoded, encoded)) return 'encoded';
  return agree(UNQUOTING, name, `'${value}'`, value) ? 'single-quoted' : 'none';
}

/** The URL with the characters of its user name and password percent-encoded that mean something to a program. */
export function withEncodedLogin(url: string): string {
  const { credentials, location } = partsOf(url);
  if (location === undefined || credentials.length === 0) return url;
  const end = url.lastIndexOf('@');
  const start = url.indexOf('://') + 3;
  if (end < start) return url;
  const login = url.slice(start, end).replace(/[^\w.~%:+-]/gu, (character) => encodeURIComponent(character));
  return url.slice(0, start) + login + url.slice(end);
}
