/** The words for a bucket whose retention keeps what Spacelift deletes. */
import type { Fix } from '../../src/outcome/fix.ts';

export const undeletable = (bucket: string): string =>
  `a retention policy or hold prevents the deletion of objects in ${bucket}`;

/** @param release ends the retention */
export const held = (release: Fix) => ({
  detail: 'Spacelift overwrites and deletes its objects.',
  expected: 'a bucket without a retention policy or holds',
  fix: release,
});
