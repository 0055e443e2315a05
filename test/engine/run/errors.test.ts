/** Errors that are no findings: what they cost, and what they never say. */
import { describe, expect, it } from 'vitest';
import { CrashedError } from '../../../src/engine/timeouts.ts';
import { CheckStopped, pass, skip } from '../../../src/outcome/outcome.ts';
import { fakeCheck, runFakes } from '../../fakes.ts';
import { find, forever, interruptIn, statuses } from './support.ts';

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
    expect(find(result, 'a/x').detail).toMatch(/\(errors\.test\.ts:\d+\)/);
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
