import { text } from 'node:stream/consumers';
import type { ContainerListBlobsOptions } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import { isUnderWayAfter } from '../support/under-way.ts';
import { accountUrl, azure, container, contributor, credential, nobody, service, visit } from './azure/testing.ts';

const failed = (statusCode: number, code: string) => expect.objectContaining({ statusCode, code });

async function list(client: ReturnType<typeof container>, options: ContainerListBlobsOptions = {}) {
  const found = [];
  for await (const blob of client.listBlobsFlat(options)) found.push(blob);
  return found;
}

async function read(client: ReturnType<typeof container>, name: string, versionId?: string): Promise<string> {
  const blob = client.getBlobClient(name);
  const { readableStreamBody } = await (versionId === undefined ? blob : blob.withVersion(versionId)).download();
  return readableStreamBody === undefined ? '' : text(readableStreamBody);
}

test('writes, reads, lists and deletes by the real names', async () => {
  const client = container();
  const before = azure.snapshot();
  const names = ["a b+c/ü~(x)!*'.txt", 'p%20q', 'plain'];
  for (const name of names) {
    const written = await client.getBlockBlobClient(name).upload(`of ${name}`, Buffer.byteLength(`of ${name}`));
    expect(written.versionId).toBeUndefined();
  }
  for (const name of names) expect(await read(client, name)).toBe(`of ${name}`);
  expect((await list(client)).map(({ name }) => name)).toEqual(names);
  expect((await list(client, { prefix: 'p' })).length).toBe(2);
  expect((await client.getBlobClient('plain').getProperties()).contentLength).toBe(8);
  for (const name of names) await client.deleteBlob(name);
  expect(azure.snapshot()).toEqual(before);
  await expect(read(client, 'plain')).rejects.toEqual(failed(404, 'BlobNotFound'));
  await expect(list(container(contributor, 'gone'))).rejects.toEqual(failed(404, 'ContainerNotFound'));
  expect(azure.requests.map(({ host }) => host)).toContain('login.microsoftonline.com');
});

test('uploads in blocks', async () => {
  azure.account().versioning = true;
  const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'ab');
  const blob = container().getBlockBlobClient('big');
  const options = { blockSize: 1024 * 1024, maxSingleShotSize: 1024 * 1024 };
  expect((await blob.uploadData(bytes, options)).versionId).toBeDefined();
  expect((await blob.downloadToBuffer()).equals(bytes)).toBe(true);
});

test('keeps versions when the account does', async () => {
  const client = container();
  const blob = client.getBlockBlobClient('probe');
  await blob.upload('0', 1);
  azure.account().versioning = true;
  const [first, second] = [await blob.upload('1', 1), await blob.upload('2', 1)];
  expect(first.versionId).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  expect(second.versionId).not.toBe(first.versionId);
  expect(await blob.getProperties()).toMatchObject({ versionId: second.versionId, isCurrentVersion: true });
  expect(await read(client, 'probe', first.versionId)).toBe('1');
  const versions = await list(client, { includeVersions: true });
  expect(versions.map(({ versionId, isCurrentVersion }) => [versionId, isCurrentVersion])).toEqual([
    [expect.any(String), undefined],
    [first.versionId, undefined],
    [second.versionId, true],
  ]);
  await blob.delete();
  expect((await list(client)).length).toBe(0);
  expect((await list(client, { includeVersions: true })).length).toBe(3);
  expect(azure.snapshot()).toMatchObject({
    preflighttest: { containers: { states: { blobs: [{}, {}, { name: 'probe', current: false }] } } },
  });
});

test('only an owner may delete versions, and not the current one', async () => {
  azure.account().versioning = true;
  const blob = container().getBlockBlobClient('probe');
  const old = await blob.upload('1', 1);
  const current = await blob.upload('2', 1);
  const version = (client: ReturnType<typeof container>, id = '') =>
    client.getBlobClient('probe').withVersion(id).delete();
  await expect(version(container(), old.versionId)).rejects.toEqual(failed(403, 'AuthorizationPermissionMismatch'));
  const owner = container(azure.createPrincipal('Storage Blob Data Owner'));
  await expect(version(owner, current.versionId)).rejects.toEqual(failed(403, 'OperationNotAllowedOnRootBlob'));
  await version(owner, old.versionId);
  await expect(version(owner, old.versionId)).rejects.toEqual(failed(404, 'BlobNotFound'));
  expect((await list(owner, { includeVersions: true })).length).toBe(1);
});

test('enforces roles', async () => {
  await azure.putBlob('states', 'x', 'theirs');
  const mismatch = failed(403, 'AuthorizationPermissionMismatch');
  const reader = container(azure.createPrincipal('Storage Blob Data Reader'));
  expect(await read(reader, 'x')).toBe('theirs');
  expect((await reader.getProperties()).blobPublicAccess).toBeUndefined();
  await expect(reader.getBlockBlobClient('y').upload('y', 1)).rejects.toEqual(mismatch);
  await expect(reader.deleteBlob('x')).rejects.toEqual(mismatch);
  const none = container(nobody);
  await expect(read(none, 'x')).rejects.toEqual(mismatch);
  await expect(list(none)).rejects.toEqual(mismatch);
  await expect(service(nobody).getUserDelegationKey(new Date(), new Date(Date.now() + 60_000))).rejects.toEqual(
    mismatch,
  );
  await expect(service(contributor).getProperties()).rejects.toEqual(mismatch);
  const scoped = azure.createPrincipal();
  azure.assignments.push({
    principal: scoped.objectId,
    role: 'Storage Blob Data Contributor',
    scope: { account: 'preflighttest', container: 'states' },
  });
  expect(await read(container(scoped), 'x')).toBe('theirs');
  await expect(list(container(scoped, 'other'))).rejects.toEqual(mismatch);
});

test('a container is as public as its level', async () => {
  await azure.putBlob('states', 'x', 'open');
  const get = () => visit(`${accountUrl}/states/x`);
  expect(await get()).toMatchObject({ status: 409, headers: { 'x-ms-error-code': 'PublicAccessNotPermitted' } });
  azure.account().allowBlobPublicAccess = true;
  expect(await get()).toMatchObject({ status: 404, headers: { 'x-ms-error-code': 'ResourceNotFound' } });
  azure.setPublicAccess('states', 'blob');
  expect(await get()).toMatchObject({ status: 200, text: 'open' });
  expect((await container().getProperties()).blobPublicAccess).toBe('blob');
  const everything = () => visit(`${accountUrl}/states?restype=container&comp=list`);
  expect((await everything()).status).toBe(404);
  azure.setPublicAccess('states', 'container');
  expect((await everything()).text).toContain('<Name>x</Name>');
});

test('answers OPTIONS by the account rules', async () => {
  const ask = (origin: string, method: string) =>
    visit(`${accountUrl}/states/x`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-ms-blob-type' },
    });
  const failure = { status: 403, headers: { 'x-ms-error-code': 'CorsPreflightFailure' } };
  expect(await ask('https://s.test', 'PUT')).toMatchObject(failure);
  const rule = { allowedHeaders: '*', exposedHeaders: '*', maxAgeInSeconds: 60 };
  await azure.setCors([{ allowedOrigins: 'https://s.test', allowedMethods: 'PUT,POST', ...rule }]);
  expect(await ask('https://s.test', 'PUT')).toMatchObject({
    status: 200,
    headers: { 'access-control-allow-origin': 'https://s.test', 'access-control-allow-methods': 'PUT' },
  });
  expect(await ask('https://t.test', 'PUT')).toMatchObject(failure);
  expect(await ask('https://s.test', 'DELETE')).toMatchObject(failure);
});

test('breaks as told', async () => {
  await azure.putBlob('states', 'x', 'xyz');
  const client = container();
  azure.faults = {
    statusFor: ({ action }) => (action === 'Put Blob' ? { status: 503, code: 'ServerBusy' } : undefined),
  };
  await expect(client.getBlockBlobClient('y').upload('y', 1)).rejects.toEqual(failed(503, 'ServerBusy'));
  azure.faults = { corruptReads: true };
  expect(await read(client, 'x')).not.toBe('xyz');
  azure.faults = { delayMs: 200 };
  expect(await isUnderWayAfter(150, client.getProperties())).toBe(true);
  azure.faults = { hangFor: ({ action }) => action === 'List Blobs' };
  await expect(list(client, { abortSignal: AbortSignal.timeout(150) })).rejects.toMatchObject({ name: 'AbortError' });
  expect(await read(client, 'x')).toBe('xyz');
});

test('the proxy knows the accounts there are, and nothing else', async () => {
  credential(azure.proxyEnvironment(contributor));
  await expect(visit('https://otheraccount.blob.core.windows.net/')).rejects.toThrow();
  await expect(visit('https://example.test/')).rejects.toThrow();
  expect(azure.proxy.asked).toContain('otheraccount.blob.core.windows.net:443');
});
