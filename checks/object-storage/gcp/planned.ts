/** Cloud Storage buckets in a plan. */
import type { Resource } from '../../../src/config/terraform/model.ts';
import { blocksIn, isLater, type PlanView, textOf } from '../../../src/config/terraform/view.ts';
import type { JsonMap } from '../../../src/util/json.ts';
import type { PlannedStore, Setting } from '../planned-store.ts';

export const GOOGLE: PlannedStore = {
  type: 'google_storage_bucket',
  nameOf: (bucket) => textOf(bucket, 'name'),
  factsOf: (bucket, plan) => ({
    versioned: {
      is: isLater(bucket, 'versioning', 'enabled')
        ? undefined
        : blocksIn(bucket.values, 'versioning').some(({ enabled }) => enabled === true),
      address: bucket.address,
      attribute: 'versioning.enabled = true',
    },
    expiry: {
      is: isLater(bucket, 'lifecycle_rule', 'action')
        ? undefined
        : blocksIn(bucket.values, 'lifecycle_rule').filter(deletesCurrent).map(named),
      address: bucket.address,
      attribute: 'lifecycle_rule with action.type = "Delete"',
    },
    open: open(bucket, plan),
  }),
};

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== 0 && value !== '';

/** Not only of older versions (Cloud Storage docs, "Object Lifecycle Management"). */
function deletesCurrent(rule: JsonMap): boolean {
  const [action] = blocksIn(rule, 'action');
  if (action?.type !== 'Delete') return false;
  const condition = blocksIn(rule, 'condition')[0] ?? {};
  const isOfOlder = ['num_newer_versions', 'days_since_noncurrent_time', 'noncurrent_time_before'].some((name) =>
    isSet(condition[name]),
  );
  return !isOfOlder && condition.with_state !== 'ARCHIVED';
}

function named(rule: JsonMap): string {
  const age = blocksIn(rule, 'condition')[0]?.age;
  return typeof age === 'number' && age > 0 ? `a rule deletes objects after ${age} days` : 'a rule deletes objects';
}

const ANYONE = ['allUsers', 'allAuthenticatedUsers'];

function open(bucket: Resource, plan: PlanView): Setting<string> {
  if (textOf(bucket, 'public_access_prevention') === 'enforced')
    return { is: '', address: bucket.address, attribute: '' };
  const grants = [
    ...(plan.attachedTo(bucket, 'google_storage_bucket_iam_member', 'bucket') ?? []),
    ...(plan.attachedTo(bucket, 'google_storage_bucket_iam_binding', 'bucket') ?? []),
  ];
  const grant = grants.find(({ values: { member, members } }) =>
    [member, ...(Array.isArray(members) ? members : [])].some((one) => typeof one === 'string' && ANYONE.includes(one)),
  );
  return {
    is: grant === undefined ? undefined : 'a role for anyone',
    address: grant?.address ?? bucket.address,
    attribute: 'member to a service account',
    why: 'public_access_prevention does not close it, and a later grant is not in the plan.',
  };
}
