/** The words for a comparison that all pages use. */
import type { Status } from '../../outcome/status.ts';
import { plural } from '../../util/format.ts';
import { duration } from '../phrases.ts';
import { newFailures } from './new-failures.ts';
import type { Change, ChangedFinding, ComparedSide, Comparison, SlowerCheck } from './types.ts';

/** "compared with the report of 2026-11-30 21:37 UTC". */
export const comparedWith = ({ before: { kind, startedAt } }: Comparison): string =>
  `compared with the ${kind}${startedAt === null ? '' : ` of ${startedAt.slice(0, 16).replace('T', ' ')} UTC`}`;

/** "1 new failure, 2 gone, 3 as before"; "no changes". */
export function changesIn(comparison: Comparison): string {
  const { summary } = comparison;
  const failures = newFailures(comparison).filter(({ change }) => change === 'new').length;
  const counts = [
    ...(failures > 0 ? [plural(failures, 'new failure')] : []),
    ...(summary.new > failures ? [plural(summary.new - failures, 'new warning')] : []),
    ...(summary.changed > 0 ? [`${summary.changed} changed`] : []),
    ...(summary.gone > 0 ? [`${summary.gone} gone`] : []),
    ...(summary.unchecked > 0 ? [`${summary.unchecked} no longer checked`] : []),
  ];
  const same = summary.same > 0 ? [`${summary.same} as before`] : [];
  return [...(counts.length === 0 ? ['no new failures or warnings'] : counts), ...same].join(', ');
}

const WORDS: Readonly<Record<Change, string>> = {
  new: 'new',
  changed: 'changed',
  gone: 'gone',
  unchecked: 'not checked',
};

export const wordOf = ({ change }: ChangedFinding): string => WORDS[change];

/** With which icon it is shown: a failure that is gone is good news. */
export const iconOf = ({ change, after }: ChangedFinding): Status =>
  change === 'gone' ? 'pass' : change === 'unchecked' ? 'skip' : (after ?? 'skip');

/** "drain: database/version". */
export const nameOf = ({ id, run }: { readonly id: string; readonly run?: string }): string =>
  run === undefined ? id : `${run}: ${id}`;

/** What else is different about the two: the verdict, the versions. */
export function sidesOf({ before, after }: Comparison): string[] {
  const pairs: readonly (readonly [string, (side: ComparedSide) => string | undefined])[] = [
    ['verdict', ({ verdict }) => verdict],
    ['release', ({ release }) => release],
    ['spacelift-preflight', ({ version }) => version],
  ];
  return pairs.flatMap(([name, of]) => {
    const [one, other] = [of(before) ?? 'unknown', of(after) ?? 'unknown'];
    return one === other ? [] : [`${name}: ${one} → ${other}`];
  });
}

/** "drain: database: 40 ms → 900 ms" */
export const slowerOf = ({ check, run, beforeMs, afterMs }: SlowerCheck): string =>
  `${nameOf({ id: check, ...(run !== undefined && { run }) })}: ${duration(beforeMs)} → ${duration(afterMs)}`;

/** In lines; the JSON has everything. */
const MOST_LISTED = 100;

/** What changed, one line each, for pages without columns. */
export function listOf(comparison: Comparison): string[] {
  const all = linesIn(comparison);
  const more = all.length - MOST_LISTED;
  return more <= 0 ? all : [...all.slice(0, MOST_LISTED), `… and ${more} more`];
}

const linesIn = (comparison: Comparison): string[] => [
  ...comparison.notes.map((note) => `note: ${note}`),
  ...comparison.findings.map((finding) => `${wordOf(finding)}: ${nameOf(finding)}: ${finding.title}`),
  ...comparison.facts.map((fact) => `differs: ${nameOf(fact)}: ${fact.before} → ${fact.after}`),
  ...sidesOf(comparison).map((text) => `differs: ${text}`),
  ...comparison.slower.map((slower) => `slower: ${slowerOf(slower)}`),
];

/** "compared with the report of …: 1 new failure" */
export const headOf = (comparison: Comparison): string => `${comparedWith(comparison)}: ${changesIn(comparison)}`;

/** What changed since the baseline, if there is one: one line each, with a heading. */
export const changesOf = ({ comparison }: { readonly comparison?: Comparison }): string[] =>
  comparison === undefined ? [] : [headOf(comparison), ...listOf(comparison)];
