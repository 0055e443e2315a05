/** The report as JUnit XML, for the test tab of a CI system. */
import { XMLBuilder } from 'fast-xml-parser';
import { countsOf, proseOf, verdictOf } from './phrases.ts';
import type { Render } from './render.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';

const NAME = 'spacelift-preflight';
/** Attributes begin with it. */
const AT = '@';
/** What XML 1.0 has no way to hold, not even escaped. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** A check is a suite, a finding a test case. JUnit knows no warnings: they pass, and say so on their standard error. */
export const renderJunit: Render = (report) => {
  const builder = new XMLBuilder({
    format: true,
    ignoreAttributes: false,
    attributeNamePrefix: AT,
    suppressEmptyNode: true,
  });
  const { fail } = report.summary;
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': NAME,
      '@tests': report.checks.reduce((sum, { findings }) => sum + findings.length, 0),
      '@failures': fail,
      '@errors': 0,
      '@time': seconds(report.durationMs),
      testsuite: [...report.checks.map((check) => suiteOf(check, report)), summaryOf(report)],
    },
  };
  return builder.build(legal(document));
};

function suiteOf({ id, findings, durationMs }: ReportCheck, { startedAt }: Report): object {
  const count = (status: string) => findings.filter((finding) => finding.status === status).length;
  return {
    '@name': id,
    '@tests': findings.length,
    '@failures': count('fail'),
    '@errors': 0,
    '@skipped': count('skip'),
    '@time': seconds(durationMs),
    '@timestamp': startedAt,
    testcase: findings.map((finding) => caseOf(id, finding)),
  };
}

function caseOf(check: string, finding: ReportFinding): object {
  return {
    // Jenkins takes what stands before the dot for a package.
    '@classname': `${NAME}.${check}`,
    '@name': finding.id,
    '@time': seconds(finding.durationMs),
    ...outcomeOf(finding),
  };
}

/** GitLab shows the text of an element alone, Jenkins its message too: each says all. */
function outcomeOf(finding: ReportFinding): object {
  const text = [finding.title, ...proseOf(finding)].join('\n');
  switch (finding.status) {
    case 'fail':
      return { failure: { '@message': finding.title, '@type': 'failure', '#text': text } };
    case 'skip':
      return { skipped: { '@message': finding.title, '#text': text } };
    case 'warn':
      return { 'system-err': `warning: ${text}` };
    case 'pass':
      return { 'system-out': text };
  }
}

/** A suite without tests: what is true of the run as a whole. */
function summaryOf(report: Report): object {
  const properties = {
    verdict: report.verdict,
    phase: report.phase,
    service: report.service ?? 'all',
    interrupted: report.interrupted,
    version: report.tool.version,
  };
  const leftovers = report.leftovers.flatMap(({ what, command }) => [`left behind: ${what}`, command]);
  return {
    '@name': 'summary',
    '@tests': 0,
    '@failures': 0,
    '@errors': 0,
    '@skipped': 0,
    properties: {
      property: Object.entries(properties).map(([name, value]) => ({ '@name': name, '@value': value })),
    },
    'system-out': [
      `${verdictOf(report).words}: ${countsOf(report)}`,
      ...report.notVerified.map(({ title, detail }) => `not verified: ${title}: ${detail}`),
    ].join('\n'),
    ...(leftovers.length > 0 && { 'system-err': leftovers.join('\n') }),
  };
}

/** At most three decimals, which is all that Jenkins reads. */
const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function legal(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(ILLEGAL, '\u{fffd}');
  if (Array.isArray(value)) return value.map(legal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, legal(held)]));
}
