/** The report as JUnit XML, for the test tab of a CI system. */

import { decisionLines } from './accepted.ts';
import { changesOf } from './comparison/phrases.ts';
import { documentOf, type TestCase } from './junit/document.ts';
import { proseOf, resultOf } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportFinding } from './report.ts';

/** A check is a suite, a finding a test case. */
export const renderJunit: Render = (report) => {
  const { startedAt, durationMs, summary, checks, leftovers, notVerified } = report;
  const suites = checks.map((check) => ({
    id: check.id,
    cases: check.findings.map(caseOf),
    durationMs: check.durationMs,
    startedAt,
  }));
  return documentOf(suites, {
    fail: summary.fail,
    durationMs,
    properties: {
      verdict: report.verdict,
      phase: report.phase,
      service: report.service ?? 'all',
      interrupted: report.interrupted,
      version: report.tool.version,
      ...releaseOf(report),
    },
    lines: [
      resultOf(report),
      ...changesOf(report),
      ...decisionLines(report.decisions).map((line) => `decisions: ${line}`),
      ...notVerified.map(({ title, detail }) => `not verified: ${title}: ${detail}`),
    ],
    errors: leftovers.flatMap(({ what, command }) => [`left behind: ${what}`, command]),
  });
};

function caseOf(finding: ReportFinding): TestCase {
  const { id, status, title, durationMs } = finding;
  return { id, status, title, text: [title, ...proseOf(finding)].join('\n'), durationMs };
}

/** Each change of an upgrade is a property: `upgrade.1`. */
function releaseOf({ release }: Report): Readonly<Record<string, string>> {
  if (release === undefined) return {};
  const { changes = [] } = release;
  const all = changes.map(
    (change, index) =>
      [`upgrade.${index + 1}`, [changePhrase(change), change.action].filter(Boolean).join('; ')] as const,
  );
  const title = changesTitle(release);
  return {
    release: releasePhrase(release),
    ...(title !== undefined && { upgrade: title }),
    ...Object.fromEntries(all),
  };
}
