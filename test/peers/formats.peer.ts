/** Formats for other programs, as those programs read them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeRule } from '../../src/app/rules.ts';
import { compare } from '../../src/report/comparison/compare.ts';
import { renderAs } from '../../src/report/index.ts';
import { renderMatrixAs } from '../../src/report/matrix/index.ts';
import { makeMatrix } from '../../src/report/matrix/merge.ts';
import type { Report } from '../../src/report/report.ts';
import { hostileReport } from '../report/hostile.ts';
import { sampleReport } from '../report/sample.ts';
import { ended } from '../support/programs.ts';
import type { Peer } from './catalog.ts';
import { program } from './install.ts';

/** With an acceptance that ends, and with what changed. */
async function accepted(): Promise<Report> {
  const decision = { reason: 'OPS-123', until: '2026-06-30' };
  const report = await sampleReport({ accept: new Map([['database/version', decision]]) });
  return { ...report, comparison: compare(await hostileReport(), report) };
}

const REPORTS = [
  ['the sample', accepted],
  ['hostile values', hostileReport],
] as const;

async function run(peer: Peer, args: readonly string[], stdin = ''): Promise<{ code: number; output: string }> {
  const { command, args: own, env } = program(peer);
  const { code, stdout, stderr } = await ended(command, [...own, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdin,
  });
  return { code, output: stdout + stderr };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'preflight-formats-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const issuesIn = ({ checks }: Report) =>
  checks.flatMap(({ findings }) => findings.filter(({ status }) => status === 'fail' || status === 'warn'));

describe('SARIF', () => {
  const sarif = (report: Report) => renderAs({ ...report, configFiles: ['deploy/.env'] }, 'sarif', describeRule);

  /** By the rules of GitHub Advanced Security: what it rejects, and what it advises against. */
  async function validate(document: string): Promise<string[]> {
    const path = join(await folder(), 'report.sarif');
    await writeFile(path, document);
    const { code, output } = await run('sarif-multitool', ['validate', path, '--rule-kind', 'Ghas']);
    expect(code).toBe(0);
    expect(output).toContain('1 files scanned');
    return output.split('\n').flatMap((line) => /: (?:error|warning) (\w+):/.exec(line)?.[1] ?? []);
  }

  test('of a matrix is what GitHub accepts', async () => {
    const lost = { title: 'no result', detail: 'x', fix: 'y' };
    const matrix = makeMatrix([
      { service: 'server', report: { ...(await sampleReport()), service: 'server' } },
      { service: 'drain', lost },
    ]);
    const document = await renderMatrixAs(matrix, 'sarif');
    expect(await validate(document)).toEqual([]);
  });

  test.each(REPORTS)('of %s is what GitHub accepts', async (_, report) => {
    const document = await sarif(await report());
    expect(await validate(document)).toEqual([]);
  });

  test('that GitHub would reject is found', async () => {
    const document = JSON.parse(await sarif(await sampleReport()));
    for (const result of document.runs[0].results) delete result.locations;
    expect(await validate(JSON.stringify(document))).toContain('GH1015');
  });

  test.each(REPORTS)('of %s is read by sarif-tools', async (_, report) => {
    const [path, given] = [join(await folder(), 'report.sarif'), await report()];
    await writeFile(path, await sarif(given));
    const { code, output } = await run('sarif-tools', ['summary', path]);
    expect(code).toBe(0);
    const count = (status: string) => issuesIn(given).filter((finding) => finding.status === status).length;
    expect(output).toContain(`error: ${count('fail')}\n`);
    expect(output).toContain(`warning: ${count('warn')}\n`);
    const csv = `${path}.csv`;
    await run('sarif-tools', ['csv', '-o', csv, path]);
    expect((await readFile(csv, 'utf8')).match(/deploy\/\.env,1$/gm)).toHaveLength(issuesIn(given).length);
  });
});

describe('metrics', () => {
  test.each(REPORTS)('of %s have no problem for Prometheus’ linter', async (_, report) => {
    const given = await report();
    const { code, output } = await run('promlint', [], await renderAs(given, 'prometheus'));
    expect(code).toBe(0);
    const findings = given.checks.flatMap((check) => check.findings).length;
    const count = (field: 'accepted' | 'decision') =>
      issuesIn(given).filter((finding) => finding[field] !== undefined).length;
    const changes = given.comparison === undefined ? 0 : 5;
    const families = 9 + Number(changes > 0) + Number(count('decision') > 0);
    // Version, time, duration and interruption; four verdicts; four statuses.
    const series = 4 + 4 + 4 + 4 * findings + count('accepted') + count('decision') + changes + given.checks.length;
    expect(output).toBe(`${families} families, ${series} series\n`);
  });

  test('with a problem are found', async () => {
    const metrics = await renderAs(await sampleReport(), 'prometheus');
    expect(await run('promlint', [], metrics.replaceAll('duration_seconds', 'duration_ms'))).toMatchObject({
      code: 1,
      output: expect.stringContaining(
        'spacelift_preflight_duration_ms: metric names should not contain abbreviated units',
      ),
    });
  });
});

describe('the script of fixes', () => {
  const check = (script: string) => run('shellcheck', ['--shell=bash', '-'], script);

  test.each(REPORTS)('of %s has no problem for ShellCheck', async (_, report) => {
    expect(await check(await renderAs(await report(), 'fixes'))).toEqual({ code: 0, output: '' });
  });

  test('with a problem is found', async () => {
    const script = await renderAs(await sampleReport(), 'fixes');
    expect((await check(script.replaceAll('"$ADMIN_DATABASE_URL"', '$ADMIN_DATABASE_URL'))).output).toContain('SC2086');
  });
});
