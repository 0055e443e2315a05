/** Parts of comments in GitHub Flavored Markdown, for reports and for matrices. */
import type { Leftover } from '../../engine/leftover.ts';
import type { Status } from '../../outcome/status.ts';
import { plural } from '../../util/format.ts';
import { acceptancePhrase } from '../accepted.ts';
import { headOf, listOf } from '../comparison/phrases.ts';
import type { Comparison } from '../comparison/types.ts';
import { affectedOf, isWebAddress } from '../phrases.ts';
import { ICONS } from '../style.ts';
import type { Explained } from '../types.ts';

/** GitHub's limit for one comment, in characters, with some reserve. */
const LONGEST = 65_000;
/** Lets a later run find and replace the comment. */
const MARK = '<!-- spacelift-preflight -->';

/** The parts that fit, in order, and a note about the others. */
export function bounded(parts: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const part of parts) {
    if (length + part.length > LONGEST) continue;
    kept.push(part);
    length += part.length + 2;
  }
  const left = parts.length - kept.length;
  if (left === 0) return kept;
  return [
    ...kept,
    `${plural(left, 'part')} omitted because of GitHub's comment size limit; use \`-o json\` for the full report.`,
  ];
}

/** @param rows before the others */
export function section(
  finding: Explained & { readonly status: Status },
  heading: string,
  more: readonly (readonly [label: string, text: string | undefined])[] = [],
): string {
  const { status, id, title, detail, expected, fix, fixLanguage, docs } = finding;
  const rows = [
    ...more,
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['accepted', acceptancePhrase(finding)],
  ] satisfies (readonly [string, string | undefined])[];
  const facts = rows.flatMap(([label, text]) => (text === undefined ? [] : [`- ${label}: ${escapedLines(text, ' ')}`]));
  if (docs !== undefined) facts.push(`- ${link(docs)}`);
  return [
    `${heading} ${ICONS[status].unicode} ${code(id)}`,
    `**${escaped(title)}**`,
    ...(detail === '' ? [] : [escapedLines(detail, '\\\n')]),
    ...(facts.length === 0 ? [] : [facts.join('\n')]),
    ...(fix === undefined ? [] : [fenced(fix, fixLanguage)]),
  ].join('\n\n');
}

const link = (url: string): string =>
  isWebAddress(url)
    ? `[documentation](<${url.replace(/[<>\s\\]/g, encodeURIComponent)}>)`
    : `documentation: ${escapedLines(url, ' ')}`;

/** The first line. */
export const heading = ({ status, words }: { readonly status: Status; readonly words: string }): string =>
  `${MARK}\n## ${ICONS[status].unicode} spacelift-preflight: ${escaped(words)}`;

export const leftBehind = ({ what, command }: Leftover): string =>
  `**left behind: ${escaped(what)}**\n\n${fenced(command, 'sh')}`;

/** What changed since the baseline, if there is one. */
export function changesSince({ comparison }: { readonly comparison?: Comparison }): string[] {
  if (comparison === undefined) return [];
  const rows = listOf(comparison).map((text) => `- ${escaped(text)}`);
  return [[`**${escaped(headOf(comparison))}**`, ...(rows.length === 0 ? [] : ['', ...rows])].join('\n')];
}

/** Sections that are shown on request; none if there are none. */
export const foldedSections = (noun: string, sections: readonly string[]): string[] =>
  sections.length === 0 ? [] : [details(plural(sections.length, noun), sections.join('\n\n'))];

/** A table of findings that is shown on request; none if there are none. */
export function folded(findings: readonly Pick<Explained, 'id' | 'title' | 'fix'>[], word: string): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map(({ id, title, fix }) => {
    const fixCell = fix === undefined ? '' : `<br>${escapedLines(fix, '<br>')}`;
    return `| ${code(id)} | ${escaped(title)}${fixCell} |`;
  });
  return [details(`${findings.length} ${word}`, ['| finding | |', '| --- | --- |', ...rows].join('\n'))];
}

/** The empty lines switch back from HTML to Markdown. */
const details = (summary: string, inside: string): string =>
  `<details>\n<summary>${summary}</summary>\n\n${inside}\n\n</details>`;

/** For IDs only: they contain no backticks. */
export const code = (id: string): string => `\`${id}\``;

/** The fence is longer than any run of backticks in the text. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

const escapedLines = (text: string, separator: string): string =>
  text
    .split('\n')
    .map((line) => escaped(line.trim()))
    .join(separator);

/** Plain text: no markup, HTML, links or mentions of people or issues. */
export function escaped(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>|~!$&^]/g, '\\$&')
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
    .replace(/^([-+=#]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
    .replace(/@|(?<=#)(?=\d)/g, '$&<!-- -->');
}
