/** Whether the object store and its buckets are those of the baseline. */
import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import { pinnedInConfig } from '../../src/config/pinned.ts';
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';

export const isPinned = ({ options }: Run): boolean => options.pinned?.objectStorage !== undefined;
export const COMPARES: PlannedOperation = {
  rules: ['pinned'],
  does: 'compares the store and the bucket names with the baseline',
  at: [],
};

export function pinned({ options, deployment }: Run): Outcome {
  const [before, now] = [options.pinned?.objectStorage, pinnedInConfig(deployment).objectStorage];
  if (before === undefined || now === undefined) return skip('the object store is not known here');
  const moved = (Object.keys(BUCKETS) as Bucket[]).filter((bucket) => {
    const [was, is] = [before.buckets[bucket], now.buckets[bucket]];
    return was !== undefined && is !== undefined && was !== is;
  });
  const evidence = { type: now.type, buckets: moved.map((bucket) => now.buckets[bucket] ?? '') };
  if (before.type === now.type && moved.length === 0)
    return pass('the object store and its buckets are those of the baseline', { evidence });
  const changes = [
    ...(before.type === now.type ? [] : [`OBJECT_STORAGE_TYPE was ${before.type}, and is ${now.type} now`]),
    ...moved.map((bucket) => `${BUCKETS[bucket]} was ${before.buckets[bucket]}, and is ${now.buckets[bucket]} now`),
  ];
  const [first = '', ...rest] = changes;
  return warn(rest.length === 0 ? first : `${first} (and ${rest.length} more)`, {
    detail: `${rest.map((change) => `${change}. `).join('')}Spacelift does not move its objects: states, modules and logs stay where they were.`,
    expected: 'the store and the buckets in the baseline',
    fix: advice`if this is intended, copy the objects before Spacelift starts with the new value; otherwise, restore the earlier one`,
    evidence,
  });
}
