/** The report as GitHub workflow commands: failures and warnings become annotations. */
import { decisionLines } from './accepted.ts';
import { annotation, changesSince, command, group, leftBehind, logged } from './github/commands.ts';
import { resultOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportFinding } from './report.ts';

/** Annotations first: GitHub shows ten per level and step, in log order. The rest is folded. */
export const renderGithub: Render = (report) => {
  const accepted = (finding: ReportFinding) => finding.accepted !== undefined;
  const warnings = withStatus(report, 'warn');
  const lines = [
    ...withStatus(report, 'fail').map((finding) => annotation('error', finding)),
    ...warnings.filter((finding) => !accepted(finding)).map((finding) => annotation('warning', finding)),
    ...warnings.filter(accepted).map((finding) => annotation('notice', finding)),
    ...report.leftovers.map(leftBehind),
    ...upgrade(report),
    ...changesSince(report),
    ...group(withStatus(report, 'skip'), 'skipped'),
    ...group(withStatus(report, 'pass'), 'passed'),
    ...decisionLines(report.decisions).map((line) => logged(`decisions: ${line}`)),
    ...report.notVerified.map(({ title, detail }) => logged(`not verified: ${title}: ${detail}`)),
    ...(report.release === undefined ? [] : [logged(`release: ${releasePhrase(report.release)}`)]),
    logged(resultOf(report)),
  ];
  return `${lines.join('\n')}\n`;
};

/** One notice for the list of changes. */
function upgrade({ release }: Report): string[] {
  const title = release && changesTitle(release);
  if (release === undefined || title === undefined) return [];
  const changes = (release.changes ?? []).map((change) =>
    [changePhrase(change), change.action].filter(Boolean).join('; '),
  );
  return [command('notice', title, changes.join('\n') || releasePhrase(release))];
}
