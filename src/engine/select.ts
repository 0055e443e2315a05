/** `--only`, `--skip` and `--require`: patterns for rule IDs. */
import { distance } from 'fastest-levenshtein';
import { quotable } from '../config/input-error.ts';

/** The title of findings that were not selected. */
export const BY_REQUEST = 'skipped by request';

/** Whether an ID matches one of the patterns; `*` matches any characters, including `/`. */
export function matcher(patterns: readonly string[]): (id: string) => boolean {
  const all = patterns.map((pattern) => pattern.split('*'));
  return (id) => all.some((parts) => isOf(parts, id));
}

/** Whether a text starts with the first part, ends with the last, and contains the others in between, in order. */
function isOf([first = '', ...others]: readonly string[], text: string): boolean {
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** IDs that match `--only` but not `--skip`. */
export function selector(only: readonly string[], skipped: readonly string[]): (id: string) => boolean {
  const wanted = only.length === 0 ? () => true : matcher(only);
  const unwanted = matcher(skipped);
  return (id) => wanted(id) && !unwanted(id);
}

/** The first pattern that matches no ID, with the nearest existing ID. */
export function unmatched(
  patterns: readonly string[],
  ids: readonly string[],
): { pattern: string; nearest: string } | undefined {
  const pattern = patterns.find((candidate) => !ids.some(matcher([candidate])));
  return pattern === undefined ? undefined : { pattern, nearest: nearest(pattern, ids) };
}

/** The candidate with the fewest edits to `name`. */
export function nearest(name: string, candidates: readonly string[]): string {
  return candidates.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
}

/** Completes a message with the nearest rule, or with the command that lists the rules if none is close. */
export function suggest(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return distance(name, near) <= Math.max(3, name.length / 2)
    ? `; did you mean '${near}'?`
    : '; list all rules with spacelift-preflight explain';
}

/** A given pattern or ID as a message may quote it: complete only if it is almost an existing one. */
export const quoted = (name: string, candidates: readonly string[]): string =>
  distance(name, nearest(name, candidates)) <= MISTYPED ? name : quotable(name);
const MISTYPED = 3;
