/** The verdict of a report, and the exit code. */
import { describe, expect, it } from 'vitest';
import type { Perspective } from '../../src/config/options.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { exitCode } from '../../src/report/exit.ts';
import { fakeCheck } from '../fakes.ts';
import { first, judged, reportOf, works } from './reports.ts';

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
