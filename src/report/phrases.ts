/** Phrases that all formats for people share. */

import { partsOf } from '../engine/finding-id.ts';
import type { Status } from '../outcome/status.ts';
import { plural } from '../util/format.ts';
import { lookup } from '../util/lookup.ts';
import { acceptancePhrase } from './accepted.ts';
import type { Explained, Report, ReportFinding, ReportVariable, Verdict } from './types.ts';
import { undecided, unknownIn, withheldFrom } from './verdict.ts';

export const VERDICTS: Readonly<Record<Verdict, { status: Status; says: string }>> = {
  ready: { status: 'pass', says: 'ready' },
  'ready-with-warnings': { status: 'warn', says: 'ready with warnings' },
  'not-ready': { status: 'fail', says: 'not ready' },
  inconclusive: { status: 'skip', says: 'inconclusive' },
};
/** For readers on Windows: PowerShell reads quotes, and JSON in them, differently. */
export const POSIX_SHELL =
  'Commands are for a POSIX shell: on Windows, paste them into WSL or Git Bash, not into PowerShell.';

/** Whether a report contains shell commands to paste. */
export const hasShellCommands = ({ checks, leftovers }: Report): boolean =>
  leftovers.length > 0 || checks.some(({ findings }) => findings.some(({ fixLanguage }) => fixLanguage === 'sh'));

/** The number of names that a verdict lists. */
const MOST_NAMED = 2;

/** An interrupted run has no verdict except for the failures that it found. */
export function verdictOf(report: Report): { status: Status; words: string } {
  const { status, says } = VERDICTS[report.verdict];
  if (report.interrupted) {
    return report.verdict === 'not-ready'
      ? { status, words: `interrupted, ${says}` }
      : { status: 'warn', words: 'interrupted' };
  }
  if (report.verdict !== 'inconclusive') return { status, words: says };
  if (report.phase === 'plan')
    return { status: 'warn', words: `${says}: a plan was checked, and nothing was contacted` };
  const withheld = withheldFrom(report);
  if (withheld.length > 0) {
    const hosts = withheld.length > MOST_NAMED ? `${withheld.length} hosts` : withheld.join(' and ');
    return { status: 'warn', words: `${says}: your credentials were not sent to ${hosts}` };
  }
  const unseen = undecided(report);
  if (unseen.length > 0) return { status: 'warn', words: `${says}: ${couldNotBeVerified(unseen)}` };
  const unknown = unknownIn(report);
  const names = unknown.length > MOST_NAMED ? `${unknown.length} variables` : unknown.join(' and ');
  return { status: 'warn', words: `${says}: the value of ${names} is unknown` };
}

/** Whether a text can become a link: that of a report from a file can be `javascript:…`. */
export const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text);

const NAMES: Readonly<Record<string, string>> = { database: 'the database', 'object-storage': 'the object storage' };

/** "neither the database nor the object storage could be verified" */
function couldNotBeVerified(checks: readonly string[]): string {
  const names = checks.map((id) => lookup(NAMES, id) ?? id);
  return names.length === 1 ? `${names[0]} could not be verified` : `neither ${names.join(' nor ')} could be verified`;
}

/** "not ready: 3 failed, 11 passed in 0.6 s" */
export function resultOf(report: Report): string {
  const { words } = verdictOf(report);
  return `${words}${words.includes(': ') ? ';' : ':'} ${countsOf(report)}`;
}

/** "3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s" */
export function countsOf({
  summary: { fail, warn, pass, skip },
  durationMs,
}: Pick<Report, 'summary' | 'durationMs'>): string {
  const counts = [
    ...(fail > 0 ? [`${fail} failed`] : []),
    ...(warn > 0 ? [plural(warn, 'warning')] : []),
    `${pass} passed`,
    ...(skip > 0 ? [`${skip} skipped`] : []),
  ];
  return `${counts.join(', ')} in ${(durationMs / 1000).toFixed(1)} s`;
}

/** In report order. */
export const withStatus = ({ checks }: Pick<Report, 'checks'>, status: Status): ReportFinding[] =>
  checks.flatMap(({ findings }) => findings.filter((finding) => finding.status === status));

/** The places of each variable that Spacelift reads, by its name. */
export const usedVariables = ({ variables }: Report): ReadonlyMap<string | undefined, readonly ReportVariable[]> =>
  Map.groupBy(
    variables.filter(({ used }) => used),
    ({ name }) => name,
  );

/** The findings that a cause affects, without the common parts of their IDs; the finding itself only among others like it. */
export function affectedOf({ id, affected: ids }: Pick<ReportFinding, 'id' | 'affected'>): string | undefined {
  if (ids === undefined) return undefined;
  const { base } = partsOf(id);
  const parts = ids.map(partsOf);
  if (parts.every((part) => part.base === base && part.variable !== undefined))
    return parts.map(({ variable }) => variable).join(', ');
  const check = `${id.slice(0, id.indexOf('/'))}/`;
  const rule = id.slice(id.lastIndexOf('/'));
  const alike = ids.every((other) => other.startsWith(check) && other.endsWith(rule) && other.split('/').length === 3);
  if (alike) return ids.map((other) => other.slice(check.length, -rule.length)).join(', ');
  return ids.filter((other) => other !== id).join(', ');
}

/** The evidence, except for the parts that are shown elsewhere. */
export function evidenceOf({ evidence }: ReportFinding): string | undefined {
  const { affected: _, dependsOn: __, ...rest } = evidence;
  const parts = Object.entries(rest).map(
    ([key, value]) => `${key}: ${Array.isArray(value) ? value.join(', ') || 'none' : value}`,
  );
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** The lines of a failure or warning after its title; without colors, columns or escapes. */
/** @param more rows before the others */
export function proseOf(
  finding: Explained,
  more: readonly (readonly [label: string, text: string | undefined])[] = [],
): string[] {
  const rows = [
    ...more,
    ['affects', affectedOf(finding)],
    ['expected', finding.expected],
    ['fix', finding.fix],
    ['accepted', acceptancePhrase(finding)],
    ['docs', finding.docs],
  ] satisfies (readonly [string, string | undefined])[];
  return [
    ...(finding.detail === '' ? [] : finding.detail.split('\n')),
    ...rows.flatMap(([label, text]) => {
      if (text === undefined) return [];
      return text.includes('\n') ? [`${label}:`, ...text.split('\n')] : [`${label}: ${text}`];
    }),
  ];
}

export const duration = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);
