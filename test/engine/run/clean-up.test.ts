/** What a run opened and wrote is closed and removed, however it ends. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Cleanup } from '../../../src/engine/cleanup.ts';
import { runChecks } from '../../../src/engine/run.ts';
import { networkContext } from '../../../src/net/ca-store.ts';
import { command, sh } from '../../../src/outcome/fix.ts';
import { fail, pass } from '../../../src/outcome/outcome.ts';
import { fakeCheck, fakeDeployment, never, options, runFakes } from '../../fakes.ts';
import { forever, interruptIn, statuses } from './support.ts';

describe('what a run opened', () => {
  const opening = (dispose: () => unknown, then: Parameters<typeof fakeCheck>[2] = async () => {}) =>
    fakeCheck('a', ['x'], async (context) => {
      context.onEnd(dispose);
      await then(context);
    });

  it.each<[string, Parameters<typeof fakeCheck>[2]]>([
    ['passed', async ({ check }) => void (await check('x', () => pass('fine')))],
    ['thrown', () => Promise.reject(new Error('broken'))],
    ['hung', () => new Promise(() => {})],
  ])('is closed when the check has %s, after clean-up', async (_, then) => {
    const order: string[] = [];
    await runFakes(
      [
        opening(
          () => order.push('closed'),
          async (context) => {
            context.cleanup('a thing', undefined, async () => {
              await wait(5);
              order.push('removed');
            });
            await then(context);
          },
        ),
      ],
      { timeoutMs: 50 },
    );
    expect(order).toEqual(['removed', 'closed']);
  });

  it('is closed when an observer fails', async () => {
    let closed = false;
    const check = opening(
      () => {
        closed = true;
      },
      async ({ check: judge }) => void (await judge('x', () => pass('fine'))),
    );
    const deployment = fakeDeployment();
    const observer = {
      finished: () => {
        throw new Error('a screen that is gone');
      },
    };
    const network = networkContext(deployment, undefined);
    await expect(runChecks([check], deployment, options(), network, never(), observer)).rejects.toThrow('screen');
    expect(closed).toBe(true);
  });

  it('fails nothing when it can not be closed, and is closed at once when the run is over', async () => {
    const closed: string[] = [];
    let late: ((dispose: () => unknown) => void) | undefined;
    const check = fakeCheck('a', ['x'], async (context) => {
      late = context.onEnd;
      context.onEnd(() => Promise.reject(new Error('closed before')));
      context.onEnd(() => {
        throw new Error('closed before');
      });
      context.onEnd(() => closed.push('in the end'));
      await context.check('x', () => pass('fine'));
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/x pass']);
    expect(closed).toEqual(['in the end']);
    late?.(() => closed.push('at once'));
    expect(closed).toEqual(['in the end', 'at once']);
  });

  it('holds the report up for two seconds at most', async () => {
    vi.useFakeTimers();
    try {
      const cleanup = new Cleanup();
      cleanup.onEnd(() => new Promise(() => {}));
      let over = false;
      const end = cleanup.end().then(() => {
        over = true;
      });
      await vi.advanceTimersByTimeAsync(1_999);
      expect(over).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await end;
      expect(over).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('clean-up', () => {
  const leaving = (how: 'pass' | 'fail' | 'throw' | 'hang', remove: () => Promise<unknown>) =>
    fakeCheck('a', ['x'], async ({ check, cleanup }) => {
      await check('x', async () => {
        cleanup('an object', command(sh`rm it`), remove);
        if (how === 'throw') throw new Error('boom');
        if (how === 'hang') return forever();
        return how === 'pass' ? pass('fine') : fail('broken');
      });
    });

  it.each(['pass', 'fail', 'throw', 'hang'] as const)('runs after %s', async (how) => {
    let removed = 0;
    const result = await runFakes([leaving(how, async () => removed++)], { timeoutMs: how === 'hang' ? 30 : 1_000 });
    expect(removed).toBe(1);
    expect(result.leftovers).toEqual([]);
  });

  it('runs after an interrupt', async () => {
    let removed = 0;
    await runFakes([leaving('hang', async () => removed++)], {}, interruptIn(20));
    expect(removed).toBe(1);
  });

  it('has a signal that the end of the run does not abort', async () => {
    let aborted: boolean | undefined;
    const check = fakeCheck('a', ['x'], async ({ check, cleanup }) => {
      cleanup('an object', command(sh`rm it`), async (signal) => {
        aborted = signal.aborted;
      });
      await check('x', forever);
    });
    await runFakes([check], { timeoutMs: 20 });
    expect(aborted).toBe(false);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('denied'))],
    [
      'throws',
      () => {
        throw new Error('denied');
      },
    ],
  ])('lists what it could not remove, with the command that does: %s', async (_, remove) => {
    const result = await runFakes([leaving('pass', remove)]);
    expect(result.leftovers).toEqual([{ what: 'an object', command: 'rm it' }]);
    expect(statuses(result)).toEqual(['a/x pass']);
  });

  it('is not needed for what the check removed itself', async () => {
    let removed = 0;
    const check = fakeCheck('a', ['x'], async ({ check, cleanup }) => {
      const written = cleanup('an object', command(sh`rm it`), async () => removed++);
      written.done();
      await check('x', () => pass('fine'));
    });
    expect((await runFakes([check])).leftovers).toEqual([]);
    expect(removed).toBe(0);
  });
});
