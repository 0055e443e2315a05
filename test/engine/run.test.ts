/** The runner, as a check sees it: what is recorded whatever happens, and what one cause looks like in the report. */

import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Check } from '../../src/engine/check.ts';
import { Cleanup } from '../../src/engine/cleanup.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { foldByCause } from '../../src/engine/fold.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { type RunResult, runChecks } from '../../src/engine/run.ts';
import { CrashedError, InterruptedError, stageReporter } from '../../src/engine/timeouts.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, command, sh } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { DOCS, fakeCheck, fakeDeployment, findingId, never, options, runFakes } from '../fakes.ts';

const findings = (checks: readonly CheckResult[]) => foldByCause(checks).flatMap((check) => check.findings);
/** Ids with their status, in the order of the report. */
const statuses = (result: RunResult) => findings(result.checks).map(({ id, status }) => `${id} ${status}`);
const find = (result: RunResult, id: string) => {
  const found = findings(result.checks).find((finding) => finding.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
};
const forever = () => new Promise<never>(() => {});
const interruptIn = (ms: number, reason: Error = new InterruptedError()) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
};

describe('a check', () => {
  it('records what it judges, with its duration, evidence and the link of the rule', async () => {
    let waitedMs = 0;
    const check = fakeCheck('a', ['x', 'y', 'z'], async ({ check }) => {
      await check('x', async () => {
        const started = performance.now();
        await wait(20);
        waitedMs = Math.floor(performance.now() - started);
        return pass('fine', { evidence: { n: 1 } });
      });
      await check('y', () => warn('hurts'));
      await check('z', () => fail('broken', { docs: 'https://docs.example/other' }));
    });
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual(['a/x pass', 'a/y warn', 'a/z fail']);
    expect(find(result, 'a/x')).toMatchObject({ title: 'fine', evidence: { n: 1 } });
    expect(find(result, 'a/x').durationMs).toBeGreaterThanOrEqual(waitedMs);
    expect(find(result, 'a/y').startMs - find(result, 'a/x').startMs).toBeGreaterThanOrEqual(waitedMs);
    expect(find(result, 'a/x').docs).toBeUndefined();
    expect(find(result, 'a/y').docs).toBe(DOCS);
    expect(find(result, 'a/z').docs).toBe('https://docs.example/other');
  });

  it('is reported in the order of what it expects, not of what was quicker', async () => {
    const check = fakeCheck('a', ['slow', 'quick'], async ({ check }) => {
      await Promise.all([
        check('slow', async () => {
          await wait(30);
          return pass('slow');
        }),
        check('quick', () => pass('quick')),
      ]);
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/slow pass', 'a/quick pass']);
  });

  it('has no place in the report when it expects nothing', async () => {
    const check = fakeCheck('a', ['x'], async () => {}, { expects: () => [] });
    expect((await runFakes([check])).checks).toEqual([]);
  });

  it('leaves nothing that it expects without a finding', async () => {
    const check = fakeCheck('a', ['x', 'forgotten'], async ({ check }) => {
      await check('x', () => pass('fine'));
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/x pass', 'a/forgotten skip']);
  });

  it('may say what it found in one line, and an error there costs only that line', async () => {
    const run: Check['run'] = async ({ check }) => void (await check('x', () => pass('fine')));
    const good = fakeCheck('good', ['x'], run, { summary: ({ id }) => `run ${id.length}` });
    const bad = fakeCheck('bad', ['x'], run, {
      summary: () => {
        throw new Error('boom');
      },
    });
    const { checks } = await runFakes([good, bad]);
    expect(checks.map(({ summary }) => summary)).toEqual(['run 36', undefined]);
    expect(checks.flatMap((check) => check.findings).map(({ status }) => status)).toEqual(['pass', 'pass']);
  });
});

describe('one cause', () => {
  it('is one failure when a must fails, and what follows points to it', async () => {
    const check = fakeCheck('a', ['x', 'y', 'z'], async ({ gate, check }) => {
      await gate('x', () => fail('broken'));
      await check('y', () => pass('never'));
    });
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual(['a/x fail', 'a/y skip', 'a/z skip']);
    expect(find(result, 'a/y').title).toBe('not tested: it depends on a/x, which failed');
    expect(find(result, 'a/y').dependsOn).toBe('a/x');
    expect(find(result, 'a/x').affected).toBeUndefined();
  });

  it('keeps the reason of a must that was skipped for what follows', async () => {
    const check = fakeCheck('a', ['x', 'y'], async ({ gate }) => {
      await gate('x', () => skip('not permitted to look'));
    });
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual(['a/x skip', 'a/y skip']);
    expect(find(result, 'a/y').title).toBe('not permitted to look');
  });

  it('does not stop at a warning', async () => {
    const check = fakeCheck('a', ['x', 'y'], async ({ gate, check }) => {
      await gate('x', () => warn('hurts'));
      await check('y', () => pass('fine'));
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/x warn', 'a/y pass']);
  });

  it('that hits several subjects names them all, in the words that it has for that', async () => {
    const check = fakeCheck(
      'store',
      ['<bucket>/access', '<bucket>/versioning'],
      async ({ forSubject }) => {
        await Promise.all(
          ['one', 'two', 'three'].map((name) =>
            forSubject(name, async ({ gate, check }) => {
              await gate('<bucket>/access', () =>
                name === 'two'
                  ? pass('fine')
                  : fail(`${name} is denied`, { cause: cause.finding('keys').titled('the key is wrong') }),
              );
              await check('<bucket>/versioning', () => pass('on'));
            }),
          ),
        );
      },
      { subjects: ['one', 'two', 'three'] },
    );
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual([
      'store/one/access fail',
      'store/one/versioning skip',
      'store/two/access pass',
      'store/two/versioning pass',
      'store/three/access skip',
      'store/three/versioning skip',
    ]);
    expect(find(result, 'store/one/access')).toMatchObject({
      title: 'the key is wrong',
      affected: ['store/one/access', 'store/three/access'],
    });
    expect(find(result, 'store/three/access').title).toBe('same cause as store/one/access');
    expect(find(result, 'store/three/versioning').title).toContain('depends on store/one/access');
  });

  it('keeps its own words when it hits one subject alone', async () => {
    const check = fakeCheck('a', ['x'], async ({ check }) => {
      await check('x', () => fail('one is denied', { cause: cause.finding('keys').titled('the key is wrong') }));
    });
    expect(find(await runFakes([check]), 'a/x').title).toBe('one is denied');
  });

  it('is seen across checks; the first in report order keeps it, however late it came', async () => {
    const denied = () => fail('expired', { cause: cause.finding('credentials') });
    const first = fakeCheck('first', ['x'], async ({ check }) => {
      await wait(20);
      await check('x', denied);
    });
    const second = fakeCheck('second', ['x'], async ({ check }) => void (await check('x', denied)));
    const result = await runFakes([first, second]);
    expect(statuses(result)).toEqual(['first/x fail', 'second/x skip']);
    expect(find(result, 'first/x').affected).toEqual(['first/x', 'second/x']);
  });

  it('is kept by what was judged, not by what comes first and was never tried', async () => {
    const earlier = fakeCheck('earlier', ['x'], async ({ dependsOn }) => dependsOn(findingId('later/y')));
    const later = fakeCheck('later', ['y'], async ({ check }) => void (await check('y', () => fail('broken'))));
    const result = await runFakes([earlier, later]);
    expect(statuses(result)).toEqual(['earlier/x skip', 'later/y fail']);
    expect(find(result, 'earlier/x').title).toContain('depends on later/y');
  });

  it('does not fold warnings, nor failures of different causes', async () => {
    const check = fakeCheck('a', ['w', 'v', 'x', 'y'], async ({ check }) => {
      await check('w', () => warn('hurts', { cause: cause.finding('k') }));
      await check('v', () => warn('hurts', { cause: cause.finding('k') }));
      await check('x', () => fail('broken', { cause: cause.finding('k') }));
      await check('y', () => fail('broken', { cause: cause.finding('l') }));
    });
    expect(statuses(await runFakes([check]))).toEqual(['a/w warn', 'a/v warn', 'a/x fail', 'a/y fail']);
  });
});

describe('about', () => {
  it('ends the part of one subject alone', async () => {
    const check = fakeCheck(
      'store',
      ['<bucket>/x', '<bucket>/y', 'whole'],
      async ({ forSubject, check }) => {
        await forSubject('one', async ({ gate }) => gate('<bucket>/x', () => fail('broken')));
        await forSubject('two', async ({ check: judgeTwo }) => {
          await judgeTwo('<bucket>/x', () => pass('fine'));
          await judgeTwo('<bucket>/y', () => pass('fine'));
        });
        await check('whole', () => pass('fine'));
      },
      { subjects: ['one', 'two'], expects: () => ['one/x', 'one/y', 'two/x', 'two/y', 'whole'] },
    );
    expect(statuses(await runFakes([check]))).toEqual([
      'store/one/x fail',
      'store/one/y skip',
      'store/two/x pass',
      'store/two/y pass',
      'store/whole pass',
    ]);
  });
});

describe('an error that is no finding', () => {
  it('in a rule is a failure of that rule alone, and its message is not passed on', async () => {
    const check = fakeCheck('a', ['x', 'y'], async ({ check }) => {
      await check('x', () => {
        throw Object.assign(new TypeError('the password is hunter22'), { code: 'EODD' });
      });
      await check('y', () => pass('fine'));
    });
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual(['a/x fail', 'a/y pass']);
    expect(find(result, 'a/x').title).toBe('unexpected error: TypeError EODD');
    expect(find(result, 'a/x').detail).toMatch(/\(run\.test\.ts:\d+\)/);
    expect(JSON.stringify(result.checks)).not.toContain('hunter22');
  });

  it('in a check is one failure of that check, and leaves the others intact', async () => {
    const broken = fakeCheck('broken', ['x', 'y'], async ({ check }) => {
      await check('x', () => pass('fine'));
      throw new Error('secret');
    });
    const other = fakeCheck('other', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
    const result = await runFakes([broken, other]);
    expect(statuses(result)).toEqual(['broken/x pass', 'broken/y fail', 'other/x pass']);
    expect(JSON.stringify(result.checks)).not.toContain('secret');
  });

  it.each([undefined, null, 'text', { code: 5 }])('may be anything: %j', async (thrown) => {
    const check = fakeCheck('a', ['x'], async ({ check }) => {
      await check('x', () => {
        throw thrown;
      });
    });
    expect(find(await runFakes([check]), 'a/x').title).toBe('unexpected error: unknown');
  });

  it('in what a check expects is reported under its rules', async () => {
    const broken = fakeCheck('broken', ['x', 'y'], async () => {}, {
      expects: () => {
        throw new RangeError('boom');
      },
    });
    const other = fakeCheck('other', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
    expect(statuses(await runFakes([broken, other]))).toEqual(['broken/x fail', 'broken/y skip', 'other/x pass']);
  });

  it('a value that can not be used, asked for in what a check expects, skips the check with its reason', async () => {
    const outcome = skip('the type is not known here');
    const check = fakeCheck('a', ['x'], async () => {}, {
      expects: () => {
        throw new CheckStopped(outcome);
      },
    });
    const result = await runFakes([check]);
    expect(statuses(result)).toEqual(['a/x skip']);
    expect(find(result, 'a/x').title).toBe('the type is not known here');
  });

  it('outside of any check ends the run: what is there stays, what had not finished fails', async () => {
    const done = fakeCheck('done', ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));
    const hung = fakeCheck('hung', ['x', 'y'], async ({ check }) => {
      await check('x', forever);
    });
    const result = await runFakes([done, hung], {}, interruptIn(20, new CrashedError(new TypeError('hunter22'))));
    expect(result.interrupted).toBe(false);
    expect(statuses(result)).toEqual(['done/x pass', 'hung/x fail', 'hung/y skip']);
    expect(find(result, 'hung/x').title).toBe('unexpected error: TypeError');
    expect(JSON.stringify(result.checks)).not.toContain('hunter22');
  });
});

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

describe('selection', () => {
  const check = fakeCheck('a', ['x', 'y', 'z'], async ({ gate, check, selected }) => {
    await gate('x', () => pass('fine'));
    await check('y', () => pass(selected('z') ? 'with z' : 'without z'));
    await check('z', () => fail('broken'));
  });

  it('shows what was deselected as skipped by request', async () => {
    const result = await runFakes([check], { skip: ['a/z'] });
    expect(statuses(result)).toEqual(['a/x pass', 'a/y pass', 'a/z skip']);
    expect(find(result, 'a/z')).toMatchObject({ title: 'skipped by request', evidence: {} });
    expect(find(result, 'a/y').title).toBe('without z');
  });

  it('does not stop at a must that was deselected', async () => {
    expect(statuses(await runFakes([check], { only: ['*/y'] }))).toEqual(['a/x skip', 'a/y pass', 'a/z skip']);
  });

  it('does not run a check of which nothing is selected', async () => {
    let ran = false;
    const other = fakeCheck('b', ['x'], async () => {
      ran = true;
    });
    expect(statuses(await runFakes([other], { skip: ['b/*'] }))).toEqual(['b/x skip']);
    expect(ran).toBe(false);
  });

  it('does not wait for a finding that was deselected', async () => {
    const waiting = fakeCheck('b', ['y'], async ({ dependsOn, check }) => {
      await dependsOn(findingId('a/z'));
      await check('y', () => pass('fine'));
    });
    expect(statuses(await runFakes([check, waiting], { skip: ['a/z'] }))).toContain('b/y pass');
  });
});

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

describe('a variable that can not be read', () => {
  const reading = fakeCheck('a', ['x'], async ({ check, require }) => {
    await check('x', () => pass(require('SERVER_DOMAIN')));
  });
  const withLookup = (lookup: ReturnType<ReturnType<typeof fakeDeployment>['lookup']>) =>
    runChecks(
      [reading],
      fakeDeployment({ lookup: () => lookup }),
      options(),
      networkContext(fakeDeployment({ lookup: () => lookup }), undefined),
      never(),
    );

  it('is a skip that names it when it is unset', async () => {
    const result = await withLookup({ state: 'unset' });
    expect(find(result, 'a/x')).toMatchObject({ status: 'skip', title: 'SERVER_DOMAIN is not set' });
  });

  it('is a skip that says how to read it when it is kept elsewhere', async () => {
    const result = await withLookup({ state: 'unknown', origin: 'arn:aws:ssm:…', fix: advice`pass -f more.env` });
    expect(find(result, 'a/x')).toMatchObject({ status: 'skip', fix: 'pass -f more.env' });
  });

  it('points to the finding that judged it unusable', async () => {
    const outcome = fail('SERVER_DOMAIN has a scheme', { cause: cause.variable('SERVER_DOMAIN') });
    const configuration = fakeCheck('configuration', ['value'], async ({ check }) => {
      await check('value', () => outcome);
    });
    const deployment = fakeDeployment({ lookup: () => ({ state: 'unusable', outcome }) });
    const result = await runChecks(
      [configuration, reading],
      deployment,
      options(),
      networkContext(deployment, undefined),
      never(),
    );
    expect(statuses(result)).toEqual(['configuration/value fail', 'a/x skip']);
    expect(find(result, 'a/x').title).toContain('depends on configuration/value');
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
