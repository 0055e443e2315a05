import { describe, expect, it, test } from 'vitest';
import type { Perspective } from '../../src/config/options.ts';
import { redactor } from '../../src/config/redact.ts';
import type { Check } from '../../src/engine/check.ts';
import { advice, command, sh } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { exitCode } from '../../src/report/exit.ts';
import { makeReport, type Report, type ReportOptions } from '../../src/report/report.ts';
import { VERSION } from '../../src/util/version.ts';
import { fakeCheck, never, runFakes } from '../fakes.ts';
import { expectValid } from '../support/valid.ts';
import { sampleReport } from './sample.ts';

/** A check with one rule per outcome: `a`, `b`, … */
const judged = (id: string, outcomes: readonly Outcome[], more: Partial<Check> = {}): Check =>
  fakeCheck(
    id,
    outcomes.map((_, index) => String.fromCharCode(97 + index)),
    async ({ check }) => {
      for (const [index, outcome] of outcomes.entries()) await check(String.fromCharCode(97 + index), () => outcome);
    },
    more,
  );

async function reportOf(
  checks: readonly Check[],
  more: Partial<ReportOptions> = {},
  interrupt: AbortSignal = never(),
): Promise<Report> {
  const result = await runFakes(checks, {}, interrupt);
  const defaults = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
  return expectValid(makeReport(result, { ...defaults, ...more }), checks);
}

const first = (report: Report) => {
  const finding = report.checks[0]?.findings[0];
  if (finding === undefined) throw new Error('an empty report');
  return finding;
};

const works = [judged('database', [pass('fine')]), judged('object-storage', [pass('fine')])];

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

describe('the verdict', () => {
  it('is ready when nothing failed or warned', async () => {
    expect((await reportOf(works)).verdict).toBe('ready');
  });

  it('says when something warned, or failed', async () => {
    expect((await reportOf([...works, judged('x', [warn('x')])])).verdict).toBe('ready-with-warnings');
    expect((await reportOf([...works, judged('x', [warn('x'), fail('x')])])).verdict).toBe('not-ready');
  });

  it.each<[Perspective | undefined, string, string]>([
    [undefined, 'database', 'inconclusive'],
    [undefined, 'object-storage', 'inconclusive'],
    ['server', 'object-storage', 'inconclusive'],
    ['drain', 'database', 'inconclusive'],
    ['scheduler', 'database', 'ready'],
    ['scheduler', 'object-storage', 'inconclusive'],
    ['vcs-gateway', 'database', 'ready'],
    ['vcs-gateway', 'object-storage', 'inconclusive'],
    ['worker', 'network', 'inconclusive'],
    ['worker', 'object-storage', 'ready'],
  ])('for %s, when only %s was seen working, is %s', async (service, id, verdict) => {
    const other = id === 'database' ? 'object-storage' : 'database';
    const report = await reportOf([judged(id, [pass('fine')]), judged(other, [skip('x')])], { service });
    expect(report.verdict).toBe(verdict);
  });

  it('is never "ready" for an interrupted run, but "not-ready" when something had failed', async () => {
    const hung = fakeCheck('hung', ['x'], async ({ check }) => void (await check('x', () => new Promise(() => {}))));
    const soon = () => AbortSignal.timeout(20);
    const report = await reportOf([...works, hung], {}, soon());
    expect(report).toMatchObject({ interrupted: true, verdict: 'inconclusive' });
    expect((await reportOf([judged('x', [fail('x')]), hung], {}, soon())).verdict).toBe('not-ready');
  });
});

describe('the exit code', () => {
  const plain = { strict: false, require: [] };
  const strict = { strict: true, require: [] };

  it('is 1 for a failure, and 0 for a warning', async () => {
    expect(exitCode(await reportOf([...works, judged('x', [fail('x')])]), plain)).toEqual({ code: 1, because: [] });
    expect(exitCode(await reportOf([...works, judged('x', [warn('x')])]), plain)).toEqual({ code: 0, because: [] });
    expect(exitCode(await reportOf([judged('x', [skip('x')])]), plain)).toEqual({ code: 0, because: [] });
  });

  it('is 1 for a warning under --strict, and says so', async () => {
    const report = await reportOf([...works, judged('x', [warn('x'), warn('y')])]);
    expect(exitCode(report, strict)).toEqual({ code: 1, because: ['2 warnings (--strict)'] });
    expect(exitCode(await reportOf(works), strict)).toEqual({ code: 0, because: [] });
  });

  it('does not count a warning that was accepted, which stays visible with the reason', async () => {
    const check = judged('x', [warn('x'), warn('y')]);
    const accept = new Map([['x/a', 'known \u001b[31m since May']]);
    const report = await reportOf([...works, check], { accept });
    expect(report.checks[2]?.findings.map(({ status, accepted }) => [status, accepted])).toEqual([
      ['warn', 'known \\u{1b}[31m since May'],
      ['warn', undefined],
    ]);
    expect(report.verdict).toBe('ready-with-warnings');
    expect(exitCode(report, strict).because).toEqual(['1 warning (--strict)']);
    const both = new Map([...accept, ['x/b', 'known']]);
    expect(exitCode(await reportOf([...works, check], { accept: both }), strict).code).toBe(0);
  });

  it('accepts no failure', async () => {
    const report = await reportOf([judged('x', [fail('x')])], { accept: new Map([['x/a', 'no matter']]) });
    expect(first(report)).not.toHaveProperty('accepted');
    expect(exitCode(report, strict).code).toBe(1);
  });

  it('is 1 for a skip that is required not to be one, and names it', async () => {
    const report = await reportOf([judged('x', [pass('fine'), skip('not permitted')])]);
    expect(exitCode(report, { strict: false, require: ['x/*'] })).toEqual({
      code: 1,
      because: ['x/b is required (--require) but was skipped: not permitted'],
    });
    expect(exitCode(report, { strict: false, require: ['x/a'] }).code).toBe(0);
  });
});

it('a secret that is part of a link to the documentation does not break the link', async () => {
  const check = judged('x', [
    fail('https://x', { expected: 'y', fix: advice`z`, docs: 'https://docs.spacelift.io/a' }),
  ]);
  const finding = first(await reportOf([check], { redact: redactor(['https://']) }));
  expect(finding).toMatchObject({ title: '‹redacted›x', docs: 'https://docs.spacelift.io/a' });
});
