/** What one cause looks like in the report, whatever it hits. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cause } from '../../../src/outcome/cause.ts';
import { fail, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import { fakeCheck, findingId, runFakes } from '../../fakes.ts';
import { find, statuses } from './support.ts';

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
