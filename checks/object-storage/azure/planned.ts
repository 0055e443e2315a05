/** Containers in a plan: versioning and expiration are settings of their storage account. */
import type { Resource } from '../../../src/config/terraform/model.ts';
import { blocksIn, isLater, type PlanView, textOf } from '../../../src/config/terraform/view.ts';
import type { JsonMap } from '../../../src/util/json.ts';
import type { PlannedStore, Setting } from '../planned-store.ts';

export const AZURE: PlannedStore = {
  type: 'azurerm_storage_container',
  nameOf: (container) => textOf(container, 'name'),
  factsOf: (container, plan) => {
    const account =
      plan.referredTo(container, 'storage_account_id', 'azurerm_storage_account') ??
      plan.referredTo(container, 'storage_account_name', 'azurerm_storage_account');
    return {
      versioned: versioned(container, account),
      expiry: expiry(container, account, plan),
      open: open(container, account),
    };
  },
};

const ELSEWHERE = 'Its storage account is not in the plan.';

const versioned = (container: Resource, account: Resource | undefined): Setting<boolean> => ({
  is:
    account === undefined || isLater(account, 'blob_properties', 'versioning_enabled')
      ? undefined
      : blocksIn(account.values, 'blob_properties').some(({ versioning_enabled: is }) => is === true),
  address: (account ?? container).address,
  attribute: 'blob_properties.versioning_enabled = true',
  ...(account === undefined && { why: ELSEWHERE }),
});

function expiry(container: Resource, account: Resource | undefined, plan: PlanView): Setting<readonly string[]> {
  const policies = account && plan.attachedTo(account, 'azurerm_storage_management_policy', 'storage_account_id');
  const attribute = 'rule.filters.prefix_match';
  const name = textOf(container, 'name');
  const isOpen = policies?.some((policy) =>
    ['enabled', 'filters', 'actions'].some((part) => isLater(policy, 'rule', part)),
  );
  if (policies === undefined || name === undefined || isOpen)
    return { is: undefined, address: container.address, attribute, ...(account === undefined && { why: ELSEWHERE }) };
  const rules = policies.flatMap(({ values }) => blocksIn(values, 'rule')).filter((rule) => applies(rule, name));
  return {
    is: rules.map((rule) => `rule ${typeof rule.name === 'string' ? rule.name : 'without a name'}`),
    address: (policies[0] ?? account ?? container).address,
    attribute: policies.length === 0 ? 'a rule in an azurerm_storage_management_policy of it' : attribute,
  };
}

/** Whether an enabled rule deletes blobs of the container; a prefix starts with a container's name. */
function applies(rule: JsonMap, container: string): boolean {
  if (rule.enabled !== true) return false;
  const actions = blocksIn(rule, 'actions').flatMap((block) => blocksIn(block, 'base_blob'));
  const isDeleting = actions.some((action) =>
    Object.entries(action).some(
      ([name, days]) => name.startsWith('delete_after_days_since_') && typeof days === 'number' && days >= 0,
    ),
  );
  const [filters] = blocksIn(rule, 'filters');
  const prefixes = Array.isArray(filters?.prefix_match) ? filters.prefix_match.map(String) : [];
  const path = `${container}/`;
  return isDeleting && (prefixes.length === 0 || prefixes.some((one) => path.startsWith(one) || one.startsWith(path)));
}

function open(container: Resource, account: Resource | undefined): Setting<string> {
  if (isLater(container, 'container_access_type'))
    return { is: undefined, address: container.address, attribute: 'container_access_type = "private"' };
  const level = textOf(container, 'container_access_type') ?? 'private';
  const isOpen = level !== 'private' && account?.values.allow_nested_items_to_be_public !== false;
  return {
    is: isOpen ? `access level ${level}` : '',
    address: container.address,
    attribute: 'container_access_type = "private"',
  };
}
