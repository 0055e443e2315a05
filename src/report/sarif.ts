/** The report in SARIF, for code scanning: failures and warnings, at the lines of the variables that they are about. */
import { decisionLines } from './accepted.ts';
import { renderJson } from './json.ts';
import { resultOf } from './phrases.ts';
import type { Render } from './render.ts';
import { changeNotes, documentOf, type Result } from './sarif/document.ts';
import { locationsIn } from './sarif/locations.ts';
import type { ReportFinding } from './types.ts';

export const renderSarif: Render = (report, _, describe = () => undefined) => {
  const category = report.service ?? 'all';
  const locationsOf = locationsIn(report);
  const results = report.checks.flatMap(({ findings }) =>
    findings.flatMap((finding) => resultFor(finding, category, locationsOf)),
  );
  const { tool, startedAt, durationMs, interrupted, leftovers } = report;
  const about = {
    tool,
    category,
    startedAt,
    durationMs,
    isComplete: !interrupted,
    notes: [
      { level: 'note' as const, text: resultOf(report) },
      ...decisionLines(report.decisions).map((line) => ({ level: 'note' as const, text: `decisions: ${line}` })),
      ...changeNotes(report),
      ...leftovers.map(({ what, command }) => ({
        level: 'warning' as const,
        text: `left behind: ${what}\n${command}`,
      })),
    ],
    properties: {
      verdict: report.verdict,
      phase: report.phase,
      ...(report.domain !== undefined && { domain: report.domain }),
      ...(report.release?.version && { release: report.release.version }),
    },
  };
  return renderJson(documentOf(results, about, describe));
};

function resultFor(
  finding: ReportFinding,
  category: string,
  locationsOf: (finding: ReportFinding) => object[],
): Result[] {
  const { id, rule = id, status } = finding;
  if (status !== 'fail' && status !== 'warn') return [];
  return [{ finding, status, rule, identity: [id, category], locations: locationsOf(finding) }];
}
