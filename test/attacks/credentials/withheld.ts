/** Which hosts got none of the credentials of the caller. */
import { expect } from 'vitest';
import { exitCode, type Report } from '../../../src/app/preflight.ts';
import type { Variables } from './world.ts';

export const findingsOf = (report: Report) => report.checks.flatMap(({ findings }) => findings);

/** The hosts that got none of the credentials, each told once. */
export const withheldAt = (report: Report): string[] =>
  findingsOf(report)
    .filter(({ status, evidence }) => status === 'skip' && evidence.reason === 'credentials-withheld')
    .map(({ evidence }) => String(evidence.host))
    .sort();

export const failures = (report: Report) =>
  findingsOf(report).flatMap(({ status, id, title }) => (status === 'fail' ? [`${id}: ${title}`] : []));

export function expectInconclusive(report: Report, hosts: readonly string[]): void {
  expect(failures(report)).toEqual([]);
  expect(withheldAt(report)).toEqual([...new Set(hosts)].sort());
  expect(report.verdict).toBe('inconclusive');
  expect(exitCode(report).code).toBe(0);
  expect(exitCode(report, { strict: true, require: [] }).code).toBe(1);
}

const SERVICES = ['S3', 'KMS', 'SQS', 'STS', 'IOT', 'IOT_DATA_PLANE'] as const;

/** Each service at a name of its own. */
export const each = (urlOf: (name: string) => string): Variables =>
  Object.fromEntries(
    SERVICES.map((service) => [`AWS_ENDPOINT_URL_${service}`, urlOf(service.toLowerCase().replaceAll('_', '-'))]),
  );
