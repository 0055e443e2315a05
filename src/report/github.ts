/** The report as GitHub workflow commands: failures and warnings become annotations. */
import { annotation, command, group, logged } from './github/commands.ts';
import { resultOf, withStatus } from './phrases.ts';
import type { Render } from './render.ts';
import type { ReportFinding } from './report.ts';

/** Annotations first: GitHub shows ten per level and step, in log order. The rest is folded. */
export const renderGithub: Render = (report) => {
  const accepted = (finding: ReportFinding) => finding.accepted !== undefined;
  const warnings = withStatus(report, 'warn');
  const lines = [
    ...withStatus(report, 'fail').map((finding) => annotation('error', finding)),
    ...warnings.filter((finding) => !accepted(finding)).map((finding) => annotation('warning', finding)),
    ...warnings.filter(accepted).map((finding) => annotation('notice', finding)),
    ...report.leftovers.map((left) => command('warning', `left behind: ${left.what}`, left.command)),
    ...group(withStatus(report, 'skip'), 'skipped'),
    ...group(withStatus(report, 'pass'), 'passed'),
    ...report.notVerified.map(({ title, detail }) => logged(`not verified: ${title}: ${detail}`)),
    logged(resultOf(report)),
  ];
  return `${lines.join('\n')}\n`;
};
