import { describe, expect, it, test } from 'vitest';
import { compare } from '../../src/report/comparison/compare.ts';
import { renderAs } from '../../src/report/index.ts';
import type { Report } from '../../src/report/report.ts';
import { hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

const metrics = (report: Report): Promise<string> => renderAs(report, 'prometheus');

/** The format's grammar for a sample: a name, labels with escaped values, a number. */
const SAMPLE = /^spacelift_preflight_[a-z_]+\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\} -?\d+(\.\d+)?$/;

/** The values, by what stands before them. */
function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) expect(line).toMatch(SAMPLE);
  const samples = new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
  expect(samples.size, 'series that are there twice').toBe(lines.length);
  return samples;
}

test('the run as a whole', async () => {
  const samples = samplesIn(await metrics(await sampleReport()));
  const of = (name: string) =>
    [...samples].flatMap(([key, value]) =>
      key.startsWith(`spacelift_preflight_${name}{`) ? [[key.replace(/^\w+/, ''), value]] : [],
    );
  expect(of('timestamp_seconds')).toEqual([['{service="all"}', Date.parse('2026-01-02T03:04:06.290Z') / 1000]]);
  expect(of('duration_seconds')).toEqual([['{service="all"}', 0.612]]);
  expect(of('interrupted')).toEqual([['{service="all"}', 0]]);
  expect(of('build_info')).toEqual([[expect.stringMatching(/^\{service="all",version="\d+\.\d+\.\d+"\}$/), 1]]);
  expect(of('findings')).toEqual([
    ['{service="all",status="pass"}', 11],
    ['{service="all",status="warn"}', 1],
    ['{service="all",status="fail"}', 3],
    ['{service="all",status="skip"}', 11],
  ]);
  expect(of('verdict').filter(([, value]) => value === 1)).toEqual([['{service="all",verdict="not-ready"}', 1]]);
  expect(of('check_duration_seconds')).toContainEqual(['{service="all",check="object-storage"}', 1.212]);
});

describe('a finding', () => {
  it('has one status of four', async () => {
    const report = await sampleReport({ service: 'drain' });
    const samples = samplesIn(await metrics(report));
    for (const { id, status } of report.checks.flatMap(({ findings }) => findings)) {
      const values = (['pass', 'warn', 'fail', 'skip'] as const).map((one) => [
        one,
        samples.get(`spacelift_preflight_finding_status{service="drain",id="${id}",status="${one}"}`),
      ]);
      expect(values).toEqual(values.map(([one]) => [one, Number(one === status)]));
    }
  });

  it('is listed if it was accepted', async () => {
    expect(await metrics(await sampleReport())).not.toContain('accepted');
    const accepted = await sampleReport({ accept: new Map([['database/version', 'until June']]) });
    expect(samplesIn(await metrics(accepted))).toContainEqual([
      'spacelift_preflight_finding_accepted{service="all",id="database/version"}',
      1,
    ]);
  });
});

test('an acceptance ends after its last day, whether or not that is over', async () => {
  for (const isExpired of [false, true]) {
    const decision = { reason: 'x', until: '2026-06-30', ...(isExpired && { isExpired }) };
    const report = await sampleReport({ accept: new Map([['database/version', decision]]) });
    expect(samplesIn(await metrics(report))).toContainEqual([
      'spacelift_preflight_acceptance_end_timestamp_seconds{service="all",id="database/version"}',
      Date.parse('2026-07-01T00:00:00Z') / 1000,
    ]);
  }
  for (const until of [undefined, 'soon']) {
    const decision = { reason: 'x', ...(until !== undefined && { until }) };
    const report = await sampleReport({ accept: new Map([['database/version', decision]]) });
    expect(await metrics(report)).not.toContain('acceptance_end');
  }
});

test('what changed since the baseline is counted', async () => {
  const [before, report] = [await sampleReport({ accept: new Map() }), await sampleReport({ service: 'drain' })];
  expect(await metrics(report)).not.toContain('comparison');
  const comparison = compare({ ...before, checks: before.checks.slice(0, 1) }, report);
  const samples = samplesIn(await metrics({ ...report, comparison }));
  for (const change of ['new', 'changed', 'gone', 'unchecked', 'same'] as const)
    expect(samples.get(`spacelift_preflight_comparison_findings{service="drain",change="${change}"}`)).toBe(
      comparison.summary[change],
    );
  expect(comparison.summary.new).toBeGreaterThan(0);
});

test('no text from outside is in it, and what could only come from a caller of the API is escaped', async () => {
  const text = await metrics(await hostileReport());
  samplesIn(text);
  expect(text).not.toMatch(/script|evil/);
  const report = await sampleReport();
  const tool = { ...report.tool, version: '"}\\ 1\nx{' };
  expect(await metrics({ ...report, tool })).toContain('version="\\"}\\\\ 1\\nx{"} 1\n');
});
