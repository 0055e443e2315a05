/** Checks beside and after one another: what waits, what is shared, and what an observer hears. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { CheckStopped, fail, pass } from '../../../src/outcome/outcome.ts';
import { fakeCheck, findingId, never, runFakes } from '../../fakes.ts';
import { find, statuses } from './support.ts';

describe('after', () => {
  it('waits for the finding of an earlier check', async () => {
    const order: string[] = [];
    const first = fakeCheck('first', ['x'], async ({ check }) => {
      await check('x', async () => {
        await wait(20);
        order.push('first');
        return pass('fine');
      });
      await wait(20);
      order.push('end of first');
    });
    const second = fakeCheck('second', ['y'], async ({ dependsOn, check }) => {
      await dependsOn(findingId('first/x'));
      order.push('second');
      await check('y', () => pass('fine'));
    });
    await runFakes([first, second]);
    expect(order).toEqual(['first', 'second', 'end of first']);
  });

  it('is an error for a finding that no rule can give', async () => {
    const first = fakeCheck('first', ['x', 'z'], async ({ check }) => void (await check('x', () => pass('fine'))), {
      expects: () => ['x'],
    });
    const waiting = (id: string) =>
      fakeCheck('second', ['y'], async ({ dependsOn, check }) => {
        await dependsOn(findingId(id));
        await check('y', () => pass('fine'));
      });
    const misspelled = await runFakes([first, waiting('first/w')]);
    expect(statuses(misspelled)).toEqual(['first/x pass', 'second/y fail']);
    expect(find(misspelled, 'second/y').title).toBe('unexpected error: Error');
    expect(statuses(await runFakes([first, waiting('first/z')]))).toContain('second/y pass');
  });

  it('goes on when this run has no such finding', async () => {
    const check = fakeCheck('a', ['x'], async (context) => {
      await context.dependsOn(findingId('other/x'));
      await context.check('x', () => pass('fine'));
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/x pass']);
  });
});

describe('the start', () => {
  it('lets each check prepare its first request before the next check starts', async () => {
    const order: string[] = [];
    const starting = (id: string, steps: number) =>
      fakeCheck(id, ['x'], async ({ check }) => {
        order.push(`${id} starts`);
        for (let step = 0; step < steps; step++) await undefined;
        order.push(`${id} sends`);
        await check('x', () => wait(5, pass('fine')));
      });
    await runFakes([starting('database', 100), starting('storage', 0), starting('last', 10)]);
    expect(order).toEqual(['database', 'storage', 'last'].flatMap((id) => [`${id} starts`, `${id} sends`]));
  });

  it('does not wait for the first check to end', async () => {
    const first = Promise.withResolvers<void>();
    const waiting = fakeCheck('first', ['x'], async ({ check }) => {
      await first.promise;
      await check('x', () => pass('fine'));
    });
    const second = fakeCheck('second', ['y'], async ({ check }) => {
      first.resolve();
      await check('y', () => pass('fine'));
    });
    expect(statuses(await runFakes([waiting, second]))).toEqual(['first/x pass', 'second/y pass']);
  });
});

describe('what checks share', () => {
  it('is asked once, also when it fails', async () => {
    let asked = 0;
    const fact = oncePerRun(async () => {
      asked++;
      await wait(5);
      throw new CheckStopped(fail('no credentials', { cause: cause.finding('credentials') }));
    });
    const of = (id: string) =>
      fakeCheck(id, ['x'], async (context) => void (await context.check('x', () => fact(context))));
    const result = await runFakes([of('a'), of('b')]);
    expect(asked).toBe(1);
    expect(statuses(result)).toEqual(['a/x fail', 'b/x skip']);
  });

  it('is asked again in the next run', async () => {
    let asked = 0;
    const fact = oncePerRun(async () => pass(String(++asked)));
    const check = fakeCheck('a', ['x'], async (context) => void (await context.check('x', () => fact(context))));
    await runFakes([check]);
    expect(find(await runFakes([check]), 'a/x').title).toBe('2');
  });
});

describe('concurrency', () => {
  const counting = () => {
    const seen = { now: 0, most: 0 };
    const of = (id: string) =>
      fakeCheck(id, ['x'], async ({ check }) => {
        seen.most = Math.max(seen.most, ++seen.now);
        await check('x', async () => {
          await wait(10);
          return pass('fine');
        });
        seen.now--;
      });
    return { seen, checks: ['a', 'b', 'c', 'd'].map(of) };
  };

  it.each([
    [1, 1],
    [2, 2],
    [Number.POSITIVE_INFINITY, 4],
  ])('%d: %d at once', async (concurrency, most) => {
    const { seen, checks } = counting();
    const result = await runFakes(checks, { concurrency });
    expect(seen.most).toBe(most);
    expect(statuses(result)).toEqual(['a/x pass', 'b/x pass', 'c/x pass', 'd/x pass']);
  });

  it('of one still lets a check wait for an earlier one', async () => {
    const first = fakeCheck('first', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
    const second = fakeCheck('second', ['y'], async ({ dependsOn, check }) => {
      await dependsOn(findingId('first/x'));
      await check('y', () => pass('fine'));
    });
    expect(statuses(await runFakes([first, second], { concurrency: 1 }))).toEqual(['first/x pass', 'second/y pass']);
  });
});

describe('an observer', () => {
  it('hears of checks and findings as they happen', async () => {
    const heard: string[] = [];
    const check = fakeCheck('a', ['x', 'y'], async ({ check }) => {
      await check('x', () => pass('fine'));
      heard.push('between');
      await check('y', () => pass('fine'));
    });
    await runFakes([check], {}, never(), {
      started: ({ id }) => heard.push(`started ${id}`),
      found: ({ id }) => heard.push(id),
      finished: ({ id }) => heard.push(`finished ${id}`),
    });
    expect(heard).toEqual(['started a', 'a/x', 'between', 'a/y', 'finished a']);
  });
});
