/** Azure Blob Storage. Except for the settings, it needs only *Storage Blob Data Contributor*. */
import { accountSettings, NotPermittedError } from '../../../src/clouds/azure/management.ts';
import { ownerOfAzure } from '../../../src/clouds/azure/owner.ts';
import { mustBeAllowed } from '../../../src/clouds/credentials.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { makeHttpClient } from '../../../src/net/http.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import type { StoreRequest } from '../request.ts';
import { type At, type Store, StoreError, under, versionIn } from '../store.ts';
import { ACCOUNT_URL, accountOf, isBlobHost } from './account.ts';
import { azureRefusal, codeIn } from './errors.ts';
import { expiryRules } from './lifecycle.ts';
import { azureMessages, release } from './messages.ts';
import type { Blob } from './requests.ts';
import { signedSas } from './sas.ts';
import { azureSession, EARLIER_MS, isDenied } from './session.ts';

/** How long a pre-signed URL works. */
const EXPIRES_MS = 15 * 60_000;
/** A version and a blob that never existed. */
const [NO_VERSION, NO_BLOB] = ['2020-01-01T00:00:00.0000000Z', 'spacelift-preflight/none'];

/** The account that OBJECT_STORAGE_AZURE_ACCOUNT_URL names, with Azure's default credentials. */
export async function azure(run: Run): Promise<Store> {
  const account = accountOf(run.require(ACCOUNT_URL));
  mustBeAllowed(run, ownerOfAzure(run), {
    url: new URL(account.url),
    party: run.deployment.partyOf(ACCOUNT_URL),
    setting: ACCOUNT_URL,
    isProviders: isBlobHost,
  });
  const agents = makeAgents(run);
  const session = azureSession(run, account, agents);
  const { call, attempt, requests, assignee } = session;
  const http = makeHttpClient(run, agents);
  const settings = accountSettings(run, account, session.credential, { transport: session.transport, http });
  const urlOf = (bucket: string, key: string) => new URL(`${account.url}/${bucket}/${key}`);
  const ask = (request: StoreRequest) => call(request, () => requests.send(request));

  const listVersions = async (bucket: string, prefix: string, signal: AbortSignal) => {
    const at = { action: 'list', bucket } as const;
    const found = await call(at, () => requests.list(at, { prefix, include: 'versions' }, signal));
    return under(prefix, found, ({ name }) => name);
  };
  const removeVersion = async (bucket: string, key: string, versionid: string, signal: AbortSignal) => {
    const request = { action: 'delete', bucket, method: 'DELETE', key, query: { versionid }, signal } as const;
    await attempt(request, () => requests.send(request)).catch(unlessMissing);
  };
  const remove = async (bucket: string, key: string, signal: AbortSignal): Promise<undefined> => {
    await ask({ action: 'delete', bucket, method: 'DELETE', key, signal }).catch(unlessMissing);
  };
  const properties = async (action: At['action'], bucket: string, signal: AbortSignal) =>
    (await ask({ action, bucket, method: 'GET', query: { restype: 'container' }, signal })).headers;

  return {
    name: 'Azure Blob Storage',
    target: {
      what: 'Azure Blob Storage',
      ...addressOf(new URL(account.url)),
      setting: ACCOUNT_URL,
    },
    messages: azureMessages(account, assignee),
    tellsMissing: true,
    removesNothing: true,
    servicesSeePublic: true,
    rulesAreShared: true,
    headers: {
      ifAbsent: { 'if-none-match': '*' },
      taken: 'BlobAlreadyExists',
      version: 'x-ms-version-id',
      metadata: 'x-ms-meta-',
      upload: 'x-ms-blob-type',
      // Metadata names are C# identifiers, which can't start with a digit.
      refused: { code: 'InvalidMetadata', underscore: '0preflight_probe', plain: '0preflightprobe' },
    },

    put: async (bucket, key, body, { ifAbsent }, signal) => {
      const at = { action: 'put', bucket } as const;
      const conditions = ifAbsent ? { 'if-none-match': '*' } : {};
      const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/octet-stream', ...conditions };
      try {
        const { status, headers: answer } = await ask({ ...at, method: 'PUT', key, headers, body, signal });
        if (answer.etag === undefined) throw new StoreError('not-a-store', { ...at, status });
        return { existed: false, versionId: versionIn(answer['x-ms-version-id']) };
      } catch (error) {
        const existed = error instanceof StoreError && error.code === 'BlobAlreadyExists';
        if (!ifAbsent || !existed) throw error;
        return { existed, versionId: undefined };
      }
    },

    get: async (bucket, key, signal) => {
      const found = await ask({ action: 'get', bucket, method: 'GET', key, signal }).catch(unlessMissing);
      return found && { body: found.body, versionId: versionIn(found.headers['x-ms-version-id']) };
    },

    list: async (bucket, prefix, signal) => {
      const at = { action: 'list', bucket } as const;
      const found = await call(at, () => requests.list(at, { prefix }, signal));
      return found.map(({ name }) => name);
    },

    remove,
    traces: async (bucket, prefix, signal) => (await listVersions(bucket, prefix, signal)).map(({ name }) => name),

    mayPurge: async (bucket, prefix, signal) => {
      try {
        await removeVersion(bucket, `${prefix}none`, NO_VERSION, signal);
        return true;
      } catch (error) {
        if (isDenied(error) || (error instanceof StoreError && error.kind === 'other')) return false;
        throw error;
      }
    },

    purge: async (bucket, prefix, abortSignal) => {
      const versions = await listVersions(bucket, prefix, abortSignal);
      // Deleting a blob turns its current version into an older one, which can only then be deleted by its id.
      const isCurrent = (blob: Blob) => blob.versionId === undefined || blob.isCurrent;
      await Promise.all(versions.filter(isCurrent).map(({ name }) => remove(bucket, name, abortSignal)));
      const older = versions.flatMap(({ name, versionId }) => (versionId === undefined ? [] : [{ name, versionId }]));
      await Promise.all(older.map(({ name, versionId }) => removeVersion(bucket, name, versionId, abortSignal)));
      return versions.map((blob) => ({ key: blob.name, isCurrent: isCurrent(blob) }));
    },
    removeVersion,

    retention: async (bucket, signal) => {
      const found = await properties('read retention', bucket, signal);
      const ofVersions = found['x-ms-immutable-storage-with-versioning-enabled'] === 'true';
      const isHeld = found['x-ms-has-legal-hold'] === 'true';
      if (isHeld || found['x-ms-has-immutability-policy'] === 'true') {
        // A policy for versions lets the current blob become a version.
        const fix = isHeld || !ofVersions ? release(account, bucket, isHeld) : undefined;
        return { mode: 'compliance', periodMs: undefined, ...(fix !== undefined && { release: fix }) };
      }
      // Versions can also have a policy from the account, which no container shows.
      return ofVersions ? 'hidden' : undefined;
    },

    buckets: (abortSignal) => session.containers(abortSignal),

    sign: async (method, bucket, key, headers = {}) => {
      const write = method === 'PUT';
      const signing = await session.delegationKey({ action: write ? 'put' : 'get', bucket });
      const now = Date.now();
      const [from, to] = [new Date(now - EARLIER_MS), new Date(now + EXPIRES_MS)];
      const permissions = write ? 'cw' : 'r';
      const url = requests.urlOf(bucket, key);
      url.search = signedSas({ account: account.name, container: bucket, blob: key, permissions, from, to }, signing);
      return { method, url, headers: write ? { 'x-ms-blob-type': 'BlockBlob', ...headers } : headers };
    },

    send: (request) => http.send(request),
    urlOf,

    refusal: (answer, at) => {
      const problem = azureRefusal(answer, at, account);
      if (problem?.code !== 'AuthorizationFailure') return problem;
      // Requests with a token have passed the network rules, so the signature is the cause; the emulator uses this code for it.
      const { status, code } = problem;
      return new StoreError('signature', { ...at, status, code });
    },

    isOwn: ({ headers }) => headers['x-ms-request-id'] !== undefined,

    versioning: (bucket) => settings.versioning().catch(orDenied({ action: 'read versioning', bucket })),
    expiry: async (bucket) => {
      const rules = await settings.rules().catch(orDenied({ action: 'read lifecycle', bucket }));
      return expiryRules(rules, bucket);
    },

    isPublic: async (bucket, signal) => {
      if ((await properties('read policy', bucket, signal))['x-ms-blob-public-access'] === undefined) return false;
      // The account may forbid public access that the container allows.
      return codeIn(await http.send({ method: 'GET', url: urlOf(bucket, NO_BLOB) })) !== 'PublicAccessNotPermitted';
    },
  };
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof StoreError && error.code === 'BlobNotFound') return undefined;
  throw error;
}

const orDenied = (at: At) => (error: unknown) => {
  throw error instanceof NotPermittedError ? new StoreError('denied', at) : error;
};
