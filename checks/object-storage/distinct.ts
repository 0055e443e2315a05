/** Ten variables, ten buckets. */

import { BUCKETS } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';

/** @param reached whether any bucket was: names alone are nothing that was seen working */
export function checkDistinct({ deployment }: Run, reached: boolean): Outcome {
  const variables = new Map<string, string[]>();
  for (const variable of Object.values(BUCKETS)) {
    const found = deployment.lookup(variable);
    if (found.state === 'set') variables.set(found.value, [...(variables.get(found.value) ?? []), variable]);
  }
  const shared = [...variables].filter(([, names]) => names.length > 1);
  if (shared.length === 0) {
    return reached ? pass(`${variables.size} variables name ${variables.size} buckets`) : skip('no bucket was reached');
  }
  return warn(shared.map(([bucket, names]) => `${names.join(' and ')} both name ${bucket}`).join('; '), {
    expected: 'a bucket of its own for each: they differ in versioning, expiry and permissions',
    fix: advice`make a bucket for ${shared.map(([, names]) => names.slice(1).join(' and ')).join(' and ')}`,
    evidence: { buckets: shared.map(([bucket]) => bucket) },
  });
}
