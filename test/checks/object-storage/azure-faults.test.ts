import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { azureRefusal } from '../../../checks/object-storage/azure/errors.ts';
import type { AzureFaults, FaultReply, FaultRequest } from '../../services/azure/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort } from '../../services/tcp.ts';
import { makeCa } from '../../services/tls.ts';
import { ACCOUNT, type AzureStorage, type Given, restore, startAzureStorage, URL_OF_ACCOUNT } from './azure-storage.ts';
import { judged, real } from './storage.ts';

let storage: AzureStorage;
let before: object;
beforeAll(async () => {
  storage = await startAzureStorage();
  before = storage.azure.snapshot();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await restore(storage);
  expect(storage.azure.snapshot()).toEqual(before);
});
afterAll(() => storage.azure.close());

const FIRST = 'object-storage/deliveries/access';
const one = { fail: ['deliveries/access'], warn: [] };
const healthy = { fail: [], warn: [] };

function under(faults: AzureFaults, options: Given = {}) {
  storage.azure.faults = faults;
  return storage.check(options);
}

const refuse = (reply: FaultReply, when: (request: FaultRequest) => boolean = ({ plane }) => plane === 'blob') => ({
  statusFor: (request: FaultRequest) => (when(request) ? reply : undefined),
});
/** A web page over HTTPS, whatever is asked. */
async function startPage(name: string) {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.issue({ names: [name] });
  const server = createServer({ cert: chainPem, key: keyPem }, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, caPem: ca.certPem, close };
}

describe('the account’s URL', () => {
  const right = `set OBJECT_STORAGE_AZURE_ACCOUNT_URL=${URL_OF_ACCOUNT}`;
  test.each([
    [`${URL_OF_ACCOUNT}/spacelift-states`, /it has a path, \/spacelift-states$/, right],
    [`${URL_OF_ACCOUNT}/?sv=2024-01-01&sig=c2VjcmV0LXNpZ25hdHVyZQ`, /contains credentials$/, right],
    [`https://someone:a-secret-password@${ACCOUNT}.blob.core.windows.net`, /contains credentials$/, right],
    [`https://${ACCOUNT}.dfs.core.windows.net`, /belongs to Data Lake Storage$/, right],
    [`https://${ACCOUNT}.file.core.windows.net/`, /belongs to Azure Files$/, right],
    [`https://${ACCOUNT}.z6.web.core.windows.net`, /static website$/, right],
    [`https://${ACCOUNT}-secondary.blob.core.windows.net`, /secondary endpoint/, right],
    [
      'https://blob.core.windows.net',
      /does not name an account$/,
      'set OBJECT_STORAGE_AZURE_ACCOUNT_URL=https://<account>.blob.core.windows.net',
    ],
    [
      `https://${ACCOUNT}.table.core.usgovcloudapi.net`,
      /belongs to Table Storage$/,
      `set OBJECT_STORAGE_AZURE_ACCOUNT_URL=https://${ACCOUNT}.blob.core.usgovcloudapi.net`,
    ],
  ])('%s', async (url, title, fix) => {
    storage.azure.requests.length = 0;
    const result = await storage.check({ variables: { OBJECT_STORAGE_AZURE_ACCOUNT_URL: url } });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({ title: expect.stringMatching(title), fix });
    expect(JSON.stringify(result.findings)).not.toMatch(/c2VjcmV0|a-secret/);
    expect(storage.azure.requests).toEqual([]);
  });

  test('a connection string is no URL at all', async () => {
    const text = `DefaultEndpointsProtocol=https;AccountName=${ACCOUNT};AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=core.windows.net`;
    const result = await storage.check({ variables: { OBJECT_STORAGE_AZURE_ACCOUNT_URL: text } });
    expect(judged(result).fail).toEqual(['deliveries/access']);
    expect(JSON.stringify(result.findings)).not.toContain('c2VjcmV0');
  });

  test('a slash in the end is fine', async () => {
    const variables = { OBJECT_STORAGE_AZURE_ACCOUNT_URL: `${URL_OF_ACCOUNT}/` };
    expect(judged(await storage.check({ variables }))).toEqual(healthy);
  });

  test('the account in the path, as emulators have it', async () => {
    const { azure, operator } = storage;
    const result = await storage.check({
      variables: {
        OBJECT_STORAGE_AZURE_ACCOUNT_URL: azure.accountUrl(),
        OBJECT_STORAGE_BUCKET_UPLOADS_URL: azure.url,
      },
      as: operator,
    });
    expect(judged(result)).toEqual(healthy);
  });

  test('an account that is not there', async () => {
    const variables = { OBJECT_STORAGE_AZURE_ACCOUNT_URL: 'https://nosuchaccount.invalid' };
    const allowCredentialsTo = ['nosuchaccount.invalid'];
    const result = await storage.check({ variables, environment: { NO_PROXY: '.invalid' }, allowCredentialsTo });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({
      title: 'nosuchaccount.invalid does not resolve',
      fix: expect.stringContaining('az storage account list --query "[].primaryEndpoints.blob"'),
    });
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });
});

describe('credentials', () => {
  const attempt = (environment: Record<string, string>) => storage.check({ environment });

  test('nowhere', async () => {
    const result = await storage.check({ as: null });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({
      title: 'no Azure credentials found',
      detail: expect.stringContaining('managed identity, and az login'),
    });
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });

  test('in half', async () => {
    const result = await attempt({ AZURE_TENANT_ID: '', AZURE_CLIENT_ID: '' });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).detail).toBe(
      'AZURE_CLIENT_SECRET is set without AZURE_TENANT_ID and AZURE_CLIENT_ID.',
    );
  });

  test.each([
    [
      'another secret',
      { AZURE_CLIENT_SECRET: 'not-the-right-secret' },
      /^Microsoft Entra ID rejected AZURE_CLIENT_SECRET for/,
      /credential reset/,
      'AADSTS7000215',
    ],
    [
      'an unknown application',
      { AZURE_CLIENT_ID: crypto.randomUUID() },
      /^application .* does not exist/,
      /AZURE_CLIENT_ID/,
      'AADSTS700016',
    ],
    [
      'an unknown tenant',
      { AZURE_TENANT_ID: crypto.randomUUID() },
      /^tenant .* does not exist/,
      /AZURE_TENANT_ID/,
      'AADSTS90002',
    ],
  ])('%s', async (_, environment, title, fix, code) => {
    const result = await attempt(environment);
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
      evidence: { code },
    });
    expect(JSON.stringify(result.findings)).not.toContain('not-the-right-secret');
  });

  test('a secret that has expired', async () => {
    const expired = { ...storage.operator, clientId: crypto.randomUUID(), secretExpired: true };
    storage.azure.principals.push(expired);
    const result = await storage.check({ as: expired });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({ title: `the secret of ${expired.clientId} has expired` });
  });

  test.each([
    ['7000112', /is disabled$/],
    ['700024', /not valid at this time$/],
    ['53003', /rejected the credentials: AADSTS53003$/],
  ])('AADSTS%s', async (number, title) => {
    const token = ({ plane, method }: FaultRequest) => plane === 'entra' && method === 'POST';
    const result = await under(refuse({ status: 401, code: `AADSTS${number}`, message: 'No.' }, token));
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toMatch(title);
  });

  test('a workload identity, by its token', async () => {
    const { azure, operator, contributor } = storage;
    const federated = { AZURE_CLIENT_SECRET: '', AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(operator) };
    expect(judged(await attempt(federated))).toEqual(healthy);
    const foreign = { ...federated, AZURE_FEDERATED_TOKEN_FILE: await azure.federatedTokenFile(contributor) };
    const refused = await attempt(foreign);
    expect(judged(refused)).toEqual(one);
    expect(refused.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(/^no federated credential of/),
      evidence: { code: 'AADSTS700213' },
    });
    const result = await storage.check({
      as: { ...operator, secret: '' },
      variables: { AZURE_FEDERATED_TOKEN_FILE: '/only/in/the/container' },
    });
    expect(judged(result)).toEqual(healthy);
    expect(result.finding(FIRST)).toMatchObject({
      status: 'skip',
      title: 'AZURE_FEDERATED_TOKEN_FILE names a file in Spacelift’s container: pass it with --credentials-file',
    });
  });

  test('a managed identity', async () => {
    const { azure, operator } = storage;
    azure.attach(operator);
    const environment = azure.proxyEnvironment();
    vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', environment.AZURE_POD_IDENTITY_AUTHORITY_HOST);
    expect(judged(await storage.check({ as: null, environment }))).toEqual(healthy);
    expect(azure.requests.some(({ plane }) => plane === 'imds')).toBe(true);
  });

  test('the config beats the environment', async () => {
    const { operator } = storage;
    const variables = {
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.secret,
      AZURE_TENANT_ID: storage.azure.tenantId,
    };
    const others = { AZURE_CLIENT_ID: crypto.randomUUID(), AZURE_CLIENT_SECRET: 'of-another', AZURE_TENANT_ID: 'x' };
    expect(judged(await storage.check({ variables, environment: others }))).toEqual(healthy);
  });

  test('something else in place of Microsoft Entra ID', async () => {
    const page = await startPage('login.microsoftonline.com');
    const proxy = await startConnectProxy((host) => (host === 'login.microsoftonline.com' ? page.port : undefined));
    const result = await storage.check({ environment: { HTTPS_PROXY: proxy.url }, authorities: page.caPem });
    await proxy.close();
    page.close();
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toBe(
      'login.microsoftonline.com does not issue a token for the config’s credentials',
    );
  });

  test('Microsoft Entra ID hangs', async () => {
    const result = await under({ hangFor: ({ plane }) => plane === 'entra' });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toBe(
      'connected to login.microsoftonline.com:443, but got no response within 8 s',
    );
  });

  test('Microsoft Entra ID can’t be reached', async () => {
    const { port } = await refusedPort();
    const environment = { AZURE_AUTHORITY_HOST: `https://127.0.0.1:${port}` };
    const result = await attempt(environment);
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toMatch(/^127\.0\.0\.1:\d+ refused the connection$/);
    expect(result.finding(FIRST).detail).toContain('tokens');
  });
});

describe('clocks that differ', () => {
  test.each([60, -60])('by %i minutes', async (minutes) => {
    const result = await under({ clockOffsetMs: minutes * 60_000 });
    expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
    const { title, detail, fix, affected } = result.finding('object-storage/deliveries/presigned');
    expect(title).toBe('the clocks of this machine and Azure Blob Storage differ by 60 min');
    expect(detail).toContain(minutes > 0 ? 'ahead' : 'behind');
    expect(fix).toContain('timedatectl set-ntp true');
    expect(affected).toHaveLength(11);
  });

  test('a little is tolerated', async () => {
    expect(judged(await under({ clockOffsetMs: 3 * 60_000 }))).toEqual(healthy);
    expect(judged(await under({ clockOffsetMs: -3 * 60_000 }))).toEqual(healthy);
  });
});

describe('the account refuses', () => {
  test.each([
    [
      403,
      'AuthorizationFailure',
      /^the network rules of the storage account preflighttest block this machine$/,
      /network-rule add --account-name preflighttest/,
    ],
    [403, 'AccountIsDisabled', /^the storage account preflighttest is disabled$/, /statusOfPrimary/],
    [
      403,
      'KeyVaultEncryptionKeyNotFound',
      /^the key that encrypts the storage account .* can’t be used: KeyVaultEncryptionKeyNotFound$/,
      /az keyvault key show/,
    ],
    [503, 'ServerBusy', /is throttling requests/, /run again later/],
    [500, 'InternalError', /Azure Blob Storage failed \(HTTP 500\)/, /azure\.status\.microsoft/],
    [418, 'Teapot', /Azure Blob Storage refused a request: Teapot/, /look up Teapot/],
  ])('%i %s', async (status, code, title, fix) => {
    const result = await under(
      refuse({ status, code }, ({ plane, method }) => plane === 'blob' && method !== 'OPTIONS'),
    );
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
      evidence: { code, status },
    });
    expect(result.finding(FIRST).affected).toContain('object-storage/workspace/access');
    expect(result.run.leftovers).toEqual([]);
  });

  test.each(['not-there', 'No_Container'])('there is no container %s', async (name) => {
    const result = await storage.check({ variables: { OBJECT_STORAGE_BUCKET_STATES: name } });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    const { title, fix } = result.finding('object-storage/states/access');
    if (name === 'not-there') {
      expect(title).toBe(`container not-there does not exist in the storage account ${ACCOUNT}`);
      expect(fix).toBe(`az storage container create --account-name ${ACCOUNT} --name not-there --auth-mode login`);
    } else {
      expect(title).toMatch(/No_Container/);
    }
  });

  test('an error with a success status is no list, and no key', async () => {
    for (const action of ['List Blobs', 'Get User Delegation Key']) {
      const result = await under(
        refuse({ status: 200, code: 'InternalError' }, (request) => request.action === action),
      );
      const title = expect.stringMatching(/does not look like Azure Blob Storage$/);
      expect(result.findings).toContainEqual(expect.objectContaining({ title }));
    }
  });

  test('a page instead of the account', async () => {
    const page = await startPage('127.0.0.1');
    const url = `https://127.0.0.1:${page.port}/${ACCOUNT}`;
    const variables = { OBJECT_STORAGE_AZURE_ACCOUNT_URL: url };
    const allowCredentialsTo = [`127.0.0.1:${page.port}`];
    const result = await storage.check({ variables, authorities: page.caPem, allowCredentialsTo });
    page.close();
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(/^127\.0\.0\.1:\d+ does not look like Azure Blob Storage$/),
      fix: expect.stringContaining(`(now ${url}) to the account’s blob endpoint`),
    });
  });
});

test('the object read differs from the one written', async () => {
  const result = await under({ corruptReads: true });
  expect(judged(result)).toEqual(one);
  expect(result.finding(FIRST).title).toBe('the object read differs from the one written');
});

describe('the way to the account', () => {
  test('a proxy that refuses is told apart', async () => {
    const { azure } = storage;
    const { port } = new URL(azure.url);
    const proxy = await startConnectProxy((host) => (host.endsWith('.windows.net') ? undefined : Number(port)));
    const result = await storage.check({ environment: { HTTPS_PROXY: proxy.url } });
    await proxy.close();
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toMatch(
      /^the proxy 127\.0\.0\.1:\d+ refused to connect to preflighttest\.blob\.core\.windows\.net:443/,
    );
  });

  test('an authority that nobody trusts', async () => {
    const result = await storage.check({ environment: { SSL_CERT_FILE: '', NODE_EXTRA_CA_CERTS: '' } });
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toMatch(/^TLS to login\.microsoftonline\.com:443 failed: .* not trusted here$/);
  });

  test('an operation that hangs ends at its deadline', async () => {
    const result = await under({
      hangFor: ({ action, container }) => action === 'Get Blob' && container === real('states'),
    });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access').title).toMatch(/^connected to .* within 10 s$/);
  });
});

test('nothing of the service’s own words reaches the report', async () => {
  const message = 'unexpected words of the service';
  const isPut = ({ action }: FaultRequest) => action === 'Put Blob';
  const result = await under(refuse({ status: 403, code: 'AuthorizationPermissionMismatch', message }, isPut));
  expect(judged(result)).toEqual(one);
  expect(JSON.stringify(result.findings)).not.toContain(message);
});

describe('a token that is not accepted', () => {
  const account = { name: 'acct', url: 'https://acct.blob.core.windows.net', management: '' };
  const at = { action: 'put', bucket: 'spacelift-states' } as const;
  const refusalOf = (detail: string, { date = new Date(), tenant = '' } = {}) =>
    azureRefusal(
      {
        status: 401,
        headers: {
          date: date.toUTCString(),
          'x-ms-error-code': 'InvalidAuthenticationInfo',
          'www-authenticate': `Bearer authorization_uri=https://login.microsoftonline.com/${tenant}/oauth2/authorize`,
        },
        body: Buffer.from(`<Error><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`),
      },
      at,
      account,
    );

  test('of another tenant: the account is somebody else’s', () => {
    const tenant = crypto.randomUUID();
    expect(refusalOf('Issuer validation failed. Issuer did not match.', { tenant })?.says).toMatchObject({
      title: 'the storage account acct and these credentials belong to different tenants',
      fix: { text: expect.stringContaining(`set AZURE_TENANT_ID=${tenant} and`) },
    });
  });

  test('of another cloud', () => {
    const says = refusalOf('Audience validation failed. Audience did not match.')?.says;
    expect(says?.title).toBe('the token was not issued for the storage account acct');
    expect(says?.fix?.text).toContain('AZURE_AUTHORITY_HOST');
  });

  test('that has expired, or not by the right clock', () => {
    const detail = 'Lifetime validation failed. The token is expired.';
    expect(refusalOf(detail)).toMatchObject({ kind: 'credentials', says: { title: 'the Azure token has expired' } });
    const date = new Date(Date.now() + 3_600_000);
    expect(refusalOf(detail, { date })).toMatchObject({ kind: 'clock-skew' });
  });

  test('for no reason that is told', async () => {
    storage.azure.faults = {
      statusFor: ({ plane }) => {
        if (plane === 'blob') storage.azure.revokeTokens();
        return undefined;
      },
    };
    const result = await storage.check();
    expect(judged(result)).toEqual(one);
    expect(result.finding(FIRST).title).toBe(`the storage account ${ACCOUNT} rejected the token`);
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });
});
