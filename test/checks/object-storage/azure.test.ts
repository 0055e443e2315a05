import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { objectStorage } from '../../../checks/object-storage/index.ts';
import type { Principal } from '../../services/azure/index.ts';
import { expectAtOnce } from '../../support/at-once.ts';
import { preflight, source } from '../../support/preflight.ts';
import { ACCOUNT, type AzureStorage, contents, ROLE, startAzureStorage } from './azure-storage.ts';
import { EXPECTED, judged, NAMES, PROBE, real } from './storage.ts';

let storage: AzureStorage;
let before: object;
const fresh = async <T>(use: (there: AzureStorage) => Promise<T>): Promise<T> => {
  const there = await startAzureStorage();
  try {
    return await use(there);
  } finally {
    await there.azure.close();
  }
};
beforeAll(async () => {
  storage = await startAzureStorage();
  before = storage.azure.snapshot();
});
beforeEach(() => {
  storage.azure.requests.length = 0;
});
afterAll(() => storage.azure.close());

const healthy = { fail: [], warn: [] };
const of = (bucket: string, rule: string) => `object-storage/${bucket}/${rule}`;
const assign = `az role assignment create --role '${ROLE}' --assignee`;

test('healthy containers pass every rule, and nothing stays behind', async () => {
  const result = await storage.check();
  expect(result.findings.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(result.findings.map(({ id }) => id)).toEqual(EXPECTED);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.azure.snapshot()).toEqual(before);
  expect(result.run.checks[0]?.summary).toBe(`Azure Blob Storage at ${ACCOUNT}.blob.core.windows.net, 10 buckets`);
});

test('asks for nothing that Spacelift does not need, and for what all share once', async () => {
  await storage.check();
  const { requests } = storage.azure;
  const asked = (action: string) => requests.filter((request) => request.action === action).length;
  for (const action of ['List Containers', 'Get Blob Service Properties', 'Get Container ACL', 'unknown']) {
    expect(asked(action)).toBe(0);
  }
  for (const action of [
    'Get User Delegation Key',
    'Microsoft.Storage/storageAccounts/read',
    'Microsoft.Storage/storageAccounts/managementPolicies/read',
  ]) {
    expect(asked(action)).toBe(1);
  }
  expect(requests.filter(({ plane, method }) => plane === 'entra' && method === 'POST')).toHaveLength(2);
});

test('a thousand blobs in a container stay as they are', () =>
  fresh(async ({ azure, check }) => {
    for (let i = 0; i < 1000; i += 50) {
      const some = Array.from({ length: 50 }, (_, j) => azure.putBlob(real('states'), `runs/${i + j}`, String(i + j)));
      await Promise.all(some);
    }
    await azure.putBlob(real('states'), 'runs/7', 'again');
    await azure.putBlob(real('states'), 'spacelift-preflight/of-another', 'x');
    const was = azure.snapshot();
    expect(judged(await check())).toEqual(healthy);
    expect(azure.snapshot()).toEqual(was);
  }));

describe.each(['server', 'drain'] as const)('under the role of the %s', (service) => {
  test('nothing fails or warns, and ten runs leave what one leaves', () =>
    fresh(async (there) => {
      const { azure, contributor, check } = there;
      const once = () => check({ as: contributor, service });
      const first = await once();
      expect(judged(first)).toEqual(healthy);
      expect(first.ids('pass').length).toBeGreaterThan(30);
      const left = azure.snapshot();
      const kept = service === 'server' ? NAMES : NAMES.filter((name) => !NOT_WRITTEN_BY_DRAIN.includes(name));
      expect(contents(there)).toEqual(kept.map((bucket) => `${bucket}/${PROBE} 1`));
      expect(first.run.leftovers.map(({ what }) => what).sort()).toEqual(
        kept.map((bucket) => `${PROBE} in ${real(bucket)}, which may stay`).sort(),
      );
      expect(first.run.leftovers[0]?.command).toMatch(
        /^az storage blob delete --account-name preflighttest --container-name spacelift-/,
      );
      for (let run = 1; run < 10; run++) expect(judged(await once())).toEqual(healthy);
      expect(azure.snapshot()).toEqual(left);
      const denied = azure.requests.filter(({ status }) => status === 403);
      expect(denied.filter(({ caller }) => caller !== 'anonymous')).toEqual([]);
      expect(azure.requests.some(({ plane }) => plane === 'arm')).toBe(false);
    }));
});
const NOT_WRITTEN_BY_DRAIN: readonly string[] = ['large-queue-messages', 'states', 'uploads'];

test('without versions, a service removes what it wrote', () =>
  fresh(async (there) => {
    const { azure, contributor, check } = there;
    azure.account().versioning = false;
    for (let run = 0; run < 2; run++) {
      const result = await check({ as: contributor, service: 'server' });
      expect(judged(result).fail).toEqual(['states/versioning']);
      // Where the server may not delete, what it wrote stays.
      const kept = ['deliveries', 'large-queue-messages', 'policy-inputs', 'run-logs'];
      expect(contents(there)).toEqual(kept.map((bucket) => `${bucket}/${PROBE} 1`));
    }
  }));

test('a drain sees whether a container is public where nobody has written yet', () =>
  fresh(async ({ azure, contributor, check }) => {
    const drain = { as: contributor, service: 'drain' } as const;
    expect((await check(drain)).finding(of('states', 'public')).status).toBe('pass');
    azure.account().allowBlobPublicAccess = true;
    azure.setPublicAccess(real('states'), 'blob');
    expect(judged(await check(drain))).toEqual({ fail: [], warn: ['states/public'] });
  }));

test('the drain compares what the server wrote', () =>
  fresh(async ({ contributor: as, check }) => {
    const id = of('large-queue-messages', 'access');
    expect((await check({ as, service: 'drain' })).finding(id).status).toBe('skip');
    await check({ as, service: 'server' });
    expect((await check({ as, service: 'drain' })).finding(id).status).toBe('pass');
  }));

test('without --service the vendor’s role passes, and says how to look at what it may not', () =>
  fresh(async ({ contributor, check }) => {
    const result = await check({ as: contributor });
    expect(judged(result)).toEqual(healthy);
    expect(result.ids('skip')).toEqual(NAMES.map((name) => of(name, 'retention')));
    expect(result.finding(of('states', 'retention'))).toMatchObject({
      title:
        'reading the lifecycle rules of spacelift-states requires Microsoft.Storage/storageAccounts/managementPolicies/read',
      fix: expect.stringContaining(`az storage account management-policy show --account-name ${ACCOUNT}`),
    });
  }));

describe('who has no role for the data', () => {
  test('gets one reason for all that is skipped, and the command that gives the role', async () => {
    const manager = storage.azure.createPrincipal('Reader', 'Storage Blob Delegator');
    const result = await storage.check({ as: manager });
    expect(judged(result)).toEqual(healthy);
    expect(result.ids('pass')).toEqual([]);
    const reasons = new Set(result.findings.map(({ title }) => title));
    reasons.delete('no bucket could be reached');
    expect([...reasons]).toEqual([`the credentials have no data role on the storage account ${ACCOUNT}`]);
    expect(result.finding(of('deliveries', 'access'))).toMatchObject({
      detail: expect.stringContaining(`Spacelift needs ${ROLE}.`),
      fix: `${assign} ${manager.objectId} --scope "$(az storage account show --name ${ACCOUNT} --query id --output tsv)"`,
    });
    expect(result.run.leftovers).toEqual([]);
    expect(storage.azure.snapshot()).toEqual(before);
  });

  test('is one failure with an application of the config’s own, which is what Spacelift will be', async () => {
    const { tenantId } = storage.azure;
    const { clientId, secret, objectId } = storage.azure.createPrincipal();
    const application = {
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_SECRET: secret,
    };
    const result = await storage.check({ as: null, variables: application });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(of('deliveries', 'access'))).toMatchObject({
      title: `the credentials have no data role on the storage account ${ACCOUNT}`,
      fix: expect.stringContaining(`${assign} ${objectId}`),
    });
    expect(storage.azure.snapshot()).toEqual(before);

    const sources = [source({ ...storage.variables, ...application }, 'all', { process: true })];
    const inPod = await preflight([objectStorage], sources, { environment: storage.azure.proxyEnvironment() });
    expect(judged(inPod)).toEqual({ fail: ['deliveries/access'], warn: [] });
  });

  test.each(['server', 'drain'] as const)('is one failure under --service %s', async (service) => {
    const nobody = storage.azure.createPrincipal();
    const result = await storage.check({ as: nobody, service });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    const { title, fix, affected } = result.finding(of('deliveries', 'access'));
    expect(title).toBe(`the credentials have no data role on the storage account ${ACCOUNT}`);
    expect(fix).toContain(`${assign} ${nobody.objectId}`);
    expect((affected ?? []).filter((id) => id.endsWith('/access'))).toHaveLength(service === 'server' ? 10 : 9);
  });

  test('is not who may do something: what is denied is named', async () => {
    const reader = storage.azure.createPrincipal('Storage Blob Data Reader');
    const result = await storage.check({ as: reader });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(of('deliveries', 'access')).title).toBe(
      'the credentials lack Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
    );
    expect(storage.azure.snapshot()).toEqual(before);
  });
});

describe('denials', () => {
  const verbs = ['write', 'read', 'delete'] as const;
  const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
  /** All of the vendor's role but one verb in one container, which has roles of its own. */
  function without(there: AzureStorage, verb: string, bucket: string): Principal {
    const { azure } = there;
    const principal = azure.createPrincipal('Storage Blob Delegator');
    const rest = `all but ${verb}`;
    azure.roles[rest] = [
      'Microsoft.Storage/storageAccounts/blobServices/containers/read',
      ...verbs.filter((one) => one !== verb).map((one) => `${blobs}/${one}`),
    ];
    for (const name of NAMES) {
      const scope = { account: ACCOUNT, container: real(name) };
      azure.assignments.push({ principal: principal.objectId, role: name === bucket ? rest : ROLE, scope });
    }
    return principal;
  }

  test.each([
    ['write', 'run-logs'],
    ['read', 'modules'],
    ['delete', 'metadata'],
  ])('%s alone is one failure that names the operation', (verb, bucket) =>
    fresh(async (there) => {
      there.azure.account().versioning = false;
      const as = without(there, verb, bucket);
      const result = await there.check({ as, service: 'server' });
      expect(judged(result).fail).toEqual([`${bucket}/access`, 'states/versioning']);
      const { title, fix } = result.finding(of(bucket, 'access'));
      expect(title).toBe(`the credentials lack ${blobs}/${verb} on spacelift-${bucket}`);
      expect(fix).toContain(`${assign} ${as.objectId}`);
    }),
  );

  test('roles on the containers alone can’t sign URLs', () =>
    fresh(async ({ azure, check }) => {
      const as = azure.createPrincipal();
      for (const name of NAMES) {
        const scope = { account: ACCOUNT, container: real(name) };
        azure.assignments.push({ principal: as.objectId, role: ROLE, scope });
      }
      const result = await check({ as, service: 'server' });
      expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
      const { title, detail, fix, affected } = result.finding(of('deliveries', 'presigned'));
      expect(title).toBe(`the credentials can’t sign URLs for the storage account ${ACCOUNT}`);
      expect(detail).toContain('generateUserDelegationKey/action');
      expect(fix).toContain(`${assign} ${as.objectId}`);
      expect(affected).toHaveLength(11);
    }));
});

test('--read-only writes nothing', async () => {
  const result = await storage.check({ readOnly: true });
  expect(judged(result)).toEqual(healthy);
  expect(result.finding(of('states', 'versioning')).status).toBe('pass');
  const wrote = storage.azure.requests.filter(
    ({ plane, method }) => plane === 'blob' && !['GET', 'OPTIONS'].includes(method),
  );
  expect(wrote.map(({ action }) => action)).toEqual(['Get User Delegation Key']);
});

test('ten containers are checked at once', async () => {
  const asked: string[] = [];
  storage.azure.faults = {
    delayMs: 50,
    hangFor: ({ container }) => {
      if (container !== undefined) asked.push(container);
      return false;
    },
  };
  const result = await storage.check();
  storage.azure.faults = {};
  expect(judged(result)).toEqual(healthy);
  expectAtOnce(asked, 10);
});

test('a run that is interrupted removes what it wrote', async () => {
  const interrupt = new AbortController();
  storage.azure.faults = {
    hangFor: ({ action }) => {
      if (action !== 'Get Blob') return false;
      setTimeout(() => interrupt.abort(), 20);
      return !interrupt.signal.aborted;
    },
  };
  const result = await storage.check({ interrupt: interrupt.signal });
  storage.azure.faults = {};
  expect(result.run.interrupted).toBe(true);
  expect(storage.azure.snapshot()).toEqual(before);
});
