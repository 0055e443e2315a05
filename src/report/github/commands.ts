/** GitHub workflow commands, for reports and for matrices. */
import type { Leftover } from '../../engine/leftover.ts';
import { headOf, listOf } from '../comparison/phrases.ts';
import type { Comparison } from '../comparison/types.ts';
import { neutralize } from '../neutralize.ts';
import { proseOf } from '../phrases.ts';
import { oneLine } from '../sanitize.ts';
import type { Explained } from '../types.ts';

type Level = 'error' | 'warning' | 'notice';

/** @param more rows before the others */
export const annotation = (
  level: Level,
  finding: Explained,
  more: readonly (readonly [label: string, text: string | undefined])[] = [],
): string => command(level, finding.id, [finding.title, ...proseOf(finding, more)].join('\n'));

/** Folded in the log; none without findings. */
export function group(findings: readonly Pick<Explained, 'id' | 'title'>[], word: string): string[] {
  if (findings.length === 0) return [];
  return [
    `::group::${findings.length} ${word}`,
    ...findings.map(({ id, title }) => logged(`${id}: ${title}`)),
    '::endgroup::',
  ];
}

/** One notice with what changed since the baseline, if there is one. */
export const changesSince = ({ comparison }: { readonly comparison?: Comparison }): string[] =>
  comparison === undefined
    ? []
    : [command('notice', headOf(comparison), listOf(comparison).join('\n') || 'no changes')];

/** A warning, or a notice if it may stay. */
export const leftBehind = ({ what, command: fix, mayStay }: Leftover): string =>
  command(mayStay === true ? 'notice' : 'warning', `left behind: ${what}`, fix);

/** Escaped like GitHub's toolkit (`@actions/core`, command.ts). */
export function command(level: Level, title: string, message: string): string {
  return `::${level} title=${escaped(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(message)}`;
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** A log line that is not a command. */
export const logged = (text: string): string => neutralize(oneLine(text), 'text');
