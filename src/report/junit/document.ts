/** JUnit XML, for reports and for matrices. */
import { XMLBuilder } from 'fast-xml-parser';
import type { Status } from '../../outcome/status.ts';

const NAME = 'spacelift-preflight';
/** Prefix for attributes. */
const AT = '@';
/** Characters that XML 1.0 does not allow, not even escaped. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

export interface TestCase {
  readonly id: string;
  readonly status: Status;
  /** One line. */
  readonly title: string;
  /** The title and everything else. */
  readonly text: string;
  readonly durationMs: number;
}

export interface TestSuite {
  readonly id: string;
  readonly cases: readonly TestCase[];
  readonly durationMs: number;
  /** ISO 8601. */
  readonly startedAt: string | null;
}

/** The results of the run as a whole. */
export interface TestSummary {
  readonly fail: number;
  readonly durationMs: number;
  readonly properties: Readonly<Record<string, string | boolean>>;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/** JUnit has no warnings: they pass, with a message on standard error. */
export function documentOf(suites: readonly TestSuite[], summary: TestSummary): string {
  const builder = new XMLBuilder({
    format: true,
    ignoreAttributes: false,
    attributeNamePrefix: AT,
    suppressEmptyNode: true,
  });
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': NAME,
      '@tests': suites.reduce((sum, { cases }) => sum + cases.length, 0),
      '@failures': summary.fail,
      '@errors': 0,
      '@time': seconds(summary.durationMs),
      testsuite: [...suites.map(suiteOf), summaryOf(summary)],
    },
  };
  return builder.build(legal(document));
}

function suiteOf({ id, cases, durationMs, startedAt }: TestSuite): object {
  const count = (status: Status) => cases.filter((one) => one.status === status).length;
  return {
    '@name': id,
    '@tests': cases.length,
    '@failures': count('fail'),
    '@errors': 0,
    '@skipped': count('skip'),
    '@time': seconds(durationMs),
    ...(startedAt !== null && { '@timestamp': startedAt }),
    testcase: cases.map((one) => caseOf(id, one)),
  };
}

function caseOf(suite: string, one: TestCase): object {
  return {
    // Jenkins treats the part before the dot as a package.
    '@classname': `${NAME}.${suite}`,
    '@name': one.id,
    '@time': seconds(one.durationMs),
    ...outcomeOf(one),
  };
}

/** GitLab shows only the text of an element, Jenkins also its message, so the text is complete by itself. */
function outcomeOf({ status, title, text }: TestCase): object {
  switch (status) {
    case 'fail':
      return { failure: { '@message': title, '@type': 'failure', '#text': text } };
    case 'skip':
      return { skipped: { '@message': title, '#text': text } };
    case 'warn':
      return { 'system-err': `warning: ${text}` };
    case 'pass':
      return { 'system-out': text };
  }
}

/** A suite without tests. */
function summaryOf({ properties, lines, errors }: TestSummary): object {
  return {
    '@name': 'summary',
    '@tests': 0,
    '@failures': 0,
    '@errors': 0,
    '@skipped': 0,
    properties: {
      property: Object.entries(properties).map(([name, value]) => ({ '@name': name, '@value': value })),
    },
    'system-out': lines.join('\n'),
    ...(errors.length > 0 && { 'system-err': errors.join('\n') }),
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
