/** What was meant by a name that nothing has. */
import { distance } from 'fastest-levenshtein';
import { nearest } from '../select.ts';

/** Completes a message with the nearest rule there is, or with where to find them when none can have been meant. */
export function suggest(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return distance(name, near) <= Math.max(3, name.length / 2)
    ? `; did you mean '${near}'?`
    : '; spacelift-preflight explain lists them';
}
