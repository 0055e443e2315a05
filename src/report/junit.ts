/** The report as JUnit XML, for the test tab of a CI system. */
import { documentOf, type TestCase } from './junit/document.ts';
import { proseOf, resultOf } from './phrases.ts';
import type { Render } from './render.ts';
import type { ReportFinding } from './report.ts';

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
    },
    lines: [resultOf(report), ...notVerified.map(({ title, detail }) => `not verified: ${title}: ${detail}`)],
    errors: leftovers.flatMap(({ what, command }) => [`left behind: ${what}`, command]),
  });
};

function caseOf(finding: ReportFinding): TestCase {
  const { id, status, title, durationMs } = finding;
  return { id, status, title, text: [title, ...proseOf(finding)].join('\n'), durationMs };
}
