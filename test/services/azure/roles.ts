/** Azure's role-based access control, as far as storage needs it ("Azure built-in roles for Storage"). */

export interface Assignment {
  /** Object id of the principal. */
  principal: string;
  /** A built-in role's name, or one added to the table. */
  role: string;
  /** Absent: the subscription. Otherwise an account, or one of its containers. */
  scope?: { account: string; container?: string };
}

const storage = 'Microsoft.Storage/storageAccounts';
const containers = `${storage}/blobServices/containers`;
const delegationKey = `${storage}/blobServices/generateUserDelegationKey/action`;
const blobs = (...verbs: string[]) => verbs.map((verb) => `${containers}/blobs/${verb}`);
const container = (...verbs: string[]) => verbs.map((verb) => `${containers}/${verb}`);

/** Actions and data actions alike; a `*` stands for any text. */
export const builtInRoles: Readonly<Record<string, readonly string[]>> = {
  'Storage Blob Data Owner': [`${containers}/*`, delegationKey],
  'Storage Blob Data Contributor': [
    ...container('delete', 'read', 'write'),
    ...blobs('delete', 'read', 'write', 'move/action', 'add/action'),
    delegationKey,
  ],
  'Storage Blob Data Reader': [...container('read'), ...blobs('read'), delegationKey],
  'Storage Blob Delegator': [delegationKey],
  // Management roles: they do not reach the data.
  Reader: [
    'Microsoft.Storage/storageAccounts/read',
    `${storage}/blobServices/read`,
    `${storage}/managementPolicies/read`,
    `${containers}/read`,
  ],
  'Storage Account Contributor': [
    `${storage}/read`,
    `${storage}/write`,
    `${storage}/blobServices/*`,
    `${storage}/managementPolicies/*`,
  ],
};

const matches = (pattern: string, action: string) =>
  pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action;

/** Whether the principal may do this there. An account-wide action has no container. */
export function permits(
  assignments: readonly Assignment[],
  roles: Readonly<Record<string, readonly string[]>>,
  principal: string,
  action: string,
  account: string,
  containerName?: string,
): boolean {
  return assignments.some(
    ({ principal: assigned, role, scope }) =>
      assigned === principal &&
      (scope === undefined || scope.account === account) &&
      (scope?.container === undefined || scope.container === containerName) &&
      roles[role]?.some((pattern) => matches(pattern, action)),
  );
}
