/** Who asks a storage account: a token, what a refusal means for them, and the key that signs URLs in their name. */
import type { BlobServiceClient, ContainerClient, UserDelegationKey } from '@azure/storage-blob';
import { azureCredential, findToken, type Token, TokenError } from '../../../src/clouds/azure/credentials.ts';
import { type AzureTransport, azureTransport } from '../../../src/clouds/azure/transport.ts';
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
/** How long the key that signs URLs is valid, and how much earlier it begins: clocks differ a little. */
const KEY_MS = 60 * MINUTE_MS;
export const EARLIER_MS = 5 * MINUTE_MS;
/** For what several operations wait for: not the first one's deadline. */
const SHARED_MS = 10_000;

export interface AzureSession {
  /** For what is asked besides of the same directory. */
  readonly transport: AzureTransport;
  readonly credential: () => ReturnType<typeof azureCredential>;
  /** The object id of these credentials, once it is known. */
  readonly assignee: () => string | undefined;
  container(bucket: string): ContainerClient;
  /** One operation, once there is a token. @throws StoreError, NetworkError, CheckStopped */
  call<T>(at: At, perform: () => Promise<T>): Promise<T>;
  /** As `call`, for what may well be denied: no role is looked for then. */
  readonly attempt: AzureSession['call'];
  /** @throws as `call` does */
  delegationKey(at: At): Promise<UserDelegationKey>;
}

/** @param agents whose connections to the store it uses */
export async function azureSession(run: Run, account: StorageAccount, agents: Agents): Promise<AzureSession> {
  const { BlobServiceClient: Service } = await import('@azure/storage-blob');
  // Storage's answers are judged as they come; the credentials and the management client make errors of theirs.
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
      // Containers and keys are what managers may see too.
      if (at.action !== 'read policy') allowed = true;
      return result;
    });
    if (at.action === 'put') writes.add(asked);
    return asked;
  };

  let nothing: Promise<boolean> | undefined;
  /** Whether not even reading is allowed, in any container: then a role is missing as a whole. */
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
      // Who may write and not read has a role: it shows once the writes under way have ended.
      await Promise.allSettled(writes);
      return !denied.includes(false) && !allowed;
    });
    return nothing;
  };
  const orNoRole = async (error: unknown): Promise<never> => {
    throw isDenied(error) && (await nothingIsAllowed()) ? noRole(error) : error;
  };
  const call: AzureSession['call'] = (at, perform) => attempt(at, perform).catch(orNoRole);

  /** For whoever is signed in here a skip: an operator manages the account, and need not read what is in it. */
  const noRole = ({ action, bucket, code }: StoreError): CheckStopped | StoreError => {
    const title = `these credentials have no role for the data of the storage account ${account.name}`;
    const detail = 'All is denied. Owner or Contributor manage an account; what is in it takes a role of its own.';
    const fix = assignRole(account, assignee);
    if (run.deployment.service === undefined) {
      const evidence = { account: account.name, role: ROLE };
      return new CheckStopped(skip(title, { detail: `${detail} Spacelift needs ${ROLE}.`, fix, evidence }));
    }
    const says = { title, detail, expected: ROLE, fix, cause: cause.store('no-role').titled(title) };
    return new StoreError('denied', { action, bucket, code, says });
  };
  /** Not `denied`: the operation itself is allowed. */
  const mayNotSign = ({ action, bucket, code, status }: StoreError): StoreError => {
    const title = `may not sign URLs for the storage account ${account.name}: ${KEY_PERMISSION} is denied`;
    const says = {
      title,
      detail: 'A role on a container does not include it: the key that signs is the account’s.',
      expected: `${ROLE} on the account, or Storage Blob Delegator beside roles on the containers`,
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
    call,
    attempt,
    delegationKey,
  };
}

/** What went wrong, of all that the SDK and the transport can throw. */
function meaningOf(error: unknown, at: At, account: StorageAccount): unknown {
  if (error instanceof HttpErrorResponse) return azureRefusal(error.answer, at, account) ?? error;
  if (error instanceof TokenError) return new StoreError('credentials', { ...at, says: error.says });
  const problem = networkErrorOr(error);
  // Of a success that is none of Azure's, the SDK makes an error of its own.
  return problem instanceof Error && problem.name === 'RestError' ? new StoreError('not-a-store', at) : problem;
}

export const isDenied = (error: unknown): error is StoreError => error instanceof StoreError && error.kind === 'denied';
