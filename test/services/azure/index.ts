/** Azure for tests, on loopback: Azurite behind an HTTPS proxy of ours that adds what it lacks (roles, versions, public
 * levels), a Microsoft Entra authority, the management plane and a managed identity.
 *
 * A client is pointed here by its environment alone, in either of two ways:
 * - `proxyEnvironment(principal)`: `HTTPS_PROXY` leads `login.microsoftonline.com`, `management.azure.com` and the accounts'
 *   `….blob.core.windows.net` here, and nothing else anywhere. Real names, ports and TLS: account URLs are of the usual form.
 * - `directEnvironment(principal)`: `AZURE_AUTHORITY_HOST`; the account's URL is then `accountUrl(name)`, with the account
 *   in the path, the credential needs `disableInstanceDiscovery`, and no variable moves the management plane. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectProxy, startConnectProxy } from '../connect-proxy.ts';
import { listen } from '../listener.ts';
import { makeCa } from '../tls.ts';
import { type AccountTools, accountTools } from './accounts.ts';
import { Authority } from './authority.ts';
import { startAzurite } from './azurite.ts';
import { type Assignment, builtInRoles } from './roles.ts';
import { handle } from './server.ts';
import type { Account, AzureFaults, Options, Principal, RequestRecord } from './types.ts';
import type { World } from './world.ts';

export type { Assignment } from './roles.ts';
export type {
  Account,
  AzureFaults,
  CorsRule,
  FaultReply,
  FaultRequest,
  ManagementRule,
  Options,
  Principal,
  PublicAccess,
  RequestRecord,
} from './types.ts';
export type { Immutability } from './versions.ts';

/** Environment variables. An empty one must be set empty, so that nothing of the caller's own shines through. */
export type Environment = Record<string, string>;

export interface AzureServer extends AccountTools {
  /** https://127.0.0.1:port: everything, by path. */
  readonly url: string;
  readonly proxy: ConnectProxy;
  /** PEM of who vouches for the server, and a file that holds it. */
  readonly caPem: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** All that follow may be changed while the server runs. */
  faults: AzureFaults;
  /** Empty: nobody may do anything. */
  readonly assignments: Assignment[];
  /** Built-in roles, and room for custom ones. */
  readonly roles: Record<string, readonly string[]>;
  readonly principals: Principal[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly requests: RequestRecord[];
  /** Makes an application with a secret, and assigns it the roles on the whole subscription. */
  createPrincipal(...roles: string[]): Principal;
  /** The managed identity of the instance. */
  attach(principal: Principal | undefined): void;
  /** Every access token issued so far is refused. */
  revokeTokens(): void;
  /** The account's URL with the account in the path. */
  accountUrl(name?: string): string;
  /** Writes a federated token and returns its path, for `AZURE_FEDERATED_TOKEN_FILE`. */
  federatedTokenFile(principal: Principal): Promise<string>;
  /** Without a principal: no credentials. */
  proxyEnvironment(principal?: Principal): Environment;
  directEnvironment(principal?: Principal): Environment;
  /** Ends every connection and Azurite. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const credentialVariables = 'CLIENT_ID CLIENT_SECRET CLIENT_CERTIFICATE_PATH FEDERATED_TOKEN_FILE USERNAME PASSWORD';

/** Starts everything on free ports. */
export async function startAzure(options: Options = {}): Promise<AzureServer> {
  const { accounts = ['preflighttest'], tenantId = randomUUID(), subscriptionId = randomUUID() } = options;
  const ca = await makeCa();
  const [azurite, directory] = await Promise.all([
    startAzurite(accounts, ca),
    mkdtemp(join(tmpdir(), 'preflight-azure-')),
  ]);
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, ca.certPem);
  const tokenLifetimeSeconds = options.tokenLifetimeSeconds ?? 3599;
  const authority = await Authority.start({ tenantId, principals: [], attached: undefined, tokenLifetimeSeconds });
  const { principals } = authority.directory;
  const world: World = {
    subscriptionId,
    authority,
    azurite,
    accounts: new Map(),
    assignments: [],
    roles: { ...builtInRoles },
    faults: options.faults ?? {},
    requests: [],
  };
  for (const name of accounts) {
    world.accounts.set(name, {
      name,
      resourceGroup: 'preflight',
      versioning: false,
      allowBlobPublicAccess: false,
      managementRules: [],
      cors: [],
      containers: new Map(),
    });
  }
  const closing = new AbortController();
  const names = ['login.microsoftonline.com', 'management.azure.com', '*.blob.core.windows.net', host, 'localhost'];
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
  const url = `https://${host}:${tls.port}`;
  const proxy = await startConnectProxy((name, port) => {
    const account = /^(\w+)\.blob\.core\.windows\.net$/.exec(name)?.[1];
    const known = names.slice(0, 2).includes(name) || world.accounts.has(account ?? '');
    if (port === 443 && known) return tls.port;
    if (name === '169.254.169.254') return authority.directory.attached === undefined ? undefined : plain.port;
    return name === host && (port === tls.port || port === plain.port) ? port : undefined;
  });
  const clean = (principal?: Principal): Environment => ({
    ...Object.fromEntries(credentialVariables.split(' ').map((name) => [`AZURE_${name}`, ''])),
    AZURE_TENANT_ID: tenantId,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
    // An empty one would be an address that does not parse.
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com',
    AZURE_CONFIG_DIR: directory,
    ...(principal && { AZURE_CLIENT_ID: principal.clientId, AZURE_CLIENT_SECRET: principal.secret }),
    ...(authority.directory.attached && { AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${host}:${plain.port}` }),
    NODE_EXTRA_CA_CERTS: caFile,
    SSL_CERT_FILE: caFile,
  });

  return Object.assign(world, accountTools(world), {
    url,
    proxy,
    caPem: ca.certPem,
    caFile,
    tenantId,
    principals,
    createPrincipal(...roles: string[]) {
      const principal = { clientId: randomUUID(), objectId: randomUUID(), secret: randomUUID() };
      principals.push(principal);
      world.assignments.push(...roles.map((role) => ({ principal: principal.objectId, role })));
      return principal;
    },
    attach(principal: Principal | undefined) {
      authority.directory.attached = principal;
    },
    revokeTokens: () => authority.revokeTokens(),
    accountUrl: (name = accounts[0] ?? '') => `${url}/${name}`,
    async federatedTokenFile({ clientId }: Principal) {
      const path = join(directory, `token-${randomUUID()}`);
      await writeFile(path, await authority.federatedToken(clientId), { mode: 0o600 });
      return path;
    },
    proxyEnvironment: (principal?: Principal) => ({
      ...clean(principal),
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      NO_PROXY: '',
    }),
    directEnvironment: (principal?: Principal) => ({ ...clean(principal), AZURE_AUTHORITY_HOST: url }),
    async close() {
      closing.abort();
      await Promise.all([plain.close(), tls.close(), proxy.close(), azurite.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  });
}
