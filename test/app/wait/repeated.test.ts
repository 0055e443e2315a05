/** `--wait`: what is tried again, and when, until a database comes up. */
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/engine/check.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { CheckStopped, fail, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import { fakeCheck, findingId } from '../../fakes.ts';
import { count, find, remote, single, statuses, tried, useFakeTime, waiting } from './support.ts';

useFakeTime();

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
