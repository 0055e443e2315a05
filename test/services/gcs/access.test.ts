import type { Storage } from '@google-cloud/storage';
import { expect, test } from 'vitest';
import { account, gcs, grant, small, storage, type Visit, viaProxy, visit } from './testing.ts';

test('verifies signed URLs', async () => {
  const file = (await viaProxy()).bucket('states').file('a b/ü');
  const sign = (action: 'read' | 'write' | 'delete', more = {}) =>
    file.getSignedUrl({ version: 'v4', action, expires: Date.now() + 60_000, ...more }).then(([url]) => url);
  expect((await visit(await sign('write'), { method: 'PUT', body: 'signed' })).status).toBe(200);
  const read = await visit(await sign('read'));
  expect([read.status, read.text]).toEqual([200, 'signed']);
  const tampered = (await sign('read')).replace('a%20b', 'a%20c');
  const cases: [string, Visit, number, string][] = [
    [tampered, {}, 403, 'SignatureDoesNotMatch'],
    [await sign('read'), { method: 'PUT', body: 'x' }, 403, 'SignatureDoesNotMatch'],
    [
      await sign('write', { contentType: 'text/plain' }),
      { method: 'PUT', headers: { 'content-type': 'text/html' } },
      403,
      'SignatureDoesNotMatch',
    ],
    [await sign('write'), { method: 'PUT', headers: { 'x-goog-meta-run_id': '7' } }, 400, 'MalformedSecurityHeader'],
    [
      await sign('write', { extensionHeaders: { 'x-goog-meta-run_id': '7' } }),
      { method: 'PUT' },
      400,
      'MalformedSecurityHeader',
    ],
  ];
  for (const [url, init, status, code] of cases) {
    const answer = await visit(url, init);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
  }
  gcs.faults.clockOffsetMs = 120_000;
  const late = await visit(await sign('read'));
  expect([late.status, late.text]).toEqual([400, expect.stringContaining('<Code>ExpiredToken</Code>')]);
  gcs.faults.clockOffsetMs = -20 * 60_000;
  expect((await visit(await sign('read'))).text).toContain('<Code>RequestTimeTooSkewed</Code>');
  gcs.faults = {};
  const header = { extensionHeaders: { 'x-goog-meta-run_id': '7' } };
  const kept = await visit(await sign('write', header), { method: 'PUT', headers: header.extensionHeaders, body: 'x' });
  expect(kept.status).toBe(200);
  expect((await visit(await sign('read'), { method: 'HEAD' })).status).toBe(403);
  expect(gcs.bucket('states').find('a b/ü')?.metadata).toEqual({ run_id: '7' });
  gcs.bucket('states').bindings = [grant('roles/storage.objectViewer')];
  expect((await visit(await sign('write'), { method: 'PUT' })).text).toContain('storage.objects.create');
  expect((await visit(await sign('delete'), { method: 'DELETE' })).status).toBe(403);
});

test('signs by signBlob for the attached account that may, and for no other', async () => {
  gcs.attached = account.email;
  const client = storage(gcs.proxyEnvironment());
  const sign = () =>
    client
      .bucket('states')
      .file('x')
      .getSignedUrl({ version: 'v4', action: 'write', expires: Date.now() + 60_000 });
  const [url] = await sign();
  expect((await visit(url, { method: 'PUT', body: 'x' })).status).toBe(200);
  const { bindings } = account;
  account.bindings = [];
  await expect(sign()).rejects.toThrow("Permission 'iam.serviceAccounts.signBlob' denied on resource");
  account.bindings = bindings;
  expect(gcs.requests.map(({ action }) => action)).toContain('iamcredentials.signBlob');
});

test('works over STORAGE_EMULATOR_HOST with the metadata server', async () => {
  gcs.attached = account.email;
  const client = storage(gcs.emulatorEnvironment(), { useAuthWithCustomEndpoint: true });
  const file = client.bucket('states').file('emulated');
  await file.save('x', small);
  expect(String((await file.download())[0])).toBe('x');
  const [url] = await file.getSignedUrl({
    version: 'v4',
    action: 'read',
    expires: Date.now() + 60_000,
    signingEndpoint: `${gcs.url}/v1/projects/-/serviceAccounts/`,
  });
  expect(await (await fetch(url)).text()).toBe('x');
});

test('takes the tokens of a federated identity, as itself and as a service account', async () => {
  gcs.bucket('states').bindings.push(grant('roles/storage.objectViewer', gcs.federatedMember('spacelift')));
  const itself = storage(gcs.proxyEnvironment(await gcs.federationFile('spacelift')));
  expect((await itself.bucket('states').getFiles())[0]).toEqual([]);
  await expect(itself.bucket('states').file('x').save('x', small)).rejects.toMatchObject({ code: 403 });
  const impersonating = await gcs.federationFile('spacelift', account.email);
  await expect(storage(gcs.proxyEnvironment(impersonating)).bucket('states').getFiles()).rejects.toThrow(
    "Permission 'iam.serviceAccounts.getAccessToken' denied",
  );
  account.bindings.push(grant('roles/iam.workloadIdentityUser', gcs.federatedMember('spacelift')));
  await storage(gcs.proxyEnvironment(impersonating)).bucket('states').file('x').save('x', small);
});

test('a user may store, and can not sign', async () => {
  gcs.bucket('states').bindings.push(grant('roles/storage.objectAdmin', 'user:ann@example.test'));
  const file = storage(gcs.proxyEnvironment(await gcs.userFile('ann@example.test')))
    .bucket('states')
    .file('x');
  await file.save('x', small);
  const sign = { version: 'v4', action: 'read', expires: Date.now() + 60_000 } as const;
  await expect(file.getSignedUrl(sign)).rejects.toThrow('Cannot sign data without `client_email`');
});

test('tells apart what is wrong with credentials', async () => {
  const list = (client: Storage) => client.bucket('states').getFiles();
  const other = await gcs.createServiceAccount('other');
  const stolen = { private_key: String(other.keys[0]?.privateKey.export({ type: 'pkcs8', format: 'pem' })) };
  await expect(list(await viaProxy(stolen))).rejects.toThrow('Invalid JWT Signature');
  await expect(list(await viaProxy({ client_email: 'no@body.test' }))).rejects.toThrow('account not found');
  gcs.faults.clockOffsetMs = 2 * 3600_000;
  await expect(list(await viaProxy())).rejects.toThrow('Token must be a short-lived token');
  gcs.faults = {};
  const client = await viaProxy();
  await list(client);
  gcs.revokeTokens();
  await expect(list(client)).rejects.toMatchObject({ code: 401, message: 'Invalid Credentials' });
  gcs.attached = undefined;
  await expect(list(storage(gcs.proxyEnvironment()))).rejects.toThrow('Could not load the default credentials');
});

test('access tokens expire', async () => {
  const client = await viaProxy();
  await client.bucket('states').getFiles();
  gcs.faults.clockOffsetMs = 3600_000;
  await expect(client.bucket('states').getFiles()).rejects.toMatchObject({ code: 401 });
});

test('takes a self-signed JWT, and no forged one', async () => {
  const fields = { universe_domain: 'universe.test' };
  const client = async (more = {}) =>
    storage(gcs.emulatorEnvironment(await gcs.keyFile(account.email, { ...fields, ...more })), {
      useAuthWithCustomEndpoint: true,
      universeDomain: 'universe.test',
    });
  await (await client()).bucket('states').getFiles();
  const other = await gcs.createServiceAccount('other');
  const stolen = { private_key: String(other.keys[0]?.privateKey.export({ type: 'pkcs8', format: 'pem' })) };
  await expect((await client(stolen)).bucket('states').getFiles()).rejects.toMatchObject({ code: 401 });
});
