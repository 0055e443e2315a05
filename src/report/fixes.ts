/**
 * The fixes as one Bash script, to be reviewed and run. Only commands that were made for a shell or for psql
 * (`outcome/fix.ts`) are code in it; settings, advice and everything else are comments.
 */

import { MASK } from '../config/logins.ts';
import type { Leftover } from '../engine/leftover.ts';
import { acceptancePhrase } from './accepted.ts';
import { headOf } from './comparison/phrases.ts';
import { comment, DATABASE, labeled, psqlDocument, shellCommands } from './fixes/script.ts';
import { affectedOf, resultOf, usedVariables, withStatus } from './phrases.ts';
import type { Render } from './render.ts';
import type { Report, ReportFinding } from './types.ts';

const WORDS = { fail: 'failed', warn: 'warning' } as const;
/** A command that was redacted or cut off would do something else. */
const isIncomplete = (fix: string): boolean => fix.includes(MASK) || fix.endsWith('…');

export const renderFixes: Render = (report) => fixesOf(report);

/** The script; ends with a line break. */
export function fixesOf(report: Report): string {
  const issues = (['fail', 'warn'] as const).flatMap((status) => withStatus(report, status));
  const places = placesIn(report);
  const ran = new Map<string, string>();
  const sections = issues.map((finding, index) => {
    const code = codeOf(finding, ran.get(finding.fix ?? ''));
    if (code.runs && finding.fix !== undefined) ran.set(finding.fix, finding.id);
    const { status, id } = finding;
    const heading = `--- ${index + 1} of ${issues.length}: ${status === 'fail' ? WORDS.fail : WORDS.warn}: ${id}`;
    return { ...code, lines: [comment(heading), ...about(finding, places), ...code.lines] };
  });
  const commands = sections.filter(({ runs }) => runs !== undefined).length;
  const usesSql = sections.some(({ runs }) => runs === 'sql');
  const parts = [
    head(report),
    ...(usesSql ? [REQUIRES_DATABASE] : []),
    ...sections.map(({ lines }) => lines),
    ...(report.leftovers.length === 0 ? [] : [leftBehind(report.leftovers)]),
    [`echo '${endOf(issues.length, commands)}'`],
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const head = (report: Report): string[] => [
  '#!/usr/bin/env bash',
  ...labeled('fixes from', `${report.tool.name} ${report.tool.version}, ${report.startedAt}`),
  ...labeled('result', resultOf(report)),
  ...(report.comparison === undefined ? [] : labeled('changes', headOf(report.comparison))),
  ...(report.domain === undefined ? [] : labeled('domain', report.domain)),
  ...(report.configFiles?.length ? labeled('config', report.configFiles.join('\n')) : []),
  '#',
  '# Review every command before you run this script: it changes your systems with your own',
  '# credentials, and stops at the first error. Commands that remove or replace something are commented',
  '# out; so is everything that only a person can do. Afterward, run spacelift-preflight again.',
  '#',
  '# Dollar signs between single quotes are meant:',
  '# shellcheck disable=SC2016',
  'set -euo pipefail',
];

const REQUIRES_DATABASE = [
  '# SQL is executed as an administrator, in the database that DATABASE_URL names (in another one as long',
  '# as it does not exist). Set the URL in your shell, not in this file.',
  `: "\${${DATABASE}:?set it to the URL of an administrator of the database}"`,
];

/** What was found, as comments. */
function about(finding: ReportFinding, placeFor: PlaceFor): string[] {
  const { title, detail, expected, fix, fixKind } = finding;
  const rows = [
    ['found', title],
    ['detail', detail || undefined],
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['accepted', acceptancePhrase(finding)],
    ['setting', fixKind === 'setting' ? fix : undefined],
    ['advice', fixKind === 'advice' || fixKind === undefined ? fix : undefined],
    ['where', placeFor(finding)],
  ] satisfies (readonly [string, string | undefined])[];
  return rows.flatMap(([label, text]) => (text === undefined ? [] : labeled(label, text)));
}

/** Where a person changes the variable that a fix names: where it is set, or would be. */
function placesIn(report: Report): PlaceFor {
  const used = usedVariables(report);
  return ({ fix = '', fixKind, variable }) => {
    if (fixKind === 'command') return undefined;
    const [, set] = /^set (\w+)=/.exec(fix) ?? [];
    const name = fixKind === 'setting' ? set : variable;
    if (name === undefined || !fix.includes(name)) return undefined;
    const places = used
      .get(name)
      ?.map(({ origin, location }) => (location?.line === undefined ? origin : `${origin}, line ${location.line}`));
    return places?.join('\n') ?? report.configFiles?.[0];
  };
}

type PlaceFor = (finding: ReportFinding) => string | undefined;

interface Code {
  readonly lines: readonly string[];
  /** What it runs; nothing if it is only a comment. */
  readonly runs?: 'sh' | 'sql';
}

/** @param before the finding with the same fix */
function codeOf({ fix, fixKind, fixLanguage, fixDestructive, accepted }: ReportFinding, before?: string): Code {
  if (fix === undefined || fixKind !== 'command' || fixLanguage === undefined) return { lines: [] };
  if (before !== undefined) return { lines: labeled('fix', `the same as for ${before}`) };
  const lines = fixLanguage === 'sql' ? psqlDocument(fix) : shellCommands(fix);
  const why = isIncomplete(fix)
    ? 'a secret of the config is left out'
    : fixDestructive === true
      ? 'it removes or replaces something'
      : accepted !== undefined
        ? 'the warning is accepted'
        : undefined;
  if (why === undefined) return { lines, runs: fixLanguage };
  return { lines: [...labeled('commented out', why), ...lines.map(comment)] };
}

const leftBehind = (leftovers: readonly Leftover[]): string[] => [
  comment('--- left behind by the run; commented out: it removes something'),
  ...leftovers.flatMap(({ what, command }) => [...labeled('left', what), ...shellCommands(command).map(comment)]),
];

function endOf(issues: number, commands: number): string {
  if (issues === 0) return 'nothing to fix';
  return commands === 0
    ? 'no command to run: the comments in this script say what to do'
    : 'all commands succeeded: run spacelift-preflight again';
}
