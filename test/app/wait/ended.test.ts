/** `--wait`: when the time is over, after an interruption, and what of the attempts is left. */
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/engine/check.ts';
import { CrashedError, InterruptedError } from '../../../src/engine/timeouts.ts';
import { command, sh } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { count, find, remote, single, statuses, tried, useFakeTime, waiting } from './support.ts';

useFakeTime();

describe('when the time is over', () => {
  it('the report is that of the last state', async () => {
    const result = await waiting([single('a', (attempt) => fail(`down ${attempt}`))], 5_000);
    // At 0, 250, 750, 1,750 and 3,750 ms; the next one would be too late.
    expect(find(result, 'a/x')?.title).toBe('down 5');
    expect(result).toMatchObject({ interrupted: false, durationMs: 5_000 });
  });

  it('the first attempt still has its own time', async () => {
    const slow = single('a', () => new Promise((resolve) => setTimeout(() => resolve(fail('slow')), 3_000)));
    const result = await waiting([slow], 1_000);
    expect(tried).toEqual({ 'a/x': 1 });
    expect(find(result, 'a/x')?.title).toBe('slow');
  });

  it('in the middle of an attempt, what it did not decide stays as it was', async () => {
    const check = remote('a', ['x', 'y'], async ({ check }) => {
      const attempt = count('attempt');
      await check('x', () => (attempt === 1 ? fail('down') : pass('up')));
      await check('y', () => (attempt === 1 ? fail('refused') : new Promise<Outcome>(() => {})));
    });
    const result = await waiting([check], 2_000);
    expect(tried).toEqual({ attempt: 2 });
    expect(statuses(result)).toEqual(['a/x pass', 'a/y fail']);
    expect(find(result, 'a/y')?.title).toBe('refused');
    expect(result).toMatchObject({ interrupted: false, durationMs: 2_000 });
  });

  it('what depended on a failure that is gone says that it was not reached', async () => {
    const check = remote('a', ['x', 'y'], async ({ gate, check }) => {
      const attempt = count('attempt');
      await gate('x', () => (attempt === 1 ? fail('down') : pass('up')));
      await check('y', () => new Promise<Outcome>(() => {}));
    });
    const result = await waiting([check], 2_000);
    expect(find(result, 'a/x')?.status).toBe('pass');
    expect(find(result, 'a/y')).toMatchObject({
      status: 'fail',
      title: 'did not finish within 2 s',
      expected: 'a result within --wait 2',
      fix: 'find out why the dependency is slow, or increase --wait',
    });
  });

  it('--timeout is for each attempt', async () => {
    const hanging = single('a', (attempt) => (attempt < 3 ? new Promise<Outcome>(() => {}) : pass('up')));
    const result = await waiting([hanging], 60_000, { timeoutMs: 1_000 });
    expect(tried).toEqual({ 'a/x': 3 });
    expect(statuses(result)).toEqual(['a/x pass']);
    expect(result.durationMs).toBe(1_000 + 250 + 1_000 + 500);
  });
});

describe('an interruption', () => {
  const interruptedIn = (ms: number, reason: Error = new InterruptedError()) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), ms);
    return controller.signal;
  };

  it('in a pause ends at once, with what is known', async () => {
    const checks = [single('a', () => fail('down')), single('b', () => pass('fine'))];
    const result = await waiting(checks, 60_000, { interrupt: interruptedIn(100) });
    expect(tried).toEqual({ 'a/x': 1, 'b/x': 1 });
    expect(statuses(result)).toEqual(['a/x fail', 'b/x pass']);
    expect(result.interrupted).toBe(true);
  });

  it('in an attempt keeps what it decided, and the failures that it did not', async () => {
    const check = remote('a', ['x', 'y', 'z'], async ({ gate, check }) => {
      const attempt = count('attempt');
      await Promise.all([
        gate('x', () => (attempt === 1 ? fail('down') : pass('up'))).then(() =>
          check('y', () => new Promise<Outcome>(() => {})),
        ),
        check('z', () => (attempt === 1 ? fail('refused') : new Promise<Outcome>(() => {}))),
      ]);
    });
    const result = await waiting([check], 60_000, { interrupt: interruptedIn(500) });
    expect(result.interrupted).toBe(true);
    expect(find(result, 'a/x')?.title).toBe('up');
    expect(find(result, 'a/y')).toMatchObject({ status: 'skip', title: 'interrupted while it was being checked' });
    expect(find(result, 'a/z')).toMatchObject({ status: 'fail', title: 'refused' });
  });

  it('in an attempt keeps what depends on a failure that it did not decide', async () => {
    const check = remote('a', ['x', 'y'], async ({ gate, check }) => {
      const attempt = count('attempt');
      await gate('x', () => (attempt === 1 ? fail('down') : new Promise<Outcome>(() => {})));
      await check('y', () => pass('never'));
    });
    const result = await waiting([check], 60_000, { interrupt: interruptedIn(500) });
    expect(find(result, 'a/x')?.title).toBe('down');
    expect(find(result, 'a/y')).toMatchObject({ status: 'skip', dependsOn: 'a/x' });
  });

  it('in the first attempt is that of any run', async () => {
    const hanging = single('a', () => new Promise<Outcome>(() => {}));
    const result = await waiting([hanging], 60_000, { interrupt: interruptedIn(500) });
    expect(find(result, 'a/x')).toMatchObject({ status: 'skip', title: 'interrupted while it was being checked' });
    expect(result.interrupted).toBe(true);
  });

  it('by an error outside any check is a failure, even in a pause', async () => {
    const interrupt = interruptedIn(100, new CrashedError(new TypeError('thrown in a callback')));
    const result = await waiting([single('a', () => fail('down'))], 60_000, { interrupt });
    expect(find(result, 'a/x')?.title).toBe('unexpected error: TypeError');
    expect(result.interrupted).toBe(false);
  });
});

describe('leftovers', () => {
  const leaving = single('a', () => fail('down'));
  const check: Check = {
    ...leaving,
    run: async (context) => {
      const what = `object ${count('objects')}`;
      context.cleanup(what, command(sh`rm object`), () => Promise.reject(new Error('denied')));
      await leaving.run(context);
    },
  };

  it('of every attempt are told', async () => {
    const { leftovers } = await waiting([check], 2_000);
    expect(leftovers.map(({ what }) => what)).toEqual(['object 1', 'object 2', 'object 3', 'object 4']);
  });

  it('end the wait before there are too many', async () => {
    const { leftovers } = await waiting([check], 3_600_000);
    expect(leftovers).toHaveLength(20);
  });
});
