/** Runs a table of faults as tests, each with its verdict in the task's `meta`, for `table.ts` to print. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partsOf } from '../../src/engine/finding-id.ts';
import { type Estate, ONPREM, startEstate } from '../support/estate.ts';
import { expectNoLeak } from '../support/leaks.ts';
import { expectPasteable } from '../support/pasteable.ts';
import { type Fault, tryFault } from './fault.ts';
import type { Clients } from './fixes/clients.ts';
import type { FixOutcome } from './fixes/try.ts';

declare module 'vitest' {
  interface TaskMeta {
    fault?: Verdict;
  }
}

/** One row of the table that `npm run test:faults` prints. */
export interface Verdict {
  readonly name: string;
  /** The findings that it is about; none: something that looks like a fault and is not. */
  readonly ids: readonly string[];
  readonly caught: boolean;
  readonly named: boolean;
  readonly extra: readonly string[];
  /** What came of each fix that can be pasted. */
  readonly fixes: readonly FixOutcome[];
}

/** Without the variable where the fault does not name it. */
const asNamed = (ids: readonly string[], names: readonly string[]): string[] =>
  ids.map((id) => (names.includes(partsOf(id).base) ? partsOf(id).base : id));

/** @param clients what executes the fixes; those that npm has unless told */
export function describeFaults(faults: readonly Fault[], clients?: Clients): void {
  describe('faults', () => {
    let estate: Estate;
    beforeAll(async () => {
      estate = await startEstate();
    });
    afterAll(() => estate.stop());

    test.for(faults)('$name', async (fault, { task }) => {
      const { result, variables, environment, before, after, ...verdict } = await tryFault(estate, fault, clients);
      const { fail = [], warn = [], says } = fault;
      task.meta.fault = {
        name: fault.name,
        ids: [...fail, ...warn],
        caught: verdict.caught,
        named: verdict.named,
        extra: verdict.extra.map(({ id }) => id),
        fixes: verdict.fixes,
      };
      const [failed, warned] = [asNamed(result.ids('fail'), fail), asNamed(result.ids('warn'), warn)];
      const told = result.findings.filter(({ status }) => status === 'fail' || status === 'warn');
      const words = told.map(({ id, title, detail = '' }) => `${id}: ${title}\n${detail}`).join('\n');
      expect({ fail: failed, warn: warned }, words).toEqual({ fail, warn });
      for (const finding of told) {
        expect(finding, `${finding.id} has a fix`).toMatchObject({
          expected: expect.any(String),
          fix: expect.any(String),
          docs: expect.stringMatching(/^https:\/\/docs\.spacelift\.io\//),
        });
        if (says !== undefined) expect(`${finding.title}\n${finding.detail ?? ''}`).toMatch(says);
      }
      await expectPasteable(result.run);
      expectNoLeak(variables, result.run, result.deployment, environment);
      for (const { who = 'the reader', trouble, exception } of verdict.fixes) {
        if (exception === undefined) expect(trouble, `the fix, executed as printed by ${who}`).toBeUndefined();
        else expect(trouble, `the exception for ${who} is needed: ${exception}`).toEqual(expect.any(String));
      }
      expect(result.run.leftovers.length > 0, 'leftovers are told').toBe(fault.leaves === true);
      if (fault.leaves === undefined) expect(after).toEqual(before);
    });

    test.each([...new Set([ONPREM, ...faults.flatMap(({ at }) => at ?? [])])])(
      'everything works again afterward ($storage)',
      async (at) => {
        const healthy = await tryFault(estate, { name: 'healthy', at, arrange: () => ({}) });
        expect(healthy.extra).toEqual([]);
      },
    );
  });
}
