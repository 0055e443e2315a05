/** What a check says and what becomes of it: records, subjects, selection, and variables that can not be read. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/engine/check.ts';
import { runChecks } from '../../../src/engine/run.ts';
import { networkContext } from '../../../src/net/ca-store.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { fail, pass, warn } from '../../../src/outcome/outcome.ts';
import { DOCS, fakeCheck, fakeDeployment, findingId, never, options, runFakes } from '../../fakes.ts';
import { find, statuses } from './support.ts';

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
