/** The report as GitHub workflow commands: failures and warnings become annotations. */
import type { Status } from '../outcome/status.ts';
import { neutralize } from './neutralize.ts';
import { proseOf, resultOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportFinding } from './report.ts';
import { oneLine } from './sanitize.ts';

type Level = 'error' | 'warning' | 'notice';

/** Annotations first: GitHub shows ten per level and step, in log order. The rest is folded. */
export const renderGithub: Render = (report) => {
  const accepted = (finding: ReportFinding) => finding.accepted !== undefined;
  const warnings = withStatus(report, 'warn');
  const lines = [
    ...withStatus(report, 'fail').map((finding) => annotation('error', finding)),
    ...warnings.filter((finding) => !accepted(finding)).map((finding) => annotation('warning', finding)),
    ...warnings.filter(accepted).map((finding) => annotation('notice', finding)),
    ...report.leftovers.map((left) => command('warning', `left behind: ${left.what}`, left.command)),
    ...upgrade(report),
    ...group(report, 'skip', 'skipped'),
    ...group(report, 'pass', 'passed'),
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

const annotation = (level: Level, finding: ReportFinding): string =>
  command(level, finding.id, [finding.title, ...proseOf(finding)].join('\n'));

function group(report: Report, status: Status, word: string): string[] {
  const findings = withStatus(report, status);
  if (findings.length === 0) return [];
  return [
    `::group::${findings.length} ${word}`,
    ...findings.map(({ id, title }) => logged(`${id}: ${title}`)),
    '::endgroup::',
  ];
}

/** Escaped like GitHub's toolkit (`@actions/core`, command.ts). */
function command(level: Level, title: string, message: string): string {
  return `::${level} title=${escaped(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(message)}`;
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** A log line that is not a command. */
const logged = (text: string): string => neutralize(oneLine(text), 'text');
