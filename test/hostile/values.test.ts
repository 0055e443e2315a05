/** No value of any variable makes a check crash: it is reported, or it makes no difference. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { CHOICES, CONTRACT } from '../../src/config/contract.ts';
import type { ChoiceType } from '../../src/config/types.ts';
import { onlyLoopback } from '../support/loopback.ts';
import { preflight, source } from '../support/preflight.ts';
import { ALIKE, INSTALLATIONS, spoiled } from './any-values.ts';

let undo: () => void;
beforeAll(() => {
  undo = onlyLoopback();
});
afterAll(() => undo());

/** More of them, from another seed: VALUES=5000 FC_SEED=7 npm test -- test/hostile/values.test.ts */
const RUNS = Number(process.env.VALUES ?? 150);
/** In ms: on a busy machine, fewer are tried. */
const ENOUGH_MS = process.env.VALUES === undefined ? 60_000 : 3_000_000;

test('an unexpected error never comes from a value', async () => {
  await fc.assert(
    fc.asyncProperty(spoiled, async ({ variables, environment }) => {
      const config = source(variables);
      const { findings } = await preflight(CHECKS, [config], { environment, skip: ALIKE, timeoutMs: 20_000 });
      expect(findings.filter(({ title }) => /unexpected error/.test(title))).toEqual([]);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: ENOUGH_MS },
  );
});

test('every value of every choice is tried', () => {
  for (const name of CHOICES) {
    const tried = Object.values(INSTALLATIONS).map(({ variables }) => variables[name]);
    expect(tried).toEqual(expect.arrayContaining([...(CONTRACT[name].type as ChoiceType<string>).values]));
  }
});
