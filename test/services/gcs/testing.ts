/** What the tests of the Cloud Storage server share: one server, clients by its environments, and a plain HTTPS client. */
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { Storage, type StorageOptions } from '@google-cloud/storage';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { startGcs } from './index.ts';

export const gcs = await startGcs();
export const account = await gcs.createServiceAccount('spacelift');
const roots = tls.getCACertificates('default');
const before = { ...process.env };

tls.setDefaultCACertificates([...roots, gcs.caPem]);
afterAll(() => gcs.close());
beforeEach(() => {
  gcs.createBucket('states', { bindings: [grant('roles/storage.objectAdmin')], versioning: { enabled: true } });
});
afterEach(() => {
  gcs.faults = {};
  gcs.attached = undefined;
  gcs.bindings.splice(0);
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

export const grant = (role: string, member = `serviceAccount:${account.email}`) => ({ role, members: [member] });
/** Options of an upload in one request. */
export const small = { resumable: false, validation: 'md5' } as const;
export const noRetry = { autoRetry: false };

/** A client that knows nothing but the environment. */
export function storage(environment: Record<string, string>, options: StorageOptions = {}): Storage {
  Object.assign(process.env, environment);
  return new Storage({ retryOptions: noRetry, ...options });
}

/** A client with the account's key file, some of its fields replaced. */
export async function viaProxy(fields: Record<string, string> = {}): Promise<Storage> {
  return storage(gcs.proxyEnvironment(await gcs.keyFile(account.email, fields)));
}

export interface Visit {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A plain HTTPS client that knows the proxy and nothing of Google. */
export function visit(url: string, { method = 'GET', headers = {}, body }: Visit = {}) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const agent = new Agent({ proxyEnv: { HTTPS_PROXY: gcs.proxy.url } });
    const sent = request(url, { method, headers, agent }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, text: await text(answer) });
    });
    sent.on('error', reject).end(body);
  });
}
