/** Azure Resource Manager: storage accounts and what only the management plane knows of them. */
import { audienceOf } from './authority.ts';
import { ArmError } from './errors.ts';
import { permits } from './roles.ts';
import { json, type Reply } from './types.ts';
import type { AccountState, AzureRequest, World } from './world.ts';

const storage = 'Microsoft.Storage/storageAccounts';

interface Caller {
  clientId: string;
  objectId: string;
}

type Operation = (world: World, caller: Caller, match: RegExpExecArray) => unknown;

const operations: { path: RegExp; action: string; run: Operation }[] = [
  {
    path: /^\/subscriptions$/,
    action: 'Microsoft.Resources/subscriptions/read',
    run: (world, caller) => {
      const { subscriptionId } = world;
      const visible = world.assignments.some(({ principal }) => principal === caller.objectId);
      const subscription = {
        id: `/subscriptions/${subscriptionId}`,
        subscriptionId,
        tenantId: world.authority.directory.tenantId,
        displayName: 'Preflight test',
        state: 'Enabled',
      };
      return { value: visible ? [subscription] : [] };
    },
  },
  {
    path: /^\/subscriptions\/([^/]+)\/providers\/Microsoft\.Storage\/storageAccounts$/i,
    action: `${storage}/read`,
    run: (world, caller) => {
      const all = [...world.accounts.values()];
      const readable = all.filter(({ name }) => may(world, caller, `${storage}/read`, name));
      if (readable.length === 0) throw forbidden(caller, `${storage}/read`, `/subscriptions/${world.subscriptionId}`);
      return { value: readable.map((account) => resource(world, account)) };
    },
  },
  onAccount('', `${storage}/read`, resource),
  onAccount('/blobServices/default', `${storage}/blobServices/read`, (world, account) => ({
    id: `${idOf(world, account)}/blobServices/default`,
    name: 'default',
    type: `${storage}/blobServices`,
    properties: {
      cors: {
        corsRules: account.cors.map(({ maxAgeInSeconds, ...lists }) => ({
          ...Object.fromEntries(Object.entries(lists).map(([name, text]) => [name, text.split(',').filter(Boolean)])),
          maxAgeInSeconds,
        })),
      },
      deleteRetentionPolicy: { enabled: false },
      ...(account.versioning && { isVersioningEnabled: true }),
    },
  })),
  onAccount('/managementPolicies/default', `${storage}/managementPolicies/read`, (world, account) => {
    if (account.managementRules.length === 0) {
      const message = `No ManagementPolicy found for account ${account.name}`;
      throw new ArmError(404, 'ManagementPolicyNotFound', message);
    }
    return {
      id: `${idOf(world, account)}/managementPolicies/default`,
      name: 'DefaultManagementPolicy',
      type: `${storage}/managementPolicies`,
      properties: {
        lastModifiedTime: '2026-01-01T00:00:00Z',
        policy: { rules: account.managementRules.map((rule) => ({ enabled: true, ...rule })) },
      },
    };
  }),
];

/** The permission that a path takes, for the request log. */
export function armAction(path: string): string {
  return operations.find((operation) => operation.path.test(path))?.action ?? 'unknown';
}

/** @throws {ArmError} */
export async function handleArm(world: World, request: AzureRequest, seen: (caller: string) => void): Promise<Reply> {
  const caller = await authenticate(world, request);
  seen(caller.objectId);
  if (!request.query.has('api-version')) {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw new ArmError(400, 'MissingApiVersionParameter', message);
  }
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(request.path)?.[1];
  if (subscription !== undefined && subscription !== world.subscriptionId) {
    const message = `The subscription '${subscription}' could not be found.`;
    throw new ArmError(404, 'SubscriptionNotFound', message);
  }
  for (const { path, run } of operations) {
    const match = path.exec(request.path);
    if (match !== null && request.method === 'GET') return json(run(world, caller, match));
  }
  throw new ArmError(404, 'NotFound', `${request.method} ${request.path} is not implemented.`);
}

function onAccount(
  suffix: string,
  action: string,
  answer: (world: World, account: AccountState) => unknown,
): (typeof operations)[number] {
  const accounts = '/resourceGroups/([^/]+)/providers/Microsoft\\.Storage/storageAccounts/([^/]+)';
  return {
    path: new RegExp(`^/subscriptions/[^/]+${accounts}${suffix}$`, 'i'),
    action,
    run: (world, caller, [path, group = '', name = '']) => {
      // Without the permission, nobody learns whether it is there.
      if (!may(world, caller, action, name)) throw forbidden(caller, action, path.replace(suffix, ''));
      const account = world.accounts.get(name);
      if (account === undefined || account.resourceGroup.toLowerCase() !== group.toLowerCase()) {
        const message = `The Resource '${storage}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
        throw new ArmError(404, 'ResourceNotFound', message);
      }
      return answer(world, account);
    },
  };
}

const may = (world: World, caller: Caller, action: string, account: string) =>
  permits(world.assignments, world.roles, caller.objectId, action, account);

const forbidden = ({ clientId, objectId }: Caller, action: string, scope: string) =>
  new ArmError(
    403,
    'AuthorizationFailed',
    `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );

const idOf = ({ subscriptionId }: World, { name, resourceGroup }: AccountState) =>
  `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${storage}/${name}`;

function resource(world: World, account: AccountState): object {
  const { name, allowBlobPublicAccess } = account;
  return {
    id: idOf(world, account),
    name,
    type: storage,
    location: 'westeurope',
    kind: 'StorageV2',
    sku: { name: 'Standard_LRS', tier: 'Standard' },
    properties: {
      provisioningState: 'Succeeded',
      allowBlobPublicAccess,
      supportsHttpsTrafficOnly: true,
      primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
    },
  };
}

async function authenticate(world: World, { bearer, now }: AzureRequest): Promise<Caller> {
  if (bearer === undefined) {
    throw new ArmError(401, 'AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  }
  try {
    const { appid, oid } = await world.authority.verify(bearer, audienceOf.management, now);
    return { clientId: String(appid), objectId: String(oid) };
  } catch (error) {
    const expired = (error as { code?: string }).code === 'ERR_JWT_EXPIRED';
    throw expired
      ? new ArmError(
          401,
          'ExpiredAuthenticationToken',
          'The access token expiry UTC time is earlier than current UTC time.',
        )
      : new ArmError(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
  }
}
