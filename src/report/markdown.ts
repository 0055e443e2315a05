/** The report as a pull request comment, in GitHub Flavored Markdown, which GitLab also renders. */

import { decisionLines } from './accepted.ts';
import {
  bounded,
  changesSince,
  escaped,
  folded,
  foldedSections,
  heading,
  leftBehind,
  section,
} from './markdown/parts.ts';
import { countsOf, verdictOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report } from './report.ts';

export const renderMarkdown: Render = (report) => {
  const { status, words } = verdictOf(report);
  const about = [countsOf(report), report.phase, ...(report.service === null ? [] : [report.service])];
  const failures = withStatus(report, 'fail');
  const first = [
    heading({ status, words }),
    about.join(' · '),
    ...failures.map((finding) => section(finding, '###')),
    ...report.leftovers.map(leftBehind),
  ];
  const warnings = withStatus(report, 'warn');
  const rest = [
    ...changesSince(report),
    ...foldedSections(
      'warning',
      warnings.map((finding) => section(finding, '####')),
    ),
    ...folded(withStatus(report, 'skip'), 'skipped'),
    ...folded(withStatus(report, 'pass'), 'passed'),
    ...changes(report),
    ...(report.release === undefined ? [] : [`release: ${escaped(releasePhrase(report.release))}`]),
    ...decisionLines(report.decisions).map((line) => `decisions: ${escaped(line)}`),
    ...report.notVerified.map(({ title, detail }) => `not verified: ${escaped(title)}: ${escaped(detail)}`),
  ];
  return `${bounded([...first, ...rest]).join('\n\n')}\n`;
};

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
