/** A Google Cloud Storage server for tests: JSON and XML API, OAuth and STS token endpoints, IAM Credentials, a metadata
 * server. Real RSA keys, signatures and permissions, in memory, on loopback.
 *
 * A client is pointed here by its environment alone, in either of two ways:
 * - `proxyEnvironment(credentials)`: `HTTPS_PROXY` leads `*.googleapis.com` here and nothing else anywhere. Every library
 *   call, token and signed URL then has its real name, port and TLS; a service account's key file works unchanged.
 * - `emulatorEnvironment(credentials)`: `STORAGE_EMULATOR_HOST`, plain HTTP. The client library then sends tokens only
 *   when it is constructed with `useAuthWithCustomEndpoint: true`, and always fetches those of a key file from
 *   `oauth2.googleapis.com`: use `federationFile` or the metadata server there, or a key file with another
 *   `universe_domain` (the library then signs its tokens itself). Resumable uploads, the library's default, send no token
 *   to such an endpoint at all: `resumable: false`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectProxy, startConnectProxy } from '../connect-proxy.ts';
import { listen } from '../listener.ts';
import { type CertificateAuthority, makeCa } from '../tls.ts';
import { type Caller, keyPair, type ServiceAccount, Tokens } from './accounts.ts';
import { type Credentials, credentialFiles } from './credentials.ts';
import { type Binding, predefinedRoles } from './roles.ts';
import { handle } from './server.ts';
import { Bucket } from './store.ts';
import type { BucketSettings, GcsFaults, RequestRecord } from './types.ts';
import type { World } from './world.ts';

export type { ServiceAccount } from './accounts.ts';
export type { Credentials } from './credentials.ts';
export type { Binding } from './roles.ts';
export type { Bucket, Generation } from './store.ts';
export type {
  BucketSettings,
  CorsEntry,
  FaultReply,
  FaultRequest,
  GcsFaults,
  LifecycleRule,
  RequestRecord,
} from './types.ts';

export interface GcsOptions {
  /** Default `preflight-test`. */
  projectId?: string;
  /** How long access tokens live. Default 3599. */
  tokenLifetimeSeconds?: number;
  faults?: GcsFaults;
  /** Issues the certificate of the `googleapis.com` names. Default: a new one. */
  ca?: CertificateAuthority;
}

export interface GcsServer extends Credentials {
  /** http://127.0.0.1:port: everything, by path. */
  readonly url: string;
  /** The same over HTTPS. */
  readonly secureUrl: string;
  readonly proxy: ConnectProxy;
  /** PEM of who vouches for the server, and a file that holds it. */
  readonly caPem: string;
  readonly caFile: string;
  readonly projectId: string;
  /** All that follow may be changed while the server runs. */
  faults: GcsFaults;
  /** The service account of the instance, as `GCE_METADATA_HOST` or 169.254.169.254 give it. */
  attached: string | undefined;
  tokenLifetimeSeconds: number;
  /** Project-wide grants. */
  readonly bindings: Binding[];
  /** Predefined roles, and room for custom ones. */
  readonly roles: Record<string, readonly string[]>;
  readonly accounts: ReadonlyMap<string, ServiceAccount>;
  readonly requests: RequestRecord[];
  /** Makes a service account `name@<project>.iam.gserviceaccount.com` that may sign as itself unless told otherwise. */
  createServiceAccount(name: string, options?: { maySign?: boolean }): Promise<ServiceAccount>;
  removeServiceAccount(email: string): void;
  /** Every access token issued so far is worth nothing any more. */
  revokeTokens(): void;
  createBucket(name: string, settings?: BucketSettings): Bucket;
  removeBucket(name: string): void;
  /** @throws {Error} when there is no such bucket. */
  bucket(name: string): Bucket;
  /** Every bucket with every generation as plain JSON: equal before and after when nothing was left behind. */
  snapshot(): Record<string, object>;
  /** Ends every connection and removes the files. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const metadataHosts = ['169.254.169.254', 'metadata.google.internal', 'metadata.google.internal.'];

/** Starts a server on free ports. */
export async function startGcs(options: GcsOptions = {}): Promise<GcsServer> {
  const { projectId = 'preflight-test', ca = await makeCa() } = options;
  const directory = await mkdtemp(join(tmpdir(), 'preflight-gcs-'));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, ca.certPem);
  const world: World = {
    projectId,
    buckets: new Map(),
    bindings: [],
    roles: { ...predefinedRoles },
    accounts: new Map(),
    users: new Map<string, Caller>(),
    federationKey: await keyPair('federation'),
    attached: undefined,
    tokens: new Tokens(),
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3599,
    uploads: new Map(),
    requests: [],
    faults: options.faults ?? {},
  };
  const closing = new AbortController();
  const names = ['googleapis.com', '*.googleapis.com', '*.storage.googleapis.com', host, 'localhost'];
  const { chainPem, keyPem } = await ca.issue({ names });
  const start = (secure: boolean) =>
    listen(
      (message, response) => {
        // What fails here lost its connection: there is nobody to tell.
        handle(world, message, response, secure, closing.signal).catch(() => response.destroy());
      },
      host,
      secure ? { key: keyPem, cert: chainPem } : undefined,
    );
  const [plain, tls] = await Promise.all([start(false), start(true)]);
  const url = `http://${host}:${plain.port}`;
  const proxy = await startConnectProxy((name, port) => {
    if (port === 443 && (name === 'googleapis.com' || name.endsWith('.googleapis.com'))) return tls.port;
    if (port === 80 && metadataHosts.includes(name)) return world.attached === undefined ? undefined : plain.port;
    return name === host && (port === plain.port || port === tls.port) ? port : undefined;
  });

  const server: Omit<GcsServer, keyof World | keyof Credentials> = {
    url,
    secureUrl: `https://${host}:${tls.port}`,
    proxy,
    caPem: ca.certPem,
    caFile,
    async createServiceAccount(name, { maySign = true } = {}) {
      const email = `${name}@${projectId}.iam.gserviceaccount.com`;
      const member = `serviceAccount:${email}`;
      const account: ServiceAccount = {
        email,
        uniqueId: String(10n ** 20n + BigInt(world.accounts.size)),
        keys: [await keyPair(name)],
        managedKey: await keyPair(`${name} managed`),
        bindings: maySign ? [{ role: 'roles/iam.serviceAccountTokenCreator', members: [member] }] : [],
      };
      world.accounts.set(email, account);
      return account;
    },
    removeServiceAccount: (email) => void world.accounts.delete(email),
    revokeTokens: () => world.tokens.revokeAll(),
    createBucket(name, settings = {}) {
      const bucket = new Bucket(name, settings, new Date());
      world.buckets.set(name, bucket);
      return bucket;
    },
    removeBucket: (name) => void world.buckets.delete(name),
    bucket(name) {
      const bucket = world.buckets.get(name);
      if (bucket === undefined) throw new Error(`No such bucket: ${name}`);
      return bucket;
    },
    snapshot() {
      const sorted = [...world.buckets.keys()].sort();
      return Object.fromEntries(sorted.map((name) => [name, world.buckets.get(name)?.snapshot() ?? {}]));
    },
    async close() {
      closing.abort();
      await Promise.all([plain.close(), tls.close(), proxy.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return Object.assign(world, server, credentialFiles(world, { url, proxy: proxy.url, caFile, directory }));
}
