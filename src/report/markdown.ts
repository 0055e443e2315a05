/** The report as a pull request comment, in GitHub Flavored Markdown, which GitLab also renders. */

import type { Status } from '../outcome/status.ts';
import { plural } from '../util/format.ts';
import { affectedOf, countsOf, verdictOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportFinding } from './report.ts';
import { ICONS } from './style.ts';

/** GitHub's limit for one comment, in characters, with some reserve. */
const LONGEST = 65_000;
/** Lets a later run find and replace the comment. */
const MARK = '<!-- spacelift-preflight -->';

export const renderMarkdown: Render = (report) => {
  const { status, words } = verdictOf(report);
  const about = [countsOf(report), report.phase, ...(report.service === null ? [] : [report.service])];
  const failures = withStatus(report, 'fail');
  const first = [
    `${MARK}\n## ${ICONS[status].unicode} spacelift-preflight: ${escaped(words)}`,
    about.join(' · '),
    ...failures.map((finding) => section(finding, '###')),
    ...report.leftovers.map(({ what, command }) => `**left behind: ${escaped(what)}**\n\n${fenced(command, 'sh')}`),
  ];
  const warnings = withStatus(report, 'warn');
  const rest = [
    ...(warnings.length === 0
      ? []
      : [
          details(plural(warnings.length, 'warning'), warnings.map((finding) => section(finding, '####')).join('\n\n')),
        ]),
    ...folded(report, 'skip', 'skipped'),
    ...folded(report, 'pass', 'passed'),
    ...changes(report),
    ...(report.release === undefined ? [] : [`release: ${escaped(releasePhrase(report.release))}`]),
    ...report.notVerified.map(({ title, detail }) => `not verified: ${escaped(title)}: ${escaped(detail)}`),
  ];
  return `${bounded([...first, ...rest]).join('\n\n')}\n`;
};

/** The parts that fit, in order, and a note about the others. */
function bounded(parts: readonly string[]): string[] {
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

function section(finding: ReportFinding, heading: string): string {
  const { status, id, title, detail, expected, fix, fixLanguage, accepted, docs } = finding;
  const rows = [
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['accepted', accepted],
  ] as const;
  const facts = rows.flatMap(([label, text]) => (text === undefined ? [] : [`- ${label}: ${escapedLines(text, ' ')}`]));
  if (docs !== undefined) facts.push(`- [documentation](<${docs.replace(/[<>\s\\]/g, encodeURIComponent)}>)`);
  return [
    `${heading} ${ICONS[status].unicode} ${code(id)}`,
    `**${escaped(title)}**`,
    ...(detail === '' ? [] : [escapedLines(detail, '\\\n')]),
    ...(facts.length === 0 ? [] : [facts.join('\n')]),
    ...(fix === undefined ? [] : [fenced(fix, fixLanguage)]),
  ].join('\n\n');
}

/** What is different in the release that an upgrade leads to. */
function changes({ release }: Report): string[] {
  const title = release && changesTitle(release);
  if (title === undefined) return [];
  const rows = (release?.changes ?? []).map((change) => {
    const action = change.action === undefined ? '' : `: ${escaped(change.action)}`;
    return `- **${escaped(changePhrase(change))}**${action}`;
  });
  return [[`**${escaped(title)}**`, ...rows].join('\n')];
}

function folded(report: Report, status: Status, word: string): string[] {
  const findings = withStatus(report, status);
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
const code = (id: string): string => `\`${id}\``;

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
function escaped(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>|~!$&^]/g, '\\$&')
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
    .replace(/^([-+=#]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
    .replace(/@|(?<=#)(?=\d)/g, '$&<!-- -->');
}
