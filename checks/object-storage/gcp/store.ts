/**
 * Google Cloud Storage, with Application Default Credentials. Google's library finds them and signs URLs; requests go to
 * the JSON API through the run's own client, since the library's transport accepts neither a signal nor a CA, and only the
 * process's proxy. No role needs `storage.buckets.get`: only reading the settings requires it.
 */
import type { Storage } from '@google-cloud/storage';
import type { GoogleAuth } from 'google-auth-library';
import { mustBeAllowed, partyAt } from '../../../src/clouds/credentials.ts';
import { GoogleAuthError, google } from '../../../src/clouds/google/credentials.ts';
import { WITHHELD } from '../../../src/config/credentials-options.ts';
import type { Run } from '../../../src/engine/check.ts';
import { type HttpAnswer, type HttpRequest, makeHttpClient } from '../../../src/net/http.ts';
import { boundPages } from '../../../src/net/limits.ts';
import { checkProxy } from '../../../src/net/proxy-tunnel.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, skip } from '../../../src/outcome/outcome.ts';
import { type Store, type StoreAction, StoreError, under } from '../store.ts';
import { gcpRefusal, jsonOf, MISSING } from './errors.ts';
import { gcpMessages, type Names } from './messages.ts';
import { type Binding, expiryRules, isPublicPolicy, type LifecycleRule } from './settings.ts';

/** How long a pre-signed URL works, ms. */
const EXPIRES_MS = 900_000;
const PROXY_MS = 8_000;
const EMULATOR = 'STORAGE_EMULATOR_HOST';
const UNIVERSE = 'GOOGLE_CLOUD_UNIVERSE_DOMAIN';
/** A generation that no object has: generations are timestamps, in µs. */
const NO_GENERATION = '1';

interface At {
  readonly action: StoreAction;
  readonly bucket: string;
}

interface Asked extends Partial<Pick<HttpRequest, 'method' | 'body'>> {
  readonly query?: Readonly<Record<string, string>>;
}

interface Version {
  readonly name?: string;
  readonly generation?: string;
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
      const query = { prefix, fields: 'nextPageToken,items(name,generation)', ...(versions && { versions: 'true' }) };
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

  let signer: Promise<Storage> | undefined;
  const storageWith = (auth: GoogleAuth) => {
    signer ??= import('@google-cloud/storage').then(
      // It only signs, and never sends requests.
      (library) => new library.Storage({ authClient: auth, apiEndpoint: base.origin, projectId: 'none' }),
    );
    return signer;
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

    remove: (bucket, key, signal) => remove(bucket, key, signal),

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
    },

    countVersions: async (bucket, key, signal) =>
      (await list({ action: 'list', bucket }, key, true, signal)).filter(({ name }) => name === key).length,

    sign: (method, bucket, key, headers = {}) => {
      const write = method === 'PUT';
      return as({ action: write ? 'put' : 'get', bucket }, async () => {
        const url = await identity.sign(async (auth) => {
          const file = (await storageWith(auth)).bucket(bucket).file(key);
          const [signed] = await file.getSignedUrl({
            version: 'v4',
            action: write ? 'write' : 'read',
            expires: Date.now() + EXPIRES_MS,
            extensionHeaders: { ...headers },
          });
          return signed;
        });
        return { method: write ? 'PUT' : 'GET', url: new URL(url), headers };
      });
    },

    send,
    urlOf: (bucket, key) => new URL(`/${bucket}/${key}`, base),
    refusal: (answer, at) => gcpRefusal(answer, at, names),

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

/**
 * The emulator that Google's clients use instead of Google. If only the config names it, it must be allowed.
 * @throws CheckStopped when it is not an address, or not allowed
 */
function emulatorOf(run: Run): URL | undefined {
  const held = run.deployment.setting(EMULATOR);
  if (held === undefined || held.value === '') return undefined;
  const text = /^https?:\/\//.test(held.value) ? held.value : `http://${held.value}`;
  if (!URL.canParse(text)) {
    throw new CheckStopped(
      fail(`${EMULATOR} is not a server address`, {
        expected: 'host:port, or an http:// or https:// URL',
        fix: advice`correct ${EMULATOR}, or unset it to use Google’s own endpoint`,
        evidence: { variable: EMULATOR },
        cause: cause.variable(EMULATOR),
      }),
    );
  }
  const url = new URL(text);
  mustBeAllowed(run, 'process', { url, party: partyAt(run.deployment, held, [EMULATOR]), setting: EMULATOR });
  return url;
}

/** Another cloud built by Google has other hosts, which this check does not contact. @throws CheckStopped */
function mustBeGoogles({ deployment: { setting } }: Run): void {
  const held = setting(UNIVERSE);
  if (held === undefined || held.party === 'process' || ['', 'googleapis.com'].includes(held.value)) return;
  throw new CheckStopped(
    skip(`${UNIVERSE} names a cloud other than Google’s; your credentials were not sent to it`, {
      detail: 'This check supports only Google’s own Cloud Storage.',
      fix: advice`unset ${UNIVERSE} if the buckets are in Google Cloud`,
      evidence: { reason: WITHHELD, variable: UNIVERSE, host: held.value },
      withheldFrom: held.value,
      cause: cause.withheld(UNIVERSE),
    }),
  );
}

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
