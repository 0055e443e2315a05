/** What a reference to a Secret, a ConfigMap or a key was probably meant to be. */
import { editDistance } from '../../util/edit-distance.ts';
import { isSpacelifts } from '../contract.ts';
import type { UnresolvedReference } from '../entry.ts';
import type { Stored } from './stored.ts';

/** The most typing errors in a name; shorter names are close to others by accident. */
const MOST = 2;
const SHORT = 8;
const MOST_IN_SHORT = 1;

/** The nearest of some names; never one that differs in its digits alone, as those of generations do. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const most = name.length < SHORT ? MOST_IN_SHORT : MOST;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    if (withoutDigits(candidate) === withoutDigits(name)) continue;
    const distance = editDistance(name, candidate, most);
    if (distance <= most && distance < (best?.distance ?? MOST + 1)) best = { candidate, distance };
  }
  return best?.candidate;
}

const withoutDigits = (name: string): string => name.replace(/\d+/g, '0');

/** @returns one with variables of Spacelift */
export function nearestObject(name: string, candidates: readonly Stored[]): Stored | undefined {
  const close = nearest(
    name,
    candidates.map((candidate) => candidate.name),
  );
  const found = candidates.find((candidate) => candidate.name === close);
  return found !== undefined && isConfig(found) ? found : undefined;
}

/** Whether an object has variables of Spacelift. */
export const isConfig = ({ entries }: Stored): boolean => entries.some(({ name }) => isSpacelifts(name));

/** What is wrong with a reference to an object that is not in the file. */
export function whatIsNear({ kind, name, near, nearKind, nearNamespace }: UnresolvedReference): string {
  if (nearNamespace !== undefined) return `${kind} ${name} is in namespace ${nearNamespace}, where the workload is not`;
  return nearKind !== undefined && near === name
    ? `${name} is a ${nearKind}, not a ${kind}`
    : `${kind} ${name} is not in the input, did you mean ${near}?`;
}
