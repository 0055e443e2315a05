/** Azure Blob Storage, through the Azure SDK. Except for the settings, it needs only *Storage Blob Data Contributor*. */
import type { IncomingMessage } from 'node:http';
import type { BlobItem, ContainerClient } from '@azure/storage-blob';
import { accountSettings, NotPermittedError } from '../../../src/clouds/azure/management.ts';
import { ownerOfAzure } from '../../../src/clouds/azure/owner.ts';
import { mustBeAllowed } from '../../../src/clouds/credentials.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { makeHttpClient, readUpTo } from '../../../src/net/http.ts';
import { boundPages } from '../../../src/net/limits.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { type Store, StoreError, under } from '../store.ts';
import { ACCOUNT_URL, accountOf, isBlobHost } from './account.ts';
import { type At, azureRefusal, codeIn } from './errors.ts';
import { expiryRules } from './lifecycle.ts';
import { azureMessages, release } from './messages.ts';
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
  const { BlobSASPermissions, generateBlobSASQueryParameters } = await import('@azure/storage-blob');
  const agents = makeAgents(run);
  const session = await azureSession(run, account, agents);
  const { call, attempt, container, assignee } = session;
  const http = makeHttpClient(run, agents);
  const settings = accountSettings(run, account, session.credential, { transport: session.transport, http });
  const blobOf = (bucket: string, key: string) => container(bucket).getBlockBlobClient(key);
  const urlOf = (bucket: string, key: string) => new URL(`${account.url}/${bucket}/${key}`);

  const listVersions = (bucket: string, prefix: string, abortSignal: AbortSignal) =>
    call({ action: 'list', bucket }, async () => {
      const found = await all(container(bucket).listBlobsFlat({ prefix, includeVersions: true, abortSignal }));
      return under(prefix, found, ({ name }) => name);
    });
  const removeVersion = (bucket: string, key: string, version: string, abortSignal: AbortSignal) => {
    const removed = attempt({ action: 'delete', bucket }, () =>
      blobOf(bucket, key).withVersion(version).delete({ abortSignal }),
    );
    return removed.catch(unlessMissing);
  };
  const remove = async (bucket: string, key: string, abortSignal: AbortSignal): Promise<undefined> => {
    const removed = call({ action: 'delete', bucket }, () => blobOf(bucket, key).delete({ abortSignal }));
    await removed.catch(unlessMissing);
  };

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

    put: async (bucket, key, body, { ifAbsent }, abortSignal) => {
      const conditions = ifAbsent ? { ifNoneMatch: '*' } : {};
      try {
        return await call({ action: 'put', bucket }, async () => {
          const { versionId, etag } = await blobOf(bucket, key).upload(body, body.length, { conditions, abortSignal });
          if (etag === undefined) throw new StoreError('not-a-store', { action: 'put', bucket });
          return { existed: false, versionId };
        });
      } catch (error) {
        const existed = error instanceof StoreError && error.code === 'BlobAlreadyExists';
        if (!ifAbsent || !existed) throw error;
        return { existed, versionId: undefined };
      }
    },

    get: (bucket, key, abortSignal) => {
      const read = call({ action: 'get', bucket }, async () => {
        const { readableStreamBody, versionId } = await blobOf(bucket, key).download(0, undefined, { abortSignal });
        return { body: await readUpTo(readableStreamBody as IncomingMessage), versionId };
      });
      return read.catch(unlessMissing);
    },

    list: (bucket, prefix, abortSignal) =>
      call({ action: 'list', bucket }, async () => {
        const found = await all(container(bucket).listBlobsFlat({ prefix, abortSignal }));
        return found.map(({ name }) => name);
      }),

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
      const current = versions.filter(({ versionId, isCurrentVersion }) => versionId === undefined || isCurrentVersion);
      await Promise.all(current.map(({ name }) => remove(bucket, name, abortSignal)));
      const older = versions.flatMap(({ name, versionId }) => (versionId === undefined ? [] : [{ name, versionId }]));
      await Promise.all(older.map(({ name, versionId }) => removeVersion(bucket, name, versionId, abortSignal)));
      return versions.map(({ name }) => name);
    },
    removeVersion,

    retention: async (bucket, abortSignal) => {
      const found = await call({ action: 'read retention', bucket }, () =>
        container(bucket).getProperties({ abortSignal }),
      );
      const ofVersions = found.isImmutableStorageWithVersioningEnabled === true;
      if (found.hasImmutabilityPolicy || found.hasLegalHold) {
        // A policy for versions lets the current blob become a version.
        const isHeld = found.hasLegalHold === true;
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
      const values = {
        containerName: bucket,
        blobName: key,
        permissions: BlobSASPermissions.parse(write ? 'cw' : 'r'),
        startsOn: new Date(now - EARLIER_MS),
        expiresOn: new Date(now + EXPIRES_MS),
      };
      const query = generateBlobSASQueryParameters(values, signing, account.name);
      const url = new URL(`${blobOf(bucket, key).url}?${query}`);
      return { method, url, headers: write ? { 'x-ms-blob-type': 'BlockBlob', ...headers } : headers };
    },

    send: (request) => http.send(request),
    urlOf,

    refusal: (answer, at) => {
      const problem = azureRefusal(answer, at, account);
      if (problem?.code !== 'AuthorizationFailure') return problem;
      // The SDK's own requests have passed the network rules, so the signature is the cause; the emulator uses this code for it.
      const { status, code } = problem;
      return new StoreError('signature', { ...at, status, code });
    },

    isOwn: ({ headers }) => headers['x-ms-request-id'] !== undefined,

    versioning: (bucket, signal) => settings.versioning(signal).catch(orDenied({ action: 'read versioning', bucket })),
    expiry: async (bucket, signal) => {
      const rules = await settings.rules(signal).catch(orDenied({ action: 'read lifecycle', bucket }));
      return expiryRules(rules, bucket);
    },

    isPublic: async (bucket, abortSignal) => {
      const { blobPublicAccess } = await call({ action: 'read policy', bucket }, () =>
        container(bucket).getProperties({ abortSignal }),
      );
      if (blobPublicAccess === undefined) return false;
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

async function all(blobs: ReturnType<ContainerClient['listBlobsFlat']>): Promise<BlobItem[]> {
  const found: BlobItem[] = [];
  const another = boundPages();
  for await (const { segment } of blobs.byPage()) {
    another(segment.blobItems.length);
    found.push(...segment.blobItems);
  }
  return found;
}
