import { readFile } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { renderAs } from '../../src/report/index.ts';
import type { Report } from '../../src/report/report.ts';
import { hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

/** The schema of Jenkins's xUnit plugin, which GitLab and GitHub's reporters read too. */
const XSD = await readFile(new URL('junit-10.xsd', import.meta.url), 'utf8');

async function junit(report: Report): Promise<string> {
  const xml = await renderAs(report, 'junit');
  const { errors } = await validateXML({ xml, schema: XSD });
  expect(errors).toEqual([]);
  return xml;
}

const parse = (xml: string) =>
  new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: (name) => name === 'testcase' }).parse(xml)
    .testsuites;

describe('the JUnit report', () => {
  it('is valid, and has failures, warnings and skips in their places', async () => {
    const suites = parse(await junit(await sampleReport()));
    expect(suites).toMatchObject({
      name: 'spacelift-preflight',
      tests: '26',
      failures: '3',
      errors: '0',
      time: '0.612',
    });
    const database = suites.testsuite.find(({ name }: { name: string }) => name === 'database');
    expect(database).toMatchObject({ tests: '5', failures: '1', skipped: '1', timestamp: '2026-01-02T03:04:05.678Z' });
    expect(database.testcase).toMatchObject([
      { name: 'database/connect', classname: 'spacelift-preflight.database', time: '0.003', 'system-out': 'connected' },
      { name: 'database/version', 'system-err': expect.stringMatching(/^warning: PostgreSQL 17.2 .*\nfix: plan a/s) },
      {
        name: 'database/privileges',
        failure: {
          message: 'the role spacelift lacks CREATE and USAGE on the schema public',
          type: 'failure',
          '#text': expect.stringContaining(
            'fix:\nGRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;\n',
          ),
        },
      },
      { name: 'database/encoding' },
      {
        name: 'database/pooler',
        skipped: {
          message: 'not allowed to read pg_stat_activity',
          // GitLab shows the text, and not the message.
          '#text': 'not allowed to read pg_stat_activity\nfix: GRANT pg_monitor TO spacelift;',
        },
      },
    ]);
  });

  it('tells of the run as a whole in a suite without tests', async () => {
    const report = await sampleReport();
    const leftovers = [{ what: 'an object in spacelift-states', command: 'aws s3 rm s3://spacelift-states/probe' }];
    const summary = parse(await junit({ ...report, leftovers })).testsuite.at(-1);
    expect(summary).toMatchObject({ name: 'summary', tests: '0' });
    expect(summary.properties.property).toContainEqual({ name: 'verdict', value: 'not-ready' });
    expect(summary['system-err']).toBe(
      'left behind: an object in spacelift-states\naws s3 rm s3://spacelift-states/probe',
    );
  });

  it('is valid whatever the values are', async () => {
    await junit(await hostileReport());
  });

  it('is valid even for what only a caller of the API could put in', async () => {
    const report = await sampleReport();
    const detail = 'nul \u0000 escape \u001b noncharacter \uffff lone \ud800 emoji \u{1f600}';
    const checks = report.checks.map((check) => ({
      ...check,
      findings: check.findings.map((finding) => ({ ...finding, detail })),
    }));
    expect(await junit({ ...report, checks })).toContain('nul � escape � noncharacter � lone � emoji 😀');
  });

  it('is found invalid when it is', async () => {
    const xml = (await renderAs(await sampleReport(), 'junit'))
      .replace('<failure', '<fault')
      .replace('</failure', '</fault');
    expect((await validateXML({ xml, schema: XSD })).errors.length).toBeGreaterThan(0);
  });
});
