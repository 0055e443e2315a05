/** Where each value comes from, and values for the same variable that nothing says which of applies. */
import { advice } from '../outcome/fix.ts';
import { warn } from '../outcome/outcome.ts';
import { CONTRACT, DOCS, isKnown, isVariable, mayDiffer } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import type { Service } from './options.ts';
import type { Resolved } from './resolve.ts';
import type { Location } from './schema.ts';
import { isNamed } from './sources/quote.ts';

/** A variable that Spacelift or a cloud SDK reads, and where it is set. */
export interface VariableOrigin {
  readonly name: string;
  readonly service: Service | 'all';
  /** For people: "shared.yaml (Secret spacelift-shared)". */
  readonly origin: string;
  /** Absent for the environment. */
  readonly location?: Location;
  /** Whether this value is in effect for a service; otherwise, another one overrides it. */
  readonly used: boolean;
}

/** A config has about a hundred. */
const MOST = 1_000;

/** In the order of the sources; empty values count as unset. */
export function originsOf(sources: readonly Source[], resolved: Resolved): VariableOrigin[] {
  const used = usedIn(resolved);
  return setIn(sources)
    .slice(0, MOST)
    .map((entry) => {
      const { name, service, origin, location } = entry;
      return { name, service, origin, ...(location !== undefined && { location }), used: used.has(entry) };
    });
}

const usedIn = ({ byService }: Resolved): ReadonlySet<Entry> =>
  new Set([...byService.values()].flatMap((entries) => [...entries.values()]));

const setIn = (sources: readonly Source[]): Entry[] =>
  sources
    .flatMap(({ entries }) => entries)
    .filter(
      ({ name, kind, value }) => isKnown(name) && isNamed(name, 'variable') && (kind !== 'known' || value !== ''),
    );

/**
 * Different values for a variable of the same service. Between files, the order of the options decides, as documented; but
 * the order of objects or containers in a file is accidental, and objects in several namespaces never belong together.
 */
export function judgeOverlaps(sources: readonly Source[], resolved: Resolved): ConfigurationFinding[] {
  const used = usedIn(resolved);
  const entries = setIn(sources).filter(({ name, kind }) => kind === 'known' && !mayDiffer(name));
  const found = new Map<string, ConfigurationFinding>();
  for (const group of Map.groupBy(entries, ({ name, service }) => `${service} ${name}`).values()) {
    const last = group.findLast((entry) => used.has(entry));
    const other = last && group.findLast((entry) => entry.value !== last.value && isAccidental(entry, last));
    if (last !== undefined && other !== undefined && !found.has(last.name)) found.set(last.name, overlap(other, last));
  }
  return [...found.values()];
}

function isAccidental(one: Entry, other: Entry): boolean {
  const [a, b] = [one.location, other.location];
  if (a === undefined || b === undefined) return false;
  return a.file === b.file || (a.namespace !== undefined && b.namespace !== undefined && a.namespace !== b.namespace);
}

function overlap(other: Entry, last: Entry): ConfigurationFinding {
  const { name } = last;
  const [first, second] = [placeOf(other), placeOf(last)];
  const isOrdered = hasOwnLine(other) && hasOwnLine(last) && first === second;
  const places = first === second ? `twice in ${first}` : `in ${first} and in ${second}`;
  const detail = isOrdered
    ? `It is set in lines ${other.location?.line} and ${last.location?.line} of ${first}. The last one counts.`
    : `It is set ${places}. The last one is used here, but Spacelift may read the other one.`;
  return {
    rule: 'conflict',
    variable: name,
    outcome: warn(`${name} has different values for the same service`, {
      detail,
      expected: isOrdered
        ? 'one line for each variable'
        : 'one value per service, or files in the order in which they override each other',
      fix: isOrdered
        ? advice`remove one of the two lines in ${first}`
        : advice`remove ${name} from all but one, or pass only what Spacelift reads`,
      docs: isVariable(name) ? CONTRACT[name].docs : DOCS.general,
      evidence: { variable: name, origins: [first, second] },
    }),
  };
}

/** Not in a list of variables in a container. */
const hasOwnLine = ({ location: { line, container } = { file: '' } }: Entry): boolean =>
  line !== undefined && container === undefined;

/** With the namespace and the document, which tell objects with the same name apart. */
function placeOf({ origin, location: { namespace, document } = { file: '' } }: Entry): string {
  const within = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${origin}${within}${document === undefined ? '' : `, document ${document}`}`;
}
