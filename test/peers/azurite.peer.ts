/** Azurite as it is, with nothing of ours in front: it has neither roles nor versions, and no management plane. */
import tls from 'node:tls';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BUCKETS } from '../../src/config/contract.ts';
import { ACCOUNT, ROLE } from '../checks/object-storage/azure-storage.ts';
import { NAMES, PROBE, real } from '../checks/object-storage/storage.ts';
import { type Azurite, startAzurite } from '../services/azure/azurite.ts';
import { type AzureServer, type Environment, startAzure } from '../services/azure/index.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import type { Options, Variables } from '../support/preflight.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
/** For its authority, which gives out tokens. */
let azure: AzureServer;
let environment: Environment;
let azurite: Azurite;
let ca: CertificateAuthority;
let client: BlobServiceClient;
let url: string;
const trusted = tls.getCACertificates('default');
beforeAll(async () => {
  ca = await makeCa();
  [world, azure, azurite] = await Promise.all([startWorld(), startAzure(), startAzurite([ACCOUNT], ca)]);
  environment = azure.proxyEnvironment(azure.createPrincipal(ROLE));
  url = `https://127.0.0.1:${azurite.port}`;
  tls.setDefaultCACertificates([...trusted, ca.certPem]);
  const key = Buffer.alloc(64, ACCOUNT).toString('base64');
  client = new BlobServiceClient(`${url}/${ACCOUNT}`, new StorageSharedKeyCredential(ACCOUNT, key));
  await Promise.all(NAMES.map((bucket) => client.createContainer(real(bucket))));
});
beforeEach(() => allowUploads('https://localhost'));
afterAll(() => Promise.all([world?.stop(), azure?.close(), azurite?.close()]));

async function allowUploads(allowedOrigins: string): Promise<void> {
  const rule = { allowedOrigins, allowedMethods: 'PUT,POST', allowedHeaders: '*', exposedHeaders: '*' };
  await client.setProperties({ cors: [{ ...rule, maxAgeInSeconds: 3600 }] });
}

async function contents(): Promise<string[]> {
  const list = async (bucket: string) => {
    const names: string[] = [];
    for await (const { name } of client.getContainerClient(real(bucket)).listBlobsFlat()) names.push(name);
    return names.map((name) => `${bucket}/${name}`);
  };
  return (await Promise.all(NAMES.map(list))).flat().sort();
}

const skip = ['object-storage/*/versioning', 'object-storage/*/retention'];
const check = (changed: Variables = {}, options: Options = {}) =>
  world.check(
    {
      OBJECT_STORAGE_TYPE: 'azure',
      OBJECT_STORAGE_AZURE_ACCOUNT_URL: `${url}/${ACCOUNT}`,
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: url,
      ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
      ...changed,
    },
    { environment, authorities: ca.certPem, skip, allowCredentialsTo: [new URL(url).host], ...options },
  );

test('healthy, as an operator, and nothing stays behind', async () => {
  const result = await check();
  expect(judged(result)).toEqual(HEALTHY);
  for (const rule of ['access', 'presigned', 'public']) {
    expect(result.finding(`object-storage/states/${rule}`).status).toBe('pass');
  }
  expect(await contents()).toEqual([]);
});

/** Without versions all but these are deleted again: where a service may delete. */
const KEPT = ['deliveries', 'large-queue-messages', 'policy-inputs', 'run-logs'];

test.each(['server', 'drain'] as const)('healthy, as the %s: ten runs leave what one run leaves', async (service) => {
  expect(judged(await check({}, { service }))).toEqual(HEALTHY);
  const left = await contents();
  expect(left).toEqual(KEPT.map((bucket) => `${bucket}/${PROBE}`));
  for (let run = 1; run < 10; run++) expect(judged(await check({}, { service }))).toEqual(HEALTHY);
  expect(await contents()).toEqual(left);
});

test('a missing container', async () => {
  const result = await check({ [BUCKETS.states]: 'spacelift-not-there' });
  expect(judged(result)).toEqual({ fail: ['object-storage/states/access'], warn: [] });
});

test('another origin may upload', async () => {
  await allowUploads('https://other.corp.internal');
  expect(judged(await check())).toEqual({ fail: ['object-storage/uploads/cors'], warn: [] });
});

test('a container for all to read', async () => {
  await client.getContainerClient(real('deliveries')).setAccessPolicy('blob');
  expect(judged(await check())).toEqual({ fail: [], warn: ['object-storage/deliveries/public'] });
  await client.getContainerClient(real('deliveries')).setAccessPolicy();
});

test('an authority that is not trusted', async () => {
  tls.setDefaultCACertificates(trusted);
  const result = await check({}, { authorities: undefined });
  expect(judged(result)).toEqual({ fail: ['object-storage/deliveries/access'], warn: [] });
  expect(result.finding('object-storage/deliveries/access').affected).toHaveLength(10);
});
