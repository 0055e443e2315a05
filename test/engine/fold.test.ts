import { expect, it } from 'vitest';
import type { CheckResult, RawFinding } from '../../src/engine/finding.ts';
import { foldByCause } from '../../src/engine/fold.ts';
import { cause } from '../../src/outcome/cause.ts';
import { expectLinear } from '../support/growth.ts';

const COUNT = 2_000;

/** A check with that many failures of one cause. */
function failures(count: number): CheckResult {
  const findings = Array.from(
    { length: count },
    (_, index): RawFinding => ({
      id: `a/${index}`,
      rule: 'a',
      status: 'fail',
      title: 'unresolved',
      startMs: 0,
      durationMs: 0,
      evidence: {},
      cause: cause.finding('one'),
    }),
  );
  return { id: 'a', title: 'A', startMs: 0, durationMs: 0, findings };
}

it('takes time in proportion to the findings with one cause', async () => {
  const checks = new Map([COUNT, 8 * COUNT].map((count) => [count, [failures(count)]]));
  await expectLinear((size) => foldByCause(checks.get(size) ?? []), COUNT);
  const [first, second] = foldByCause([failures(COUNT)])[0]?.findings ?? [];
  expect(first?.affected).toHaveLength(COUNT);
  expect(second?.dependsOn).toBe('a/0');
});
