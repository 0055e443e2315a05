/** The picture of what ran when in the HTML report. */
import { describe, expect, it } from 'vitest';
import type { Report, ReportFinding } from '../../src/report/report.ts';
import { having, named, pageOf } from './html-page.ts';
import { attribute, below, textOf, withClass } from './page.ts';
import { sampleReport } from './sample.ts';

describe('the picture of what ran when', () => {
  const barsOf = (report: Report) =>
    withClass(pageOf(report), 'work').map((bar) => ({
      class: attribute(bar, 'class'),
      x: attribute(bar, 'x'),
      width: attribute(bar, 'width'),
      y: Number(attribute(bar, 'y')),
      title: textOf(bar),
    }));
  const captionOf = (report: Report) => textOf(named(pageOf(report), 'figcaption')[0]);

  it('has a bar for what was tried, where and as long as it ran, and what ran at once below one another', async () => {
    const bars = barsOf(
      await having(
        { id: 'a/slow', status: 'fail', startMs: 10, durationMs: 80 },
        { id: 'a/beside', startMs: 20, durationMs: 10 },
        { id: 'a/after', status: 'warn', startMs: 30, durationMs: 0 },
        { id: 'a/pointer', status: 'skip', startMs: 0, durationMs: 90, dependsOn: 'a/slow' },
        { id: 'a/unasked', status: 'skip', title: 'skipped by request' },
        { id: 'a/silent', status: 'skip', title: 'no answer', startMs: 90, durationMs: 10 },
        { id: 'a/as-silent', status: 'skip', title: 'no answer', startMs: 85, durationMs: 15 },
      ),
    );
    expect(bars.map(({ y: _, ...bar }) => bar)).toEqual([
      { class: 'work fail', x: '10%', width: '80%', title: 'a/slow: 80 ms, started at 10 ms' },
      { class: 'work skip', x: '90%', width: '10%', title: 'a/silent: 10 ms, started at 90 ms' },
      { class: 'work pass', x: '20%', width: '10%', title: 'a/beside: 10 ms, started at 20 ms' },
      { class: 'work warn', x: '30%', width: '0.35%', title: 'a/after: 0 ms, started at 30 ms' },
    ]);
    const [slow, silent, beside, after] = bars.map(({ y }) => y);
    expect([slow === silent, beside === after, Number(beside) > Number(slow)]).toEqual([true, true, true]);
  });

  it('draws many at once as one bar for each bucket, with the worst that happened there', async () => {
    const rules = ['access', 'public', 'retention', 'versioning'];
    const findings = ['a', 'b', 'c', 'd'].flatMap((bucket, at) =>
      rules.map((rule, index) => ({
        id: `storage/${bucket}/${rule}`,
        status: bucket === 'c' && rule === 'public' ? ('fail' as const) : ('pass' as const),
        startMs: 10 * at,
        durationMs: 40 + index,
      })),
    );
    expect(barsOf(await having(...findings)).map(({ class: name, title }) => `${name}: ${title}`)).toEqual([
      'work pass: storage/a: 43 ms, started at 0 ms',
      'work pass: storage/b: 43 ms, started at 10 ms',
      'work fail: storage/c: 43 ms, started at 20 ms',
      'work pass: storage/d: 43 ms, started at 30 ms',
    ]);
  });

  it('names the slowest by what it was at work, not by what it waited for', async () => {
    const report = await having({ id: 'a/late', startMs: 80, durationMs: 20 });
    const [waiting] = report.checks;
    const working = {
      ...(waiting as (typeof report.checks)[number]),
      id: 'database',
      title: 'Database',
      durationMs: 60,
      findings: [
        { startMs: 0, durationMs: 40 },
        { startMs: 10, durationMs: 50 },
      ].map((times, index) => ({ ...(waiting?.findings[0] as ReportFinding), ...times, id: `database/${index}` })),
    };
    const both = { ...report, checks: [{ ...(waiting as typeof working), durationMs: 100 }, working] };
    expect(captionOf(both)).toContain('Database took the longest: 60 ms of 100 ms.');
    const slowest = withClass(pageOf(both), 'slowest');
    expect(slowest.map((lane) => textOf(withClass(below(lane), 'time')[0]))).toEqual(['60 ms']);
  });

  it('says so when nothing was tried', async () => {
    expect(captionOf(await having({ status: 'skip', title: 'skipped by request' }))).toContain('Nothing was checked.');
    const none = { ...(await sampleReport()), checks: [], durationMs: 0 };
    expect(captionOf(none)).toContain('Nothing was checked.');
  });

  it.each([
    [1, ['0', '1 ms']],
    [343, ['0', '100 ms', '200 ms', '300 ms']],
    [1414, ['0', '500 ms', '1 s']],
    [60_000, ['0', '20 s', '40 s', '60 s']],
    [86_400_000, ['0', '20000 s', '40000 s', '60000 s', '80000 s']],
  ])('has round numbers on its axis: %i ms', async (durationMs, words) => {
    const page = pageOf({ ...(await sampleReport()), checks: [], durationMs });
    expect(named(page, 'text').map(textOf)).toEqual(words);
  });
});
