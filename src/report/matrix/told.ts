/** Skips that another service's pass answers: only where both tried the same operations, in the same places. */
import { partsOf } from '../../engine/finding-id.ts';
import type { Report, ReportFinding, ReportOperation } from '../types.ts';

/** A finding with its run. */
export interface Found {
  /** The index of the run. */
  readonly run: number;
  readonly finding: ReportFinding;
}

/** The number of different places whose passes are compared with a skip. */
const MOST_COMPARED = 8;

/** Rules about the installation as a whole: the config of any service shows it for all. */
const OF_ALL: readonly string[] = ['configuration/scheduler'];

/** The operations of each rule in a report; none of a run that was interrupted, which may not have tried them. */
export type Operations = ReadonlyMap<string, readonly ReportOperation[]>;

export function operationsIn({ checks, interrupted }: Report): Operations {
  const byRule = new Map<string, ReportOperation[]>();
  if (interrupted) return byRule;
  for (const operation of checks.flatMap(({ operations = [] }) => operations)) {
    for (const rule of operation.rules) {
      const those = byRule.get(rule);
      if (those === undefined) byRule.set(rule, [operation]);
      else those.push(operation);
    }
  }
  return byRule;
}

/**
 * For the findings of one rule: the run whose pass holds for a run that skipped it, by index.
 * @param operationsOf the operations of a run
 */
export function toldIn(
  found: readonly Found[],
  operationsOf: (run: number) => Operations,
): ReadonlyMap<number, number> {
  const told = new Map<number, number>();
  const skips = found.filter(({ finding }) => isAnswerable(finding));
  if (skips.length === 0) return told;
  const forAll = found.find(({ finding }) => finding.status === 'pass' && OF_ALL.includes(finding.id));
  const triedBy = ({ run, finding }: Found) => operationsOf(run).get(partsOf(finding.id).base) ?? [];
  const passes = new Map<string, Found[]>();
  for (const pass of found.filter(({ finding }) => finding.status === 'pass')) {
    const tried = triedBy(pass);
    // Without an operation, it is only about the config, which is its own.
    if (tried.length === 0) continue;
    const alike = passes.get(keyOf(tried)) ?? [];
    passes.set(keyOf(tried), alike);
    if (alike.length < MOST_COMPARED) alike.push(pass);
  }
  for (const skip of skips) {
    if (forAll !== undefined) {
      told.set(skip.run, forAll.run);
      continue;
    }
    const tried = triedBy(skip);
    const alike = passes.get(keyOf(tried))?.find((pass) => inSamePlaces(triedBy(pass), tried));
    if (alike !== undefined) told.set(skip.run, alike.run);
  }
  return told;
}

/** A service that has no connection, or whose value or credentials are not known here, is not that of another one. */
const isAnswerable = ({ status, dependsOn, unknownVariable, withheldFrom }: ReportFinding): boolean =>
  status === 'skip' && dependsOn === undefined && unknownVariable === undefined && withheldFrom === undefined;

const keyOf = (tried: readonly ReportOperation[]): string => JSON.stringify(tried.map(({ does }) => does));

/** An operation can be listed with the places of other rules too, which not every service uses. */
const inSamePlaces = (some: readonly ReportOperation[], others: readonly ReportOperation[]): boolean =>
  some.every(({ at }, index) => {
    const other = others[index]?.at ?? [];
    return isPart(at, other) || isPart(other, at);
  });

const isPart = (some: readonly string[], all: readonly string[]): boolean => {
  const known = new Set(all);
  return some.every((place) => known.has(place)) && some.length > 0 === all.length > 0;
};
