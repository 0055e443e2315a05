/** How long an installation on EKS takes, where every answer takes its time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { EKS, type Estate, startEstate } from '../support/estate.ts';
import { preflight } from '../support/preflight.ts';

let estate: Estate;
beforeAll(async () => {
  estate = await startEstate();
});
afterAll(() => estate.stop());

test('all of AWS at 50 ms per request takes hardly longer than its longest check', { retry: 3 }, async () => {
  const { aws, s3 } = estate.eks;
  const check = () => preflight(CHECKS, estate.variables(EKS), { environment: estate.environment(EKS) });
  await check();
  aws.faults = { delayMs: 50 };
  s3.faults = { delayMs: 50 };
  const { run } = await check();
  const longest = Math.max(...run.checks.map(({ durationMs }) => durationMs));
  expect(run.durationMs).toBeLessThan(1.3 * longest);
});
