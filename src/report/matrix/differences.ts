/** In what the services with a failure differ from those that pass. */
import { firstOf } from '../../util/format.ts';
import type { Difference, Fact, MatrixRun } from './types.ts';

/** The number of values that a difference lists. */
const MOST_VALUES = 5;
/** The number of files or Secrets that one service names as its config. */
const MOST_ORIGINS = 3;

/** The values of a group of runs, by the name of the fact. */
export type Values = ReadonlyMap<string, ReadonlySet<string>>;

export function valuesOf(runs: readonly MatrixRun[]): Values {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of runs.flatMap(factsOf)) {
    const those = values.get(name);
    if (those === undefined) values.set(name, new Set([value]));
    else those.add(value);
  }
  return values;
}

/** The facts that separate the groups: no value is in both. */
export function differencesBetween(here: Values, there: Values): Difference[] {
  return [...here].flatMap(([name, values]) => {
    const others = there.get(name);
    if (others === undefined || [...values].some((value) => others.has(value))) return [];
    return [{ name, here: listed(values), there: listed(others) }];
  });
}

const listed = (values: ReadonlySet<string>): string[] => {
  const all = [...values];
  return all.length <= MOST_VALUES
    ? all
    : [...all.slice(0, MOST_VALUES - 1), `… and ${all.length - MOST_VALUES + 1} more`];
};

/** Those that whoever started the run knows, then those in its report. */
function factsOf({ facts, report }: MatrixRun): Fact[] {
  if (report === undefined) return [...facts];
  const origins = [...new Set(report.variables.filter(({ used }) => used).map(({ origin }) => origin))];
  return [
    ...facts,
    ...(origins.length === 0 ? [] : [{ name: 'config', value: firstOf(origins, MOST_ORIGINS) }]),
    { name: 'release', value: report.release?.version ?? 'not known' },
    { name: 'phase', value: report.phase },
  ];
}
