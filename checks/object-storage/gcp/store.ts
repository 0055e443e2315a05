/**
 * Google Cloud Storage, with Application Default Credentials. Google's library finds them and signs with them; requests go
 * to the JSON API through the run's own client, since the library's transport accepts neither a signal nor a CA, and only the
 * process's proxy. No role needs `storage.buckets.get`: only reading the settings requires it.
 */
import { GoogleAuthError, google } from '../../../src/clouds/google/credentials.ts';
import type { Run } from '../../../src/engine/check.ts';
import { type HttpAnswer, type HttpRequest, makeHttpClient } from '../../../src/net/http.ts';
import { boundPages } from '../../../src/net/limits.ts';
import { checkProxy } from '../../../src/net/proxy-tunnel.ts';
import { type At, type Store, StoreError, under } from '../store.ts';
import { EMULATOR, emulatorOf, mustBeGoogles } from './endpoint.ts';
import { gcpRefusal, jsonOf, MISSING } from './errors.ts';
import { gcpMessages, type Names, release } from './messages.ts';
import { type Binding, expiryRules, isPublicPolicy, type LifecycleRule } from './settings.ts';
import { signedUrl } from './signed-url.ts';

/** How long a pre-signed URL works, in seconds. */
const EXPIRES_S = 900;
const PROXY_MS = 8_000;
/** A generation that no object has: generations are timestamps, in µs. */
const NO_GENERATION = '1';

interface Asked extends Partial<Pick<HttpRequest, 'method' | 'body'>> {
  readonly query?: Readonly<Record<string, string>>;
}

interface Version {
  readonly name?: string;
  readonly generation?: string;
  /** Of a noncurrent version: when it was deleted or replaced. */
  readonly timeDeleted?: string;
}

export async function gcp(run: Run): Promise<Store> {
  const emulator = emulatorOf(run);
  mustBeGoogles(run);
  const base = emulator ?? new URL('https://storage.googleapis.com');
  const plain = makeHttpClient(run);
  const proxyChecks = new Map<string, Promise<void>>();
  /** Distinguishes an error of a proxy from an error of Google. */
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { origin } = request.url;
    const proxyCheck = proxyChecks.get(origin) ?? checkProxy(run, request.url, PROXY_MS);
    proxyChecks.set(origin, proxyCheck);
    await proxyCheck;
    const answer = await plain.send(request);
    return isThere(request, answer) ? { ...answer, status: 412 } : answer;
  };
  const identity = google(run, send);
  const names: Names = {
    host: base.hostname,
    endpointFrom: emulator === undefined ? undefined : EMULATOR,
    account: identity.account,
  };
  // Like Google's clients for Go: an emulator gets no token.
  const authorization = async () => (emulator === undefined ? identity.headers() : {});

  const as = async <T>(at: At, perform: () => Promise<T>): Promise<T> => {
    try {
      return await perform();
    } catch (error) {
      throw error instanceof GoogleAuthError ? new StoreError(error.kind, { ...at, says: error.says }) : error;
    }
  };

  /** Performs one operation of the JSON API. */
  const ask = (at: At, path: string, signal: AbortSignal, { method = 'GET', query = {}, body }: Asked = {}) =>
    as(at, async () => {
      const url = new URL(path, base);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const headers = await authorization();
      const answer = await send({ method, url, headers, signal, ...(body !== undefined && { body }) });
      const problem = gcpRefusal(answer, at, names);
      if (problem !== undefined) throw problem;
      return answer;
    });

  const settings = async <T>(at: At, path: string, query: Record<string, string>, signal: AbortSignal) =>
    jsonOf(await ask(at, `${bucketPath(at.bucket)}${path}`, signal, { query }), at) as T;

  const list = async (at: At, prefix: string, versions: boolean, signal: AbortSignal): Promise<Version[]> => {
    const found: Version[] = [];
    let pageToken = '';
    const another = boundPages();
    do {
      const query = {
        prefix,
        fields: 'nextPageToken,items(name,generation,timeDeleted)',
        ...(versions && { versions: 'true' }),
      };
      const page = await settings<{ items?: Version[]; nextPageToken?: string }>(
        at,
        '/o',
        { ...query, ...(pageToken !== '' && { pageToken }) },
        signal,
      );
      const items = [page.items ?? []].flat();
      another(items.length);
      found.push(...under(prefix, items, (item) => (typeof item?.name === 'string' ? item.name : undefined)));
      pageToken = page.nextPageToken ?? '';
    } while (pageToken !== '');
    return found;
  };

  /** A missing object need not be removed. */
  const remove = async (bucket: string, key: string, signal: AbortSignal, generation?: string): Promise<void> => {
    const query = generation === undefined ? {} : { generation };
    await unlessMissing(
      ask({ action: 'delete', bucket }, objectPath(bucket, key), signal, { method: 'DELETE', query }),
    );
  };

  return {
    name: 'Cloud Storage',
    target: {
      what: 'Cloud Storage',
      host: base.hostname,
      port: Number(base.port) || (base.protocol === 'https:' ? 443 : 80),
      setting: names.endpointFrom ?? 'HTTPS_PROXY',
    },
    messages: gcpMessages(names),
    servicesMayPurge: true,
    headers: { ifAbsent: { 'x-goog-if-generation-match': '0' }, metadata: 'x-goog-meta-' },

    put: async (bucket, name, body, { ifAbsent }, signal) => {
      const at = { action: 'put', bucket } as const;
      const query = { uploadType: 'media', name, ...(ifAbsent && { ifGenerationMatch: '0' }) };
      try {
        const answer = await ask(at, `/upload${bucketPath(bucket)}/o`, signal, { method: 'POST', query, body });
        if (jsonOf(answer, at).name !== name) throw new StoreError('not-a-store', { ...at, status: answer.status });
        // Every object has a generation: it says nothing about versioning.
        return { existed: false, versionId: undefined };
      } catch (error) {
        if (!ifAbsent || !(error instanceof StoreError) || error.status !== 412) throw error;
        return { existed: true, versionId: undefined };
      }
    },

    get: async (bucket, key, signal) => {
      const query = { alt: 'media' };
      const answer = await unlessMissing(ask({ action: 'get', bucket }, objectPath(bucket, key), signal, { query }));
      return answer && { body: answer.body, versionId: undefined };
    },

    list: async (bucket, prefix, signal) =>
      (await list({ action: 'list', bucket }, prefix, false, signal)).flatMap(({ name }) => name ?? []),

    remove: async (bucket, key, signal) => {
      await remove(bucket, key, signal);
      return undefined;
    },

    mayPurge: async (bucket, prefix, signal) => {
      const [removed, listed] = await Promise.allSettled([
        remove(bucket, `${prefix}none`, signal, NO_GENERATION),
        list({ action: 'list', bucket }, prefix, true, signal),
      ]);
      if (removed.status === 'rejected') throw removed.reason;
      if (listed.status === 'fulfilled') return true;
      if (listed.reason instanceof StoreError && listed.reason.kind === 'denied') return false;
      throw listed.reason;
    },

    traces: async (bucket, prefix, signal) =>
      (await list({ action: 'list', bucket }, prefix, true, signal)).flatMap(({ name }) => name ?? []),

    purge: async (bucket, prefix, signal) => {
      const versions = await list({ action: 'delete', bucket }, prefix, true, signal);
      await Promise.all(versions.map(({ name = '', generation }) => remove(bucket, name, signal, generation)));
      return versions.map(({ name: key = '', timeDeleted }) => ({ key, isCurrent: timeDeleted === undefined }));
    },

    retention: async (bucket, signal) => {
      const at = { action: 'read retention', bucket } as const;
      type Found = {
        retentionPolicy?: { retentionPeriod?: string };
        defaultEventBasedHold?: boolean;
        versioning?: { enabled?: boolean };
      };
      const fields = 'retentionPolicy,defaultEventBasedHold,versioning';
      const found = await settings<Found>(at, '', { fields }, signal);
      const seconds = Number(found.retentionPolicy?.retentionPeriod);
      if (found.defaultEventBasedHold !== true && !(seconds > 0)) return undefined;
      const isKept = found.defaultEventBasedHold === true || found.versioning?.enabled !== true;
      return {
        mode: 'compliance',
        periodMs: found.defaultEventBasedHold === true ? undefined : seconds * 1000,
        // A policy alone lets current objects become noncurrent.
        ...(isKept && { release: release(bucket) }),
      };
    },

    buckets: async (signal) => {
      const project = run.get('GCP_PROJECT');
      if (project === undefined) return [];
      const at = { action: 'list', bucket: '' } as const;
      const answer = await ask(at, '/storage/v1/b', signal, { query: { project, fields: 'items(name)' } });
      const { items = [] } = jsonOf(answer, at) as { items?: { name?: unknown }[] };
      return [items].flat().flatMap(({ name }) => (typeof name === 'string' ? name : []));
    },

    countVersions: async (bucket, key, signal) =>
      (await list({ action: 'list', bucket }, key, true, signal)).filter(({ name }) => name === key).length,

    sign: (method, bucket, key, headers = {}) => {
      const write = method === 'PUT';
      return as({ action: write ? 'put' : 'get', bucket }, async () => {
        const to = {
          method: write ? 'PUT' : 'GET',
          base,
          bucket,
          key,
          headers,
          seconds: EXPIRES_S,
          now: new Date(),
        } as const;
        const url = await identity.sign((by) => signedUrl(to, by));
        return { method: to.method, url, headers };
      });
    },

    send,
    urlOf: (bucket, key) => new URL(`/${bucket}/${key}`, base),
    refusal: (answer, at) => gcpRefusal(answer, at, names),
    isOwn: ({ headers, body }) =>
      headers['x-guploader-uploadid'] !== undefined || /<Error>|"error":/.test(body.toString()),

    versioning: async (bucket, signal) => {
      const at = { action: 'read versioning', bucket } as const;
      type Found = { versioning?: { enabled?: boolean } };
      return (await settings<Found>(at, '', { fields: 'versioning' }, signal)).versioning?.enabled === true;
    },

    expiry: async (bucket, signal) => {
      const at = { action: 'read lifecycle', bucket } as const;
      type Found = { lifecycle?: { rule?: LifecycleRule[] } };
      return expiryRules((await settings<Found>(at, '', { fields: 'lifecycle' }, signal)).lifecycle?.rule ?? []);
    },

    isPublic: async (bucket, signal) => {
      const at = { action: 'read policy', bucket } as const;
      const query = { optionsRequestedPolicyVersion: '3' };
      const { bindings = [] } = await settings<{ bindings?: Binding[] }>(at, '/iam', query, signal);
      if (!isPublicPolicy(bindings)) return false;
      type Found = { iamConfiguration?: { publicAccessPrevention?: string } };
      const found = await settings<Found>(at, '', { fields: 'iamConfiguration' }, signal).catch((error: unknown) => {
        if (error instanceof StoreError) return undefined;
        throw error;
      });
      return found?.iamConfiguration?.publicAccessPrevention !== 'enforced';
    },
  };
}

const bucketPath = (bucket: string): string => `/storage/v1/b/${encodeURIComponent(bucket)}`;
const objectPath = (bucket: string, key: string): string => `${bucketPath(bucket)}/o/${encodeURIComponent(key)}`;

/** Overwriting requires another permission: without it, Google reports that one when a write-if-absent finds an object. */
const isThere = ({ url, headers = {} }: HttpRequest, { status, body }: HttpAnswer): boolean =>
  status === 403 &&
  (url.searchParams.has('ifGenerationMatch') || 'x-goog-if-generation-match' in headers) &&
  body.includes('storage.objects.delete access');

/** `undefined` if there is no such object. */
async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreError && error.code === MISSING) return undefined;
    throw error;
  }
}
