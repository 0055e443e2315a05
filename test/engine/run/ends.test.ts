/** Runs that end early: by the timeout, or by an interrupt. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stageReporter } from '../../../src/engine/timeouts.ts';
import { pass } from '../../../src/outcome/outcome.ts';
import { fakeCheck, findingId, runFakes } from '../../fakes.ts';
import { find, forever, interruptIn, statuses } from './support.ts';

describe('the timeout of the run', () => {
  it('says where a check stood, and keeps what was known by then', async () => {
    const check = fakeCheck('a', ['x', 'y', 'z'], async ({ check }) => {
      await check('x', () => pass('fine'));
      await check('y', forever);
      await check('z', () => pass('never'));
    });
    const result = await runFakes([check], { timeoutMs: 50 });
    expect(statuses(result)).toEqual(['a/x pass', 'a/y fail', 'a/z skip']);
    expect(find(result, 'a/y').title).toBe('did not finish within 0.05 s');
    expect(find(result, 'a/z').title).toContain('depends on a/y');
    expect(result.interrupted).toBe(false);
  });

  it('is one failure per check, that names every subject which was under way', async () => {
    const check = fakeCheck(
      'store',
      ['<bucket>/x', '<bucket>/y'],
      async ({ forSubject }) => {
        await Promise.all(
          ['one', 'two'].map((name) =>
            forSubject(name, async ({ check }) => {
              await check('<bucket>/x', forever);
              await check('<bucket>/y', () => pass('never'));
            }),
          ),
        );
      },
      { subjects: ['one', 'two'] },
    );
    const other = fakeCheck('other', ['x'], async ({ check }) => void (await check('x', forever)));
    const result = await runFakes([check, other], { timeoutMs: 50 });
    expect(statuses(result)).toEqual([
      'store/one/x fail',
      'store/one/y skip',
      'store/two/x skip',
      'store/two/y skip',
      'other/x fail',
    ]);
    expect(find(result, 'store/one/x').affected).toEqual(['store/one/x', 'store/two/x']);
  });

  it('is the failure of what is waited for, not of what waits', async () => {
    const database = fakeCheck('database', ['connect'], async ({ check }) => void (await check('connect', forever)));
    const queue = fakeCheck('queue', ['x'], async ({ dependsOn, check }) => {
      await dependsOn(findingId('database/connect'));
      await check('x', () => pass('never'));
    });
    const result = await runFakes([database, queue], { timeoutMs: 50 });
    expect(statuses(result)).toEqual(['database/connect fail', 'queue/x skip']);
    expect(find(result, 'queue/x').title).toContain('depends on database/connect');
  });

  it('names what was not even begun', async () => {
    let begun = false;
    const hung = fakeCheck('hung', ['x'], async ({ check }) => void (await check('x', forever)));
    const next = fakeCheck('next', ['x'], async () => {
      begun = true;
    });
    const result = await runFakes([hung, next], { timeoutMs: 50, concurrency: 1 });
    expect(statuses(result)).toEqual(['hung/x fail', 'next/x fail']);
    expect(find(result, 'next/x').title).toBe('was not reached within 0.05 s');
    expect(begun).toBe(false);
  });

  it('starts nothing more in a check that goes on regardless', async () => {
    let begun = false;
    const check = fakeCheck('a', ['x', 'y'], async ({ check, withTimeout }) => {
      await check('x', forever).catch(() => {});
      await check('y', () => {
        begun = true;
        return pass('never');
      });
      await withTimeout(1_000, async () => {
        begun = true;
      });
    });
    await runFakes([check], { timeoutMs: 30 });
    await wait(30);
    expect(begun).toBe(false);
  });

  it('an operation has a deadline of its own, even when it ignores its signal', async () => {
    const check = fakeCheck('a', ['x'], async ({ check, withTimeout }) => {
      await check('x', async () => {
        const problem = await withTimeout(20, forever).catch((error: unknown) => error);
        return pass(String((problem as { kind: string }).kind));
      });
    });
    expect(find(await runFakes([check]), 'a/x').title).toBe('timeout');
  });

  it('is waited for in whole milliseconds, which is all that a signal of Node accepts', async () => {
    let waited = 0;
    const check = fakeCheck('a', ['x'], async ({ waitFor, check }) => {
      waited = waitFor(10_000);
      AbortSignal.timeout(waited);
      await check('x', () => pass('well'));
    });
    expect(statuses(await runFakes([check], { timeoutMs: 100_000 }))).toEqual(['a/x pass']);
    expect(waited).toBe(16_667);
  });

  it('a longer timeout of the run raises the deadline of each operation, a shorter one lowers none', async () => {
    const check = fakeCheck('a', ['x'], async ({ check, withTimeout }) => {
      await check('x', async () => {
        const problem = await withTimeout(20, async () => {
          stageReporter()('connected');
          return forever();
        }).catch((error: unknown) => error);
        return pass(`after ${(problem as { silentMs: number }).silentMs} ms`);
      });
    });
    const waited = async (timeoutMs: number) => find(await runFakes([check], { timeoutMs }), 'a/x').title;
    expect(await waited(60_000)).toBe('after 20 ms');
    expect(await waited(180_000)).toBe('after 60 ms');
    expect(await waited(30_000)).toBe('after 20 ms');
  });
});

describe('an interrupted run', () => {
  it('keeps what was judged, and skips the rest', async () => {
    const check = fakeCheck('a', ['x', 'y', 'z'], async ({ check }) => {
      await check('x', () => pass('fine'));
      await check('y', forever);
    });
    const result = await runFakes([check], {}, interruptIn(20));
    expect(result.interrupted).toBe(true);
    expect(statuses(result)).toEqual(['a/x pass', 'a/y skip', 'a/z skip']);
    expect(find(result, 'a/y')).toMatchObject({ title: 'interrupted while it was being checked', inProgress: true });
    expect(find(result, 'a/z').title).toBe('interrupted before it was checked');
    expect(find(result, 'a/z').inProgress).toBeUndefined();
  });

  it('tells the rule that was being checked from those that wait for it', async () => {
    const check = fakeCheck('a', ['x', 'y'], async ({ gate }) => void (await gate('x', forever)));
    const result = await runFakes([check], {}, interruptIn(20));
    const told = ['a/x', 'a/y'].map((id) => [find(result, id).title, find(result, id).inProgress]);
    expect(told).toEqual([
      ['interrupted while it was being checked', true],
      ['interrupted before it was checked', undefined],
    ]);
  });

  it('judges nothing when the interrupt came first', async () => {
    const check = fakeCheck('a', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
    const result = await runFakes([check], {}, AbortSignal.abort());
    expect(result.interrupted).toBe(true);
    expect(statuses(result)).toEqual(['a/x skip']);
  });
});

it('a run that is over holds nothing back, and lets nothing new begin', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  let begun = false;
  const check = fakeCheck('a', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
  const { run } = await runFakes([check], { timeoutMs: 60_000 });
  await expect(
    run.withTimeout(1_000, async () => {
      begun = true;
    }),
  ).rejects.toThrow();
  expect(begun).toBe(false);
  expect(timers()).toBe(before);
});
