/** What the tests of the Azure services share: one set of them, clients by their environments, and a plain HTTPS client. */
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { DefaultAzureCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { type Environment, type Principal, startAzure } from './index.ts';

export const azure = await startAzure();
export const contributor = azure.createPrincipal('Storage Blob Data Contributor');
export const nobody = azure.createPrincipal();
const before = { ...process.env };

tls.setDefaultCACertificates([...tls.getCACertificates('default'), azure.caPem]);
afterAll(() => azure.close());
beforeEach(() => azure.createContainer('states'));
afterEach(async () => {
  azure.faults = {};
  azure.attach(undefined);
  Object.assign(azure.account(), { versioning: false, allowBlobPublicAccess: false, managementRules: [] });
  await azure.setCors([]);
  await azure.removeContainer('states');
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

const retryOptions = { maxRetries: 0, maxTries: 1 };
export const accountUrl = 'https://preflighttest.blob.core.windows.net';

export function credential(environment: Environment): DefaultAzureCredential {
  Object.assign(process.env, environment);
  const direct = process.env.AZURE_AUTHORITY_HOST === azure.url;
  return new DefaultAzureCredential({ retryOptions, ...(direct && { disableInstanceDiscovery: true }) });
}

/** A client that knows nothing but the environment and the account's URL. */
export function service(principal?: Principal, environment = azure.proxyEnvironment(principal)): BlobServiceClient {
  return new BlobServiceClient(accountUrl, credential(environment), { retryOptions });
}

export const container = (principal = contributor, name = 'states') => service(principal).getContainerClient(name);

/** A plain HTTPS client that knows the proxy and nothing of Azure. */
export function visit(url: string, options: RequestOptions = {}, body?: string) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const agent = new Agent({ proxyEnv: { HTTPS_PROXY: azure.proxy.url } });
    const sent = request(url, { ...options, agent }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) });
    });
    sent.on('error', reject).end(body);
  });
}
