/** `--wait` under fake time: what is tried again, when, and what the report says in the end. */

import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runUntilWell, type WaitObserver } from '../../src/app/wait.ts';
import type { RunOptions } from '../../src/config/options.ts';
import type { Check, Context } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { foldByCause } from '../../src/engine/fold.ts';
import type { RunResult } from '../../src/engine/run.ts';
import { CrashedError, InterruptedError } from '../../src/engine/timeouts.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { cause } from '../../src/outcome/cause.ts';
import { command, sh } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { fakeCheck, fakeDeployment, findingId, never, options } from '../fakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How often each rule was tried. */
let tried: Record<string, number>;
beforeEach(() => {
  tried = {};
});
const count = (id: string): number => {
  tried[id] = (tried[id] ?? 0) + 1;
  return tried[id];
};

/** A check of these rules with a server behind it, each with what it finds at each attempt. */
const remote = (
  id: string,
  rules: readonly string[],
  run: (context: Context<string>) => Promise<void>,
  more: Partial<Check> = {},
): Check => fakeCheck(id, rules, run, { plan: () => [{ rules, does: 'asks', at: [`${id}.internal`] }], ...more });

/** A rule of its own that finds this at its nth attempt. */
const single = (id: string, found: (attempt: number) => Outcome | Promise<Outcome>, more: Partial<Check> = {}): Check =>
  remote(id, ['x'], async ({ check }) => void (await check('x', () => found(count(`${id}/x`)))), more);

interface More extends Partial<RunOptions> {
  readonly interrupt?: AbortSignal;
  readonly observer?: WaitObserver;
}

async function waiting(checks: readonly Check[], waitMs: number, more: More = {}): Promise<RunResult> {
  const { interrupt = never(), observer, ...rest } = more;
  const deployment = fakeDeployment();
  const network = networkContext(deployment, undefined);
  const given = options({ phase: 'pre-install', ...rest });
  const ended = runUntilWell(checks, deployment, given, waitMs, network, interrupt, observer);
  let result: RunResult | undefined;
  ended.then((phased) => {
    result = phased.result;
  });
  for (let step = 0; result === undefined && step < 10_000; step++) {
    await vi.advanceTimersByTimeAsync(50);
    await setImmediate();
  }
  return (await ended).result;
}

const findings = (checks: readonly CheckResult[]) => foldByCause(checks).flatMap((check) => check.findings);
const statuses = ({ checks }: RunResult) => findings(checks).map(({ id, status }) => `${id} ${status}`);
const find = ({ checks }: RunResult, id: string) => findings(checks).find((finding) => finding.id === id);

/** A database that is down until then, in ms of fake time. */
function databaseFrom(upMs: number): Check {
  const started = performance.now();
  return remote('database', ['connect', 'privileges', 'version'], async ({ gate, check }) => {
    await gate('connect', () => {
      count('connect');
      return performance.now() - started < upMs
        ? fail('connection refused', { cause: cause.unreachable('db:5432', 'refused') })
        : pass('connected');
    });
    await check('privileges', () => {
      count('privileges');
      return pass('granted');
    });
    await check('version', () => {
      count('version');
      return pass('supported');
    });
  });
}

describe('a database that comes up later', () => {
  it('ends the wait with the attempt after it, and nothing that had passed is tried again', async () => {
    let writes = 0;
    const store = remote('store', ['read', 'write'], async ({ check }) => {
      await check('read', () => pass('readable'));
      await check('write', () => {
        writes++;
        return pass('writable');
      });
    });
    const started: string[] = [];
    const result = await waiting([databaseFrom(3_000), store], 60_000, {
      observer: { started: ({ id }) => void started.push(id) },
    });
    // At 0, 250, 750, 1,750 and 3,750 ms.
    expect(tried).toEqual({ connect: 5, privileges: 1, version: 1 });
    expect(writes).toBe(1);
    expect(started.filter((id) => id === 'store')).toHaveLength(1);
    expect(statuses(result)).toEqual([
      'database/connect pass',
      'database/privileges pass',
      'database/version pass',
      'store/read pass',
      'store/write pass',
    ]);
    expect(result).toMatchObject({ interrupted: false, durationMs: 3_750 });
    expect(find(result, 'database/connect')?.startMs).toBe(3_750);
    expect(find(result, 'store/read')?.startMs).toBe(0);
  });

  it('is tried every two seconds at the latest', async () => {
    await waiting([databaseFrom(20_000)], 60_000);
    // At 0, 250, 750, 1,750, and then every 2,000 ms until 21,750.
    expect(tried.connect).toBe(4 + 10);
  });

  it('is told to who watches, without what only depends on it', async () => {
    const heard: string[] = [];
    const dependent = remote('queues', ['exists'], async ({ check, dependsOn }) => {
      await dependsOn(findingId('database/connect'));
      await check('exists', () => pass('there'));
    });
    const result = await waiting([databaseFrom(500), dependent], 60_000, {
      observer: { missing: (ids) => void heard.push(ids.join()) },
    });
    expect(heard).toEqual(['database/connect', 'database/connect']);
    expect(find(result, 'queues/exists')?.status).toBe('pass');
  });
});

describe('only what is needed is repeated', () => {
  it('within a check, and with its skips that could be a consequence', async () => {
    const check = remote('a', ['good', 'bad', 'unknown'], async ({ check }) => {
      let well = false;
      await check('good', () => pass(`fine ${count('good')}`));
      await check('bad', () => {
        well = count('bad') === 3;
        return well ? pass('repaired') : fail('broken');
      });
      await check('unknown', () => {
        count('unknown');
        return well ? pass('seen') : skip('could not be seen');
      });
    });
    const result = await waiting([check], 60_000);
    expect(tried).toEqual({ good: 1, bad: 3, unknown: 3 });
    expect(statuses(result)).toEqual(['a/good pass', 'a/bad pass', 'a/unknown pass']);
    expect(find(result, 'a/good')?.title).toBe('fine 1');
  });

  it('for one subject, and one variable', async () => {
    const buckets = remote(
      'store',
      ['<bucket>/access'],
      async ({ forSubject }) => {
        for (const name of ['states', 'uploads']) {
          await forSubject(name, async ({ check }) => {
            const attempt = count(name);
            await check('<bucket>/access', () =>
              name === 'states' && attempt < 2 ? fail('denied') : pass(`${name} ${attempt}`),
            );
          });
        }
      },
      {
        subjects: ['states', 'uploads'],
        plan: () => [{ rules: ['states/access', 'uploads/access'], does: 'reads', at: ['store'] }],
      },
    );
    const images = remote(
      'images',
      ['pull'],
      async ({ check }) => {
        for (const name of ['one', 'two', 'left-out']) {
          await check('pull', () => (count(name) < 2 && name === 'two' ? fail('gone') : pass(name)), name);
        }
      },
      { rules: { pull: { ...fakeCheck('images', ['pull'], async () => {}).rules.pull, perVariable: true } as never } },
    );
    const result = await waiting([buckets, images], 60_000, { skip: ['images/pull[left-out]'] });
    expect(tried).toMatchObject({ one: 1, two: 2 });
    expect(find(result, 'store/uploads/access')?.title).toBe('uploads 1');
    expect(statuses(result)).toEqual([
      'store/states/access pass',
      'store/uploads/access pass',
      'images/pull[one] pass',
      'images/pull[two] pass',
      'images/pull[left-out] skip',
    ]);
  });

  it.each<[string, Check]>([
    ['a warning', single('a', () => warn('hurts'))],
    ['a skip', single('a', () => skip('not permitted'))],
    ['an invalid value', single('a', () => fail('not a URL', { cause: cause.variable('DATABASE_URL') }))],
    ['a rule of a check that contacts nothing', single('a', () => fail('missing'), { plan: undefined as never })],
    [
      'a rule without a server',
      single('a', () => fail('expired'), { plan: () => [{ rules: ['x'], does: 'reads', at: [] }] }),
    ],
  ])('not %s', async (_, check) => {
    const result = await waiting([check], 60_000);
    expect(tried).toEqual({ 'a/x': 1 });
    expect(result.durationMs).toBe(0);
  });

  it('also if the check can not say what it would contact', async () => {
    const plan = () => {
      throw new CheckStopped(skip('DATABASE_URL is not set'));
    };
    const check = single('a', (attempt) => (attempt < 2 ? fail('down') : pass('up')), { plan });
    expect(statuses(await waiting([check], 60_000))).toEqual(['a/x pass']);
  });

  it('but what can not change does not keep others from being waited for', async () => {
    const invalid = single('a', () => fail('not a URL', { cause: cause.variable('X') }));
    const later = single('b', (attempt) => (attempt < 3 ? fail('down') : pass('up')));
    const result = await waiting([invalid, later], 60_000);
    expect(tried).toEqual({ 'a/x': 1, 'b/x': 3 });
    expect(statuses(result)).toEqual(['a/x fail', 'b/x pass']);
  });
});

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
