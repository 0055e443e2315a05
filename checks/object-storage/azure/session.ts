/** A signed-in session with a storage account: its token, the meaning of its errors, and the key that signs URLs for it. */
import type { BlobServiceClient, ContainerClient, UserDelegationKey } from '@azure/storage-blob';
import { azureCredential, findToken, type Token, TokenError } from '../../../src/clouds/azure/credentials.ts';
import { type AzureTransport, azureTransport } from '../../../src/clouds/azure/transport.ts';
import { AZURE_CREDENTIALS, areDeployments } from '../../../src/clouds/signing.ts';
import { BUCKETS } from '../../../src/config/contract.ts';
import type { Run } from '../../../src/engine/check.ts';
import type { Agents } from '../../../src/net/agents.ts';
import { networkErrorOr } from '../../../src/net/network-error.ts';
import { withRetry } from '../../../src/net/retry.ts';
import { HttpErrorResponse } from '../../../src/net/sender.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { CheckStopped, skip } from '../../../src/outcome/outcome.ts';
import { StoreError } from '../store.ts';
import type { StorageAccount } from './account.ts';
import { type At, azureRefusal, isAzureRefusal } from './errors.ts';
import { assignRole, KEY_PERMISSION, ROLE } from './messages.ts';

const SCOPE = 'https://storage.azure.com/.default';
const MINUTE_MS = 60_000;
/** How long the key that signs URLs is valid, and how much earlier it starts, since clocks differ a little. */
const KEY_MS = 60 * MINUTE_MS;
export const EARLIER_MS = 5 * MINUTE_MS;
/** The deadline for results that several operations wait for, instead of the first operation's deadline. */
const SHARED_MS = 10_000;

export interface AzureSession {
  /** For other requests to the same directory. */
  readonly transport: AzureTransport;
  readonly credential: () => ReturnType<typeof azureCredential>;
  /** The object id of these credentials, once it is known. */
  readonly assignee: () => string | undefined;
  container(bucket: string): ContainerClient;
  /** The names of the account's containers, one page of them. @throws like `call` */
  containers(signal: AbortSignal): Promise<string[]>;
  /** Performs one operation, once there is a token. @throws StoreError, NetworkError, CheckStopped */
  call<T>(at: At, perform: () => Promise<T>): Promise<T>;
  /** Like `call`, for operations where a denial is expected: it does not check for a missing role. */
  readonly attempt: AzureSession['call'];
  /** @throws like `call` */
  delegationKey(at: At): Promise<UserDelegationKey>;
}

/** @param agents for connections to the store */
export async function azureSession(run: Run, account: StorageAccount, agents: Agents): Promise<AzureSession> {
  const { BlobServiceClient: Service } = await import('@azure/storage-blob');
  // Storage responses are checked as they arrive; the credentials and the management client throw their own errors.
  const storage = azureTransport(run, isAzureRefusal, agents);
  const transport = azureTransport(run);
  let found: ReturnType<typeof azureCredential> | undefined;
  const credential = () => {
    found ??= azureCredential(run, transport);
    return found;
  };
  let token: Promise<Token> | undefined;
  let assignee: string | undefined;
  const getToken = async (): Promise<Token> => {
    token ??= credential().then((from) => findToken(run, from, transport, SCOPE));
    ({ assignee } = await token);
    return token;
  };
  const options = { httpClient: storage.client, retryOptions: { maxTries: 1 } };
  const service: BlobServiceClient = new Service(account.url, { getToken }, options);
  const container = (bucket: string): ContainerClient => service.getContainerClient(bucket);

  const ask: AzureSession['call'] = async (at, perform) => {
    try {
      await getToken();
      return await perform();
    } catch (error) {
      throw meaningOf(error, at, account);
    }
  };
  let allowed = false;
  const writes = new Set<Promise<unknown>>();
  const attempt: AzureSession['call'] = (at, perform) => {
    const asked = ask(at, perform).then((result) => {
      // Managers are allowed to read containers and keys too.
      if (at.action !== 'read policy' && at.action !== 'read retention') allowed = true;
      return result;
    });
    if (at.action === 'put') writes.add(asked);
    return asked;
  };

  let nothing: Promise<boolean> | undefined;
  /** Whether not even reading is allowed in any container: then the role is missing altogether. */
  const nothingIsAllowed = (): Promise<boolean> => {
    nothing ??= run.withTimeout(SHARED_MS, async (abortSignal) => {
      const names = Object.values(BUCKETS).flatMap((name) => {
        const { state, ...set } = run.deployment.lookup(name);
        return state === 'set' && 'value' in set ? [set.value] : [];
      });
      const denials = names.map((bucket) => {
        const pages = container(bucket).listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 });
        return attempt({ action: 'list', bucket }, () => pages.next()).then(() => false, isDenied);
      });
      const denied = await Promise.all(denials);
      // Credentials that can write but not read do have a role: it shows once the pending writes have finished.
      await Promise.allSettled(writes);
      return !denied.includes(false) && !allowed;
    });
    return nothing;
  };
  const orNoRole = async (error: unknown): Promise<never> => {
    throw isDenied(error) && (await nothingIsAllowed()) ? noRole(error) : error;
  };
  const call: AzureSession['call'] = (at, perform) => attempt(at, perform).catch(orNoRole);

  /** A skip for the caller as an operator, who manages the account and need not be able to read its data. */
  const noRole = ({ action, bucket, code }: StoreError): CheckStopped | StoreError => {
    const title = `the credentials have no data role on the storage account ${account.name}`;
    const detail =
      'Every operation is denied. Owner and Contributor manage the account; access to its data requires a separate role.';
    const fix = assignRole(account, assignee);
    if (run.deployment.service === undefined && !areDeployments(AZURE_CREDENTIALS, run)) {
      const evidence = { account: account.name, role: ROLE };
      return new CheckStopped(skip(title, { detail: `${detail} Spacelift needs ${ROLE}.`, fix, evidence }));
    }
    const says = { title, detail, expected: ROLE, fix, cause: cause.store('no-role').titled(title) };
    return new StoreError('denied', { action, bucket, code, says });
  };
  /** Not `denied`: the operation itself is allowed. */
  const mayNotSign = ({ action, bucket, code, status }: StoreError): StoreError => {
    const title = `the credentials can’t sign URLs for the storage account ${account.name}`;
    const says = {
      title,
      detail: `They lack ${KEY_PERMISSION}. A role on a container does not include it: the signing key belongs to the account.`,
      expected: `${ROLE} on the account, or Storage Blob Delegator in addition to roles on the containers`,
      fix: assignRole(account, assignee),
      cause: cause.store('delegation-key').titled(title),
    };
    return new StoreError('other', { action, bucket, code, status, says });
  };

  let key: Promise<UserDelegationKey> | undefined;
  const delegationKey = (at: At): Promise<UserDelegationKey> => {
    key ??= run.withTimeout(SHARED_MS, async (abortSignal) => {
      const now = Date.now();
      const [from, to] = [new Date(now - EARLIER_MS), new Date(now + KEY_MS)];
      try {
        return await withRetry(
          () => ask(at, () => service.getUserDelegationKey(from, to, { abortSignal })),
          (error) => (error instanceof StoreError ? error : undefined),
          abortSignal,
        ).catch(orNoRole);
      } catch (error) {
        throw isDenied(error) && error.says === undefined ? mayNotSign(error) : error;
      }
    });
    return key;
  };

  return {
    transport,
    credential,
    assignee: () => assignee,
    container,
    containers: (abortSignal) =>
      attempt({ action: 'list', bucket: '' }, async () => {
        const { value } = await service.listContainers({ abortSignal }).byPage({ maxPageSize: 1000 }).next();
        const { containerItems = [] } = (value ?? {}) as { containerItems?: { name: string }[] };
        return containerItems.map(({ name }) => name);
      }),
    call,
    attempt,
    delegationKey,
  };
}

/** Turns everything that the SDK and the transport can throw into a StoreError or NetworkError. */
function meaningOf(error: unknown, at: At, account: StorageAccount): unknown {
  if (error instanceof HttpErrorResponse) return azureRefusal(error.answer, at, account) ?? error;
  if (error instanceof TokenError) return new StoreError('credentials', { ...at, says: error.says });
  const problem = networkErrorOr(error);
  // The SDK throws its own error for a success response that is not from Azure.
  return problem instanceof Error && problem.name === 'RestError' ? new StoreError('not-a-store', at) : problem;
}

export const isDenied = (error: unknown): error is StoreError => error instanceof StoreError && error.kind === 'denied';
