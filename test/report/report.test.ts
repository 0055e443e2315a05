/** The report: what is in it, and what never is. */
import { describe, expect, it, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { advice, command, sh } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { makeReport } from '../../src/report/report.ts';
import { VERSION } from '../../src/util/version.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { first, judged, reportOf, works } from './reports.ts';
import { sampleReport } from './sample.ts';

test('a finding names the variable in its ID or evidence, or that of its subject or check', async () => {
  const check = fakeCheck(
    'check',
    ['<bucket>/access', 'value', 'other'],
    async ({ check, forSubject }) => {
      for (const bucket of ['states', 'uploads'])
        await forSubject(bucket, (context) => context.check('<bucket>/access', () => fail('x')).then(() => {}));
      await check('value', () => warn('x'), 'ENVIRONMENT');
      await check('other', () => warn('x', { evidence: { variables: ['AWS_REGION', 'AWS_ACCOUNT_ID'] } }));
    },
    {
      subjects: ['states', 'uploads'],
      expects: () => ['states/access', 'uploads/access', 'value', 'other'],
      variable: 'OBJECT_STORAGE_TYPE',
      subjectVariables: { states: 'OBJECT_STORAGE_BUCKET_STATES' },
    },
  );
  const { checks } = makeReport(await runFakes([check]), {
    phase: 'pre-install',
    service: undefined,
    accept: new Map(),
    redact: redactor([]),
  });
  expect(checks[0]?.findings.map(({ id, variable }) => [id, variable])).toEqual([
    ['check/states/access', 'OBJECT_STORAGE_BUCKET_STATES'],
    ['check/uploads/access', 'OBJECT_STORAGE_TYPE'],
    ['check/value[ENVIRONMENT]', 'ENVIRONMENT'],
    ['check/other', 'AWS_REGION'],
  ]);
});

describe('the report', () => {
  it('has the fields that are a public interface, in this order', async () => {
    const report = await sampleReport();
    expect(Object.keys(report)).toEqual([
      'kind',
      'schemaVersion',
      'tool',
      'startedAt',
      'durationMs',
      'configFiles',
      'from',
      'readOnly',
      'phase',
      'service',
      'release',
      'interrupted',
      'verdict',
      'summary',
      'checks',
      'variables',
      'notVerified',
      'leftovers',
    ]);
    expect(report).toMatchObject({
      schemaVersion: 1,
      tool: { name: 'spacelift-preflight', version: VERSION },
      startedAt: '2026-01-02T03:04:05.678Z',
      durationMs: 612,
      phase: 'pre-install',
      service: null,
      interrupted: false,
      verdict: 'not-ready',
      summary: { pass: 11, warn: 1, fail: 3, skip: 11 },
    });
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
    expect(report.notVerified.map(({ title }) => title)).toEqual([
      'access to version control',
      'pulling the backend image',
    ]);
  });

  it('has findings with the fields that are a public interface', async () => {
    const finding = (await sampleReport()).checks[1]?.findings[1];
    expect(finding).toEqual({
      id: 'database/version',
      rule: 'database/version',
      status: 'warn',
      title: 'PostgreSQL 17.2 is not officially supported',
      detail: 'All checks passed; the vendor tests with 14 to 16.',
      expected: 'PostgreSQL 14, 15 or 16',
      fix: 'plan a database of a supported version',
      fixKind: 'advice',
      docs: 'https://docs.spacelift.io/self-hosted/latest/external-dependencies#database',
      startMs: 5,
      durationMs: 3,
      evidence: { version: '17.2' },
    });
  });

  it('has what programs read in fields of its own, and prints it in the evidence too', async () => {
    const findings = (await sampleReport()).checks.flatMap((check) => check.findings);
    const hit = findings.find(({ affected }) => affected !== undefined);
    expect(hit).toMatchObject({ rule: expect.stringContaining('<bucket>'), subject: expect.any(String) });
    expect(hit?.affected).toContain(hit?.id);
    expect(hit?.evidence.affected).toEqual(hit?.affected);
    const waiting = findings.filter(({ dependsOn }) => dependsOn !== undefined);
    expect(waiting).not.toEqual([]);
    for (const { dependsOn, evidence } of waiting) expect(evidence).toEqual({ dependsOn });
  });

  it('always has a detail, and never an undefined field', async () => {
    const report = await reportOf([judged('a', [pass('fine'), skip('why')])]);
    const findings = report.checks.flatMap((check) => check.findings);
    expect(findings.map(({ detail }) => detail)).toEqual(['', '']);
    expect(JSON.parse(JSON.stringify(report))).toStrictEqual(report);
  });

  it('gives a check the worst status of its findings', async () => {
    const report = await reportOf([
      judged('failing', [pass('x'), skip('x'), warn('x'), fail('x')]),
      judged('warning', [pass('x'), skip('x'), warn('x')]),
      judged('passing', [skip('x'), pass('x')]),
      judged('skipped', [skip('x'), skip('x')]),
    ]);
    expect(report.checks.map(({ id, status }) => [id, status])).toEqual([
      ['failing', 'fail'],
      ['warning', 'warn'],
      ['passing', 'pass'],
      ['skipped', 'skip'],
    ]);
  });

  it('sums each check up', async () => {
    const report = await sampleReport();
    expect(report.checks.map(({ id, summary }) => [id, summary])).toEqual([
      ['configuration', '28 variables for all services, none missing'],
      ['database', '1 failed, 1 warning'],
      ['object-storage', '3 of 5 buckets failed'],
      ['encryption', 'a 4096-bit RSA key, PKCS#8'],
      ['message-queues', 'depends on database/privileges, which failed'],
      ['mqtt-broker', 'tls://spacelift.example.org:1984'],
    ]);
  });

  it('sums up a warning with what was found, and skips with their one reason', async () => {
    const says = { summary: () => 'PostgreSQL 17.2' };
    const report = await reportOf([
      judged('a', [pass('connected'), warn('x')], says),
      judged('b', [skip('not permitted to look')], says),
      judged('c', [skip('one'), skip('two')]),
      judged('d', [warn('x'), warn('y')]),
    ]);
    expect(report.checks.map(({ summary }) => summary)).toEqual([
      '1 warning; PostgreSQL 17.2',
      'not permitted to look',
      '2 skipped',
      '2 warnings',
    ]);
  });

  it('rounds durations', async () => {
    const report = await sampleReport();
    const durations = report.checks.flatMap((check) => [check.durationMs, ...check.findings.map((f) => f.durationMs)]);
    expect(durations.every(Number.isInteger)).toBe(true);
    const live = await reportOf(works);
    expect(Number.isInteger(live.durationMs) && Number.isInteger(first(live).durationMs)).toBe(true);
  });
});

describe('text from outside', () => {
  it('loses secrets wherever it is printed, and ids stay as they are', async () => {
    const secret = 'database/connect';
    const check = fakeCheck('database', ['connect', 'next'], async ({ gate, cleanup }) => {
      cleanup(`a thing named ${secret}`, command(sh`rm ${secret}`), () => Promise.reject(new Error()));
      await gate('connect', () =>
        fail(`title ${secret}`, {
          detail: `detail ${secret}`,
          expected: `expected ${secret}`,
          fix: advice`fix ${encodeURIComponent(secret)}`,
          evidence: { one: `evidence ${secret}`, more: [`item ${Buffer.from(secret).toString('base64')}`] },
        }),
      );
    });
    const report = await reportOf([check], { redact: redactor([secret]) });
    const { id, rule, ...rest } = first(report);
    expect([id, rule]).toEqual(['database/connect', 'database/connect']);
    expect(JSON.stringify(rest)).not.toContain(secret);
    expect(JSON.stringify(report.leftovers)).not.toContain(secret);
    expect(JSON.stringify(report)).not.toContain(Buffer.from(secret).toString('base64'));
    expect(rest.evidence).toEqual({ one: 'evidence ‹redacted›', more: ['item ‹redacted›'] });
    expect(report.checks[0]?.findings[1]).toMatchObject({
      rule: 'database/next',
      dependsOn: 'database/connect',
      evidence: { dependsOn: 'database/connect' },
    });
  });

  it('can not move the cursor, hide or reverse text', async () => {
    const report = await reportOf([
      judged('a', [
        pass('red \u001b[31m bell \u0007 c1 \u009b2J over\rwrite', {
          detail: 'two\r\nlines\tand a tab, \u202egnp.exe, zero\u200bwidth \ud800',
        }),
      ]),
    ]);
    expect(first(report).title).toBe('red \\u{1b}[31m bell \\u{7} c1 \\u{9b}2J over write');
    expect(first(report).detail).toBe('two\nlines and a tab, \\u{202e}gnp.exe, zero\\u{200b}width �');
  });

  it('is one line in a title', async () => {
    expect(first(await reportOf([judged('a', [pass('one\n  two')])])).title).toBe('one two');
  });

  it('is bounded, and a secret at the cut does not show in part', async () => {
    const secret = 'correct-horse-battery';
    const text = `${'x'.repeat(490)}${secret}${'y'.repeat(500)}`;
    const report = await reportOf([judged('a', [pass(text, { evidence: { all: Array(150).fill('z') } })])], {
      redact: redactor([secret]),
    });
    expect(first(report).title).toHaveLength(500);
    expect(first(report).title.endsWith('…')).toBe(true);
    expect(first(report).title).not.toContain('correct');
    expect(first(report).evidence.all).toHaveLength(100);
    expect((first(report).evidence.all as string[]).at(-1)).toBe('… and 51 more');
  });

  it('is not cut in a command of usual length', async () => {
    const policy = '{"x": 1}'.repeat(200);
    const fix = command(sh`aws s3api put-bucket-policy --policy ${policy}`);
    expect(first(await reportOf([judged('a', [fail('x', { fix })])])).fix).toBe(
      `aws s3api put-bucket-policy --policy '${policy}'`,
    );
  });
});

it('a secret that is part of a link to the documentation does not break the link', async () => {
  const check = judged('x', [
    fail('https://x', { expected: 'y', fix: advice`z`, docs: 'https://docs.spacelift.io/a' }),
  ]);
  const finding = first(await reportOf([check], { redact: redactor(['https://']) }));
  expect(finding).toMatchObject({ title: '‹redacted›x', docs: 'https://docs.spacelift.io/a' });
});
