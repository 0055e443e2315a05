/** Ten variables must name ten different buckets. */

import { BUCKETS } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';

/** @param reached whether any bucket was reached: comparing names alone does not show that anything works */
export function checkDistinct({ deployment }: Run, reached: boolean): Outcome {
  const variables = new Map<string, string[]>();
  for (const variable of Object.values(BUCKETS)) {
    const found = deployment.lookup(variable);
    if (found.state === 'set') variables.set(found.value, [...(variables.get(found.value) ?? []), variable]);
  }
  const shared = [...variables].filter(([, names]) => names.length > 1);
  if (shared.length === 0) {
    return reached
      ? pass(`${variables.size} variables name ${variables.size} different buckets`)
      : skip('no bucket could be reached');
  }
  return warn(shared.map(([bucket, names]) => `${names.join(' and ')} both name ${bucket}`).join('; '), {
    expected: 'a separate bucket for each variable: buckets differ in versioning, expiration, and permissions',
    fix: advice`create a bucket for ${shared.map(([, names]) => names.slice(1).join(' and ')).join(' and ')}`,
    evidence: { buckets: shared.map(([bucket]) => bucket) },
  });
}
