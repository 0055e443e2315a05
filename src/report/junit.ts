/** The report as JUnit XML, for the test tab of a CI system. */
import { XMLBuilder } from 'fast-xml-parser';
import { proseOf, resultOf } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';

const NAME = 'spacelift-preflight';
/** Prefix for attributes. */
const AT = '@';
/** Characters that XML 1.0 does not allow, not even escaped. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** A check is a suite, a finding a test case. JUnit has no warnings: they pass, with a message on standard error. */
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
    // Jenkins treats the part before the dot as a package.
    '@classname': `${NAME}.${check}`,
    '@name': finding.id,
    '@time': seconds(finding.durationMs),
    ...outcomeOf(finding),
  };
}

/** GitLab shows only the text of an element, Jenkins also its message, so the text is complete by itself. */
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

/** A suite without tests, with the results of the run as a whole. */
function summaryOf(report: Report): object {
  const properties = {
    verdict: report.verdict,
    phase: report.phase,
    service: report.service ?? 'all',
    interrupted: report.interrupted,
    version: report.tool.version,
    ...releaseOf(report),
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
      resultOf(report),
      ...report.notVerified.map(({ title, detail }) => `not verified: ${title}: ${detail}`),
    ].join('\n'),
    ...(leftovers.length > 0 && { 'system-err': leftovers.join('\n') }),
  };
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

/** Three decimals, the most that Jenkins reads. */
const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function legal(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(ILLEGAL, '\u{fffd}');
  if (Array.isArray(value)) return value.map(legal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, legal(held)]));
}
