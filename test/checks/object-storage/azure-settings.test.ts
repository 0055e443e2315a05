import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AzureFaults, FaultReply, FaultRequest, ManagementRule } from '../../services/azure/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import {
  ACCOUNT,
  type AzureStorage,
  expiry,
  type Given,
  HEALTHY_RULES,
  ORIGIN,
  restore,
  startAzureStorage,
  URL_OF_ACCOUNT,
} from './azure-storage.ts';
import { startForwarder } from './forwarder.ts';
import { judged, NAMES, real } from './storage.ts';

let storage: AzureStorage;
let before: object;
beforeAll(async () => {
  storage = await startAzureStorage();
  before = storage.azure.snapshot();
});
afterEach(async () => {
  await restore(storage);
  expect(storage.azure.snapshot()).toEqual(before);
});
afterAll(() => storage.azure.close());

const healthy = { fail: [], warn: [] };

function under(faults: AzureFaults, options: Given = {}) {
  storage.azure.faults = faults;
  return storage.check(options);
}

const refuse = (reply: FaultReply, when: (request: FaultRequest) => boolean) => ({
  statusFor: (request: FaultRequest) => (when(request) ? reply : undefined),
});

describe('settings', () => {
  test('versioning off', async () => {
    storage.azure.account().versioning = false;
    const result = await storage.check();
    const suggested = ['modules', 'run-logs', 'uploads', 'user-uploaded-workspaces', 'workspace'];
    expect(judged(result)).toEqual({
      fail: ['states/versioning'],
      warn: suggested.map((name) => `${name}/versioning`),
    });
    expect(result.finding('object-storage/states/versioning').fix).toMatch(
      /^az storage account blob-service-properties update --account-name preflighttest --resource-group .* --enable-versioning true$/,
    );
  });

  const rules = (...more: ManagementRule[]) => {
    storage.azure.account().managementRules = [...HEALTHY_RULES, ...more];
  };
  const changed = ({
    baseBlob,
    filters,
    ...rest
  }: Partial<ManagementRule> & ManagementRule['definition']['actions'] & { filters?: object }): ManagementRule => {
    const { definition, ...rule } = expiry([real('states')], 30);
    return {
      ...rule,
      ...rest,
      definition: {
        actions: { baseBlob: baseBlob ?? definition.actions.baseBlob ?? {} },
        filters: { ...definition.filters, blobTypes: ['blockBlob'], ...filters },
      },
    };
  };

  test.each([
    ['the container', expiry([real('states')], 30), 'expire: after 30 days'],
    [
      'part of the container',
      changed({ filters: { prefixMatch: [`${real('states')}/old/`] } }),
      'expire: after 30 days',
    ],
    ['names that begin like it', changed({ filters: { prefixMatch: ['spacelift-st'] } }), 'expire: after 30 days'],
    [
      'what was created long ago',
      changed({ baseBlob: { delete: { daysAfterCreationGreaterThan: 1 } } }),
      'expire: 1 day after creation',
    ],
    [
      'what nobody reads',
      changed({ baseBlob: { delete: { daysAfterLastAccessTimeGreaterThan: 90 } } }),
      'expire: 90 days after the last access',
    ],
  ])('a rule that deletes %s', async (_, rule, detail) => {
    rules(rule);
    const result = await storage.check();
    expect(judged(result)).toEqual({ fail: ['states/retention'], warn: [] });
    expect(result.finding('object-storage/states/retention')).toMatchObject({
      title: 'objects in spacelift-states expire',
      detail,
      fix: expect.stringContaining(`az storage account management-policy show --account-name ${ACCOUNT}`),
    });
  });

  test('a rule that deletes in all containers is one failure that names both that must stay', async () => {
    rules(changed({ filters: { prefixMatch: undefined } }));
    const result = await storage.check();
    expect(judged(result)).toEqual({ fail: ['modules/retention'], warn: [] });
    expect(result.finding('object-storage/modules/retention')).toMatchObject({
      title: 'a lifecycle rule deletes objects that must be kept: expire: after 30 days',
      affected: ['object-storage/modules/retention', 'object-storage/states/retention'],
    });
  });

  test.each([
    ['is off', changed({ enabled: false })],
    ['names another container', expiry(['spacelift-states-old'])],
    ['moves to another tier', changed({ baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 1 } } })],
    ['deletes append blobs', changed({ filters: { blobTypes: ['appendBlob'] } })],
    [
      'deletes older versions and snapshots',
      {
        name: 'older',
        type: 'Lifecycle',
        definition: {
          actions: {
            version: { delete: { daysAfterCreationGreaterThan: 1 } },
            snapshot: { delete: { daysAfterCreationGreaterThan: 1 } },
          },
          filters: { blobTypes: ['blockBlob'] },
        },
      } satisfies ManagementRule,
    ],
  ])('a rule that %s destroys nothing', async (_, rule) => {
    rules(rule);
    expect(judged(await storage.check())).toEqual(healthy);
  });

  test('no expiry where it saves money', async () => {
    storage.azure.account().managementRules = [
      expiry(NAMES.filter((name) => !['modules', 'states', 'uploads'].includes(name)).map(real)),
    ];
    const result = await storage.check();
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/retention'] });
    expect(result.finding('object-storage/uploads/retention').fix).toContain(
      `"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":1}}},"filters":{"blobTypes":["blockBlob"],"prefixMatch":["spacelift-uploads/"]}`,
    );
    storage.azure.account().managementRules = [];
    expect(judged(await storage.check()).warn).toHaveLength(8);
  });

  test('the account is found without being told its subscription', async () => {
    expect(judged(await storage.check({ environment: { AZURE_SUBSCRIPTION_ID: '' } }))).toEqual(healthy);
  });

  test.each([
    [
      'another subscription',
      { environment: { AZURE_SUBSCRIPTION_ID: crypto.randomUUID() } },
      {},
      /^reading the .* requires/,
    ],
    [
      'a management plane that fails',
      {},
      refuse({ status: 500, code: 'Broken' }, ({ plane }) => plane === 'arm'),
      /^management\.azure\.com returned HTTP 500/,
    ],
  ])('%s is a skip', async (_, options, faults, title) => {
    const result = await under(faults, options);
    expect(judged(result)).toEqual(healthy);
    expect(result.ids('skip')).toEqual(NAMES.map((name) => `object-storage/${name}/retention`));
    expect(result.finding('object-storage/states/retention').title).toMatch(title);
  });

  test('a management plane that can’t be reached is a skip', async () => {
    const { azure } = storage;
    const onward = await startConnectProxy((host) =>
      host === 'management.azure.com' ? undefined : Number(new URL(azure.url).port),
    );
    const result = await storage.check({ environment: { HTTPS_PROXY: onward.url } });
    await onward.close();
    expect(judged(result)).toEqual(healthy);
    expect(result.finding('object-storage/states/retention')).toMatchObject({
      status: 'skip',
      title: 'management.azure.com can’t be reached from here',
    });
  });

  test('a management plane that hangs is a skip, too, and no failure of the account', async () => {
    const result = await under({ hangFor: ({ plane }) => plane === 'arm' });
    expect(judged(result)).toEqual(healthy);
    expect(result.ids('skip')).toEqual(NAMES.map((name) => `object-storage/${name}/retention`));
    expect(result.finding('object-storage/states/retention').title).toBe(
      'management.azure.com can’t be reached from here',
    );
  });

  test('a container that is public, unless the account forbids it', async () => {
    const { azure } = storage;
    azure.setPublicAccess(real('states'), 'blob');
    expect(judged(await storage.check())).toEqual(healthy);
    azure.account().allowBlobPublicAccess = true;
    const result = await storage.check();
    expect(judged(result)).toEqual({ fail: [], warn: ['states/public'] });
    expect(result.finding('object-storage/states/public')).toMatchObject({
      title: 'anyone can read spacelift-states',
      fix: `az storage container set-permission --account-name ${ACCOUNT} --name spacelift-states --public-access off`,
    });
  });
});

describe('the browser’s way', () => {
  test.each([
    ['none', '', ORIGIN, '*', ['PUT', 'POST']],
    ['of another origin', 'PUT,POST', 'https://example.org', '*', ['PUT', 'POST']],
    ['without POST', 'PUT', ORIGIN, '*', ['POST']],
    ['without the header that makes a blob', 'PUT,POST', ORIGIN, 'content-type', ['PUT', 'POST']],
  ])('CORS: %s', async (_, methods, origins, headers, refused) => {
    await storage.setCors(methods, origins, headers);
    const result = await storage.check();
    expect(judged(result)).toEqual({ fail: ['uploads/cors'], warn: [] });
    expect(result.finding('object-storage/uploads/cors')).toMatchObject({
      fix: `az storage cors add --account-name ${ACCOUNT} --services b --methods PUT POST --origins ${ORIGIN} --allowed-headers '*' --exposed-headers '*' --max-age 3600`,
      evidence: { refused },
    });
  });

  test('an uploads URL of another origin', async () => {
    const variables = { OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://other.blob.core.windows.net' };
    const result = await storage.check({ variables });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/url'] });
    expect(result.finding('object-storage/uploads/url').fix).toBe(
      `set OBJECT_STORAGE_BUCKET_UPLOADS_URL=${URL_OF_ACCOUNT}`,
    );
  });

  test('pre-signed URLs that something in between breaks', async () => {
    const result = await under(
      refuse({ status: 403, code: 'AuthenticationFailed' }, ({ query }) => query.includes('sig=')),
    );
    expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
    expect(result.finding('object-storage/deliveries/presigned').title).toBe('pre-signed URLs are rejected');
  });

  describe.each([
    ['an operator', undefined],
    ['the server’s role', 'server'],
  ] as const)('a proxy in front, under %s', (_, service) => {
    const through = async (faults: Parameters<typeof startForwarder>[1]) => {
      const { azure, contributor, operator } = storage;
      const forwarder = await startForwarder(azure.url, faults);
      const result = await storage.check({
        as: service === undefined ? operator : contributor,
        ...(service !== undefined && { service }),
        variables: {
          OBJECT_STORAGE_AZURE_ACCOUNT_URL: `${forwarder.url}/${ACCOUNT}`,
          OBJECT_STORAGE_BUCKET_UPLOADS_URL: forwarder.url,
        },
        authorities: forwarder.caPem,
        allowCredentialsTo: [new URL(forwarder.url).host],
      });
      await forwarder.close();
      return result;
    };

    test('that passes everything', async () => {
      expect(judged(await through({}))).toEqual(healthy);
    });

    test('that drops headers with underscores', async () => {
      const result = await through({ dropUnderscores: true });
      expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
      expect(result.finding('object-storage/uploads/proxy')).toMatchObject({
        title: 'a proxy in front of Azure Blob Storage drops headers with underscores',
        detail: 'The upload succeeds, but x-ms-meta-preflight_probe does not arrive with it.',
      });
    });

    test('that caps bodies', async () => {
      const result = await through({ maxBodyBytes: 1024 * 1024 });
      expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
      expect(result.finding('object-storage/uploads/proxy')).toMatchObject({
        title: 'a proxy in front of Azure Blob Storage rejects request bodies of 2 MiB',
        evidence: { status: 413 },
      });
    });
  });

  test('in the clear is refused before anything is tried', async () => {
    storage.azure.requests.length = 0;
    const variables = { OBJECT_STORAGE_AZURE_ACCOUNT_URL: `http://${ACCOUNT}.blob.core.windows.net` };
    const result = await storage.check({ variables });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding('object-storage/deliveries/access').expected).toContain('https://');
    expect(storage.azure.requests).toEqual([]);
  });
});
