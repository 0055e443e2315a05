/** The rules of an account's lifecycle policy that delete the blobs of one container. */
import type { ManagementPolicyRule } from '@azure/arm-storage';
import { plural } from '../../../src/util/format.ts';

type Rule = Pick<ManagementPolicyRule, 'name' | 'enabled' | 'definition'>;

/** Describes the enabled rules that delete current blobs; rules on snapshots, versions, and tiers do not count. */
export function expiryRules(rules: readonly Rule[], container: string): string[] {
  return rules.flatMap(({ name, enabled, definition }) => {
    const { delete: deletion } = definition.actions.baseBlob ?? {};
    const { blobTypes, prefixMatch = [] } = definition.filters ?? {};
    if (enabled === false || deletion === undefined) return [];
    // Spacelift writes block blobs.
    if (blobTypes !== undefined && !blobTypes.includes('blockBlob')) return [];
    if (prefixMatch.length > 0 && !prefixMatch.some((prefix) => touches(prefix, container))) return [];
    return [`${name}: ${when(deletion)}`];
  });
}

/** A prefix of `container/blob` may end within the container's name, or extend into the blob names. */
function touches(prefix: string, container: string): boolean {
  const whole = `${container}/`;
  return whole.startsWith(prefix) || prefix.startsWith(whole);
}

type Deletion = NonNullable<NonNullable<Rule['definition']['actions']['baseBlob']>['delete']>;

function when({
  daysAfterModificationGreaterThan: modified,
  daysAfterCreationGreaterThan: created,
  daysAfterLastAccessTimeGreaterThan: accessed,
}: Deletion): string {
  if (modified !== undefined) return `after ${plural(modified, 'day')}`;
  if (created !== undefined) return `${plural(created, 'day')} after creation`;
  return `${plural(accessed ?? 0, 'day')} after the last access`;
}
