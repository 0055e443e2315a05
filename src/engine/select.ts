/** `--only`, `--skip` and `--require`: patterns for rule IDs. */
import { distance } from 'fastest-levenshtein';
import { quotable } from '../config/input-error.ts';
import { nearest } from '../util/similar.ts';
import { partsOf } from './finding-id.ts';

/** The title of findings that were not selected. */
export const BY_REQUEST = 'skipped by request';

/**
 * Whether an ID matches one of the patterns; `*` matches any characters, including `/`. A pattern with a variable in
 * brackets, in which `*` has no special meaning, matches only findings about that variable; without it, a pattern matches
 * the findings about all variables.
 */
export function matcher(patterns: readonly string[]): (id: string) => boolean {
  const all = patterns.map((pattern) => {
    const { base, variable } = partsOf(pattern);
    return { parts: base.split('*'), variable };
  });
  return (id) => {
    const { base, variable } = partsOf(id);
    return all.some((pattern) => isOf(pattern.parts, base) && [undefined, variable].includes(pattern.variable));
  };
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

/**
 * IDs that match `--only` but not `--skip`.
 * @param perVariable whether a rule has a finding per variable: it is checked if any of its variables is wanted
 */
export function selector(
  only: readonly string[],
  skipped: readonly string[],
  perVariable: (id: string) => boolean = () => false,
): (id: string) => boolean {
  const wanted = only.length === 0 ? () => true : matcher(only);
  const partly = matcher(only.map((pattern) => partsOf(pattern).base));
  const unwanted = matcher(skipped);
  return (id) => (wanted(id) || (perVariable(id) && partly(id))) && !unwanted(id);
}

/** The first pattern that matches no ID, whatever the variable, with the nearest existing ID. */
export function unmatched(
  patterns: readonly string[],
  ids: readonly string[],
): { pattern: string; nearest: string } | undefined {
  const pattern = patterns.map((candidate) => partsOf(candidate).base).find((base) => !ids.some(matcher([base])));
  return pattern === undefined ? undefined : { pattern, nearest: nearest(pattern, ids) };
}

/** Completes a message with the nearest rule, or with the command that lists the rules if none is close. */
export function suggest(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return distance(name, near) <= Math.max(3, name.length / 2)
    ? `; did you mean '${near}'?`
    : '; list all rules with spacelift-preflight explain';
}

/** Completes a message about an ID that is accepted, where a pattern would accept what nobody has seen yet. */
export const noSuchRule = (id: string, ids: readonly string[]): string =>
  id.includes('*') ? 'expected the ID of one rule, not a pattern' : `no such rule${suggest(id, ids)}`;

/** A given pattern or ID as a message may quote it: complete only if it is almost an existing one. */
export const quoted = (name: string, candidates: readonly string[]): string =>
  distance(name, nearest(name, candidates)) <= MISTYPED ? name : quotable(name);
const MISTYPED = 3;
