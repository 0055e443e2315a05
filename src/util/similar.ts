/** Finds the name that a misspelled one was meant to be. */
import { distance } from 'fastest-levenshtein';

/** Edits: a missing, an additional, or a wrong character; two that are swapped are two. */
const MOST = 2;
/** In characters: shorter names are too alike by chance. */
const SHORTEST = 5;

/** The candidate with the fewest edits to `name`. */
export function nearest(name: string, candidates: readonly string[]): string {
  return candidates.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
}

/** The candidate that differs least from a name, and by little; `undefined` if none does. */
export function similarTo(name: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .filter((other) => other !== name && Math.min(name.length, other.length) >= SHORTEST)
    // The length difference is a lower bound for the distance, and is cheap to compute.
    .filter((other) => Math.abs(other.length - name.length) <= MOST)
    .map((other) => ({ other, edits: distance(name, other) }))
    .filter(({ edits }) => edits <= MOST)
    .sort((one, another) => one.edits - another.edits || (one.other < another.other ? -1 : 1));
  return near[0]?.other;
}
