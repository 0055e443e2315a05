import { StorageManagementClient } from '@azure/arm-storage';
import { BlobSASPermissions, BlobServiceClient, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import type { ManagementRule, Principal } from './index.ts';
import { accountUrl, azure, container, contributor, credential, nobody, service, visit } from './testing.ts';

const minute = 60_000;
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * minute);
const create = (principal: Principal) => container(principal).getBlockBlobClient('x').upload('x', 1);

async function signed(permissions: string, principal = contributor, blobName = 'a b/ü'): Promise<string> {
  const key = await service(principal).getUserDelegationKey(inMinutes(-1), inMinutes(30));
  const query = generateBlobSASQueryParameters(
    {
      containerName: 'states',
      blobName,
      permissions: BlobSASPermissions.parse(permissions),
      startsOn: inMinutes(-1),
      expiresOn: inMinutes(10),
    },
    key,
    'preflighttest',
  );
  return `${container(principal).getBlobClient(blobName).url}?${query}`;
}

const block = { 'x-ms-blob-type': 'BlockBlob' };

test('verifies user delegation signatures', async () => {
  const write = await signed('cw');
  expect((await visit(write, { method: 'PUT', headers: block }, 'signed')).status).toBe(201);
  const url = await signed('r');
  expect(await visit(url)).toMatchObject({ status: 200, text: 'signed' });
  expect((await visit(url, { method: 'HEAD' })).status).toBe(200);
  const refused = (code: string) => ({ status: 403, headers: { 'x-ms-error-code': code } });
  expect(await visit(url.replace('a%20b', 'a%20c'))).toMatchObject(refused('AuthorizationFailure'));
  expect(await visit(url.replace('sp=r', 'sp=rw'))).toMatchObject(refused('AuthorizationFailure'));
  expect(await visit(url, { method: 'PUT', headers: block }, 'x')).toMatchObject(
    refused('AuthorizationPermissionMismatch'),
  );
  const other = azure.createPrincipal('Storage Blob Delegator');
  expect(await visit(await signed('r', other))).toMatchObject(refused('AuthorizationPermissionMismatch'));
  azure.faults.clockOffsetMs = 15 * minute;
  const late = await visit(url);
  expect(late).toMatchObject(refused('AuthenticationFailed'));
  expect(late.text).toContain('Signature not valid in the specified time frame');
  azure.faults.clockOffsetMs = -5 * minute;
  expect(await visit(url)).toMatchObject(refused('AuthenticationFailed'));
  azure.faults.clockOffsetMs = 60 * minute;
  await expect(signed('r')).rejects.toMatchObject({ statusCode: 400, code: 'InvalidXmlNodeValue' });
});

test('tells apart what is wrong with credentials', async () => {
  const fails = (principal: Principal, text: string) => expect(create(principal)).rejects.toThrow(text);
  await fails({ ...contributor, secret: 'wrong' }, 'AADSTS7000215');
  await fails({ ...contributor, clientId: crypto.randomUUID() }, 'AADSTS700016');
  const tenant = { ...azure.proxyEnvironment(contributor), AZURE_TENANT_ID: crypto.randomUUID() };
  await expect(service(contributor, tenant).getProperties()).rejects.toThrow('AADSTS90002');
  azure.principals.push({ ...contributor, clientId: 'expired-app', secretExpired: true });
  await fails({ ...contributor, clientId: 'expired-app' }, 'AADSTS7000222');
  await expect(service(undefined).getProperties()).rejects.toMatchObject({ name: 'AggregateAuthenticationError' });
  await create(contributor);
});

test('tokens are checked: signature, audience, end', async () => {
  const get = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, 'x-ms-version': '2025-11-05' };
    return visit(`${accountUrl}/states?restype=container`, { headers });
  };
  const own = credential(azure.proxyEnvironment(contributor));
  const { token } = await own.getToken('https://storage.azure.com/.default');
  expect((await get(token)).status).toBe(200);
  const [head, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ oid: contributor.objectId, aud: 'https://storage.azure.com' }));
  const refused = { status: 401, headers: { 'x-ms-error-code': 'InvalidAuthenticationInfo' } };
  expect(await get(`${head}.${forged.toString('base64url')}.${signature}`)).toMatchObject(refused);
  const management = await own.getToken('https://management.azure.com/.default');
  expect((await get(management.token)).text).toContain('Audience validation failed');
  await expect(own.getToken('https://vault.azure.net/.default')).rejects.toThrow('AADSTS500011');
  azure.faults.clockOffsetMs = 120 * minute;
  const late = await get(token);
  expect(late).toMatchObject(refused);
  expect(late.text).toContain('The token is expired');
  azure.faults.clockOffsetMs = -120 * minute;
  expect((await get(token)).text).toContain('not yet valid');
  azure.faults = {};
  azure.revokeTokens();
  expect(await get(token)).toMatchObject(refused);
});

test('takes federated and managed identities', async () => {
  const federated = {
    ...azure.proxyEnvironment(contributor),
    AZURE_CLIENT_SECRET: '',
    AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(contributor),
  };
  await service(contributor, federated).getContainerClient('states').getProperties();
  const wrong = { ...federated, AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(nobody) };
  await expect(service(contributor, wrong).getContainerClient('states').getProperties()).rejects.toThrow(
    'AADSTS700213',
  );
  azure.attach(contributor);
  await service(undefined).getContainerClient('states').getProperties();
  expect(azure.requests.map(({ plane }) => plane)).toContain('imds');
});

test('works over AZURE_AUTHORITY_HOST with the account in the path', async () => {
  const own = credential(azure.directEnvironment(contributor));
  const client = new BlobServiceClient(azure.accountUrl(), own).getContainerClient('states');
  await client.getBlockBlobClient('direct').upload('x', 1);
  expect(String(await client.getBlobClient('direct').downloadToBuffer())).toBe('x');
});

const arm = (principal: Principal) =>
  new StorageManagementClient(credential(azure.proxyEnvironment(principal)), azure.subscriptionId, {
    retryOptions: { maxRetries: 0 },
  });

async function listAccounts(client: StorageManagementClient) {
  const found = [];
  for await (const account of client.storageAccounts.list()) found.push(account);
  return found;
}

const rule: ManagementRule = {
  name: 'expire',
  type: 'Lifecycle',
  definition: {
    actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 2 } } },
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['states/'] },
  },
};

test('the management plane knows versioning, lifecycle and CORS', async () => {
  const client = arm(azure.createPrincipal('Reader'));
  const accounts = await listAccounts(client);
  expect(accounts.map(({ name, allowBlobPublicAccess }) => [name, allowBlobPublicAccess])).toEqual([
    ['preflighttest', false],
  ]);
  const properties = () => client.blobServices.getServiceProperties('preflight', 'preflighttest');
  const policy = () => client.managementPolicies.get('preflight', 'preflighttest', 'default');
  expect((await properties()).isVersioningEnabled).toBeUndefined();
  await expect(policy()).rejects.toMatchObject({ statusCode: 404, code: 'ManagementPolicyNotFound' });
  Object.assign(azure.account(), { versioning: true, managementRules: [rule] });
  const cors = { allowedOrigins: 'https://s.test', allowedMethods: 'PUT', allowedHeaders: '*', exposedHeaders: '' };
  await azure.setCors([{ ...cors, maxAgeInSeconds: 60 }]);
  expect(await properties()).toMatchObject({
    isVersioningEnabled: true,
    cors: { corsRules: [{ allowedOrigins: ['https://s.test'], allowedMethods: ['PUT'], maxAgeInSeconds: 60 }] },
  });
  expect((await policy()).policy?.rules).toMatchObject([{ enabled: true, definition: rule.definition }]);
  await expect(client.storageAccounts.getProperties('preflight', 'other')).rejects.toMatchObject({ statusCode: 404 });
});

test('the management plane forbids who has no role there', async () => {
  const forbidden = { statusCode: 403, code: 'AuthorizationFailed' };
  const client = arm(contributor);
  await expect(listAccounts(client)).rejects.toMatchObject(forbidden);
  await expect(client.blobServices.getServiceProperties('preflight', 'preflighttest')).rejects.toMatchObject(forbidden);
  await expect(client.managementPolicies.get('preflight', 'preflighttest', 'default')).rejects.toMatchObject(forbidden);
  const storage = await credential(azure.proxyEnvironment(contributor)).getToken('https://storage.azure.com/.default');
  const headers = { authorization: `Bearer ${storage.token}` };
  const subscriptions = 'https://management.azure.com/subscriptions?api-version=2022-12-01';
  expect((await visit(subscriptions, { headers })).text).toContain('InvalidAuthenticationToken');
});
