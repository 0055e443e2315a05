/** Reads advisories from a folder in OSV format, for machines that can't run an audit. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Advisory, NoAnswer, type Package } from './judge.ts';

interface Event {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly last_affected?: string;
}

interface Affected {
  readonly package?: { readonly ecosystem?: string; readonly name?: string };
  readonly ranges?: readonly { readonly type?: string; readonly events?: readonly Event[] }[];
  readonly versions?: readonly string[];
}

interface Entry {
  readonly id?: string;
  readonly summary?: string;
  readonly withdrawn?: string;
  readonly affected?: readonly Affected[];
  readonly database_specific?: { readonly severity?: string };
}

/** @throws NoAnswer if the folder has no npm advisories, because then it is the wrong folder */
export async function knownIn(folder: string, packages: readonly Package[]): Promise<readonly Advisory[]> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const found: Advisory[] = [];
  let read = 0;
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const entry = entryIn(await readFile(join(folder, file), 'utf8'));
    if (entry.affected?.some((one) => one.package?.ecosystem === 'npm') !== true) continue;
    read += 1;
    found.push(...concerned(entry, packages));
  }
  if (read === 0) throw new NoAnswer(`${folder} contains no npm advisories in OSV format`);
  return found;
}

function entryIn(text: string): Entry {
  try {
    return (JSON.parse(text) ?? {}) as Entry;
  } catch {
    return {};
  }
}

/** One advisory for each affected package. */
export function concerned(entry: Entry, packages: readonly Package[]): readonly Advisory[] {
  if (entry.withdrawn !== undefined) return [];
  const hit = packages.filter(({ name, version }) =>
    entry.affected?.some((one) => one.package?.ecosystem === 'npm' && one.package.name === name && holds(one, version)),
  );
  const { id = 'unnamed', summary: title = '', database_specific } = entry;
  const severity = database_specific?.severity?.toLowerCase() ?? 'unknown';
  return [...new Set(hit.map(({ name }) => name))].map((name) => {
    const versions = hit.filter((one) => one.name === name).map(({ version }) => version);
    return { id, package: name, versions, severity, title };
  });
}

const holds = ({ ranges = [], versions = [] }: Affected, version: string): boolean =>
  versions.includes(version) || ranges.some(({ type, events = [] }) => type === 'SEMVER' && within(events, version));

/** The last event up to this version decides. */
function within(events: readonly Event[], version: string): boolean {
  const steps = events.map(({ introduced, fixed, last_affected }) => ({
    at: introduced ?? fixed ?? last_affected ?? '0',
    opens: introduced !== undefined,
    after: introduced === undefined && fixed === undefined,
  }));
  const reached = steps
    .filter(({ at, after }) => compare(version, at) > (after ? 0 : -1))
    .sort((a, b) => compare(a.at, b.at));
  return reached.at(-1)?.opens ?? false;
}

/** Semantic version order (semver.org); `0` comes first. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '0' || b === '0') return a === '0' ? -1 : 1;
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  if (left.pre.length === 0 || right.pre.length === 0) return Math.sign(right.pre.length - left.pre.length);
  for (const [index, one] of left.pre.entries()) {
    const other = right.pre[index];
    if (other === undefined) return 1;
    if (one !== other) return identifiers(one, other);
  }
  return left.pre.length === right.pre.length ? 0 : -1;
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly pre: readonly string[] } {
  const [, core = '', pre = ''] = /^([\d.]+)(?:-([^+]*))?/.exec(version) ?? [];
  return { numbers: core.split('.').map(Number), pre: pre === '' ? [] : pre.split('.') };
}

function identifiers(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => (/^\d+$/.test(text) ? Number(text) : undefined));
  if (x !== undefined && y !== undefined) return Math.sign(x - y);
  if (x !== undefined || y !== undefined) return x !== undefined ? -1 : 1;
  return a < b ? -1 : 1;
}
