/** A signed-in session with a storage account: its token, the meaning of its errors, and the key that signs URLs for it. */
import { azureCredential, findToken, type Token, TokenError } from '../../../src/clouds/azure/credentials.ts';
import { type AzureTransport, azureTransport } from '../../../src/clouds/azure/transport.ts';
import { AZURE_CREDENTIALS, areDeployments } from '../../../src/clouds/signing.ts';
import { BUCKETS } from '../../../src/config/contract.ts';
import type { Run } from '../../../src/engine/check.ts';
import type { Agents } from '../../../src/net/agents.ts';
import { withRetry } from '../../../src/net/retry.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { CheckStopped, skip } from '../../../src/outcome/outcome.ts';
import { type At, StoreError } from '../store.ts';
import type { StorageAccount } from './account.ts';
import { assignRole, KEY_PERMISSION, ROLE } from './messages.ts';
import { type BlobRequests, LISTING, makeBlobRequests } from './requests.ts';
import { type DelegationKey, delegationKeyIn, toSeconds } from './sas.ts';

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
  /** The requests of operations; they throw the session's errors in `call` and `attempt` only. */
  readonly requests: BlobRequests;
  /** The names of the account's containers, one page of them. @throws like `call` */
  containers(signal: AbortSignal): Promise<string[]>;
  /** Performs one operation, once there is a token. @throws StoreError, NetworkError, CheckStopped */
  call<T>(at: At, perform: () => Promise<T>): Promise<T>;
  /** Like `call`, for operations where a denial is expected: it does not check for a missing role. */
  readonly attempt: AzureSession['call'];
  /** @throws like `call` */
  delegationKey(at: At): Promise<DelegationKey>;
}

/** @param agents for connections to the store */
export function azureSession(run: Run, account: StorageAccount, agents: Agents): AzureSession {
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
  const requests = makeBlobRequests(run, agents, account, async () => (await getToken()).token);

  const ask: AzureSession['call'] = async (at, perform) => {
    try {
      await getToken();
      return await perform();
    } catch (error) {
      throw meaningOf(error, at);
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
        const at = { action: 'list', bucket } as const;
        const one = () => requests.list(at, { maxresults: '1' }, abortSignal, 1);
        return attempt(at, one).then(() => false, isDenied);
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

  let key: Promise<DelegationKey> | undefined;
  const delegationKey = (at: At): Promise<DelegationKey> => {
    key ??= run.withTimeout(SHARED_MS, async (abortSignal) => {
      const now = Date.now();
      const [from, to] = [now - EARLIER_MS, now + KEY_MS].map((ms) => toSeconds(new Date(ms)));
      const body = Buffer.from(
        `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${from}</Start><Expiry>${to}</Expiry></KeyInfo>`,
      );
      const query = { restype: 'service', comp: 'userdelegationkey' };
      const asked = async () => {
        const request = { ...at, bucket: '', method: 'POST', query, body, signal: abortSignal };
        const found = delegationKeyIn(await requests.document('UserDelegationKey', request));
        if (found === undefined) throw new StoreError('not-a-store', { ...at, status: 200 });
        return found;
      };
      try {
        return await withRetry(
          () => ask(at, asked),
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
    requests,
    containers: (abortSignal) =>
      attempt({ action: 'list', bucket: '' }, async () => {
        const query = { comp: 'list', maxresults: '1000' };
        const request = { action: 'list', bucket: '', method: 'GET', query, signal: abortSignal } as const;
        const found = (await requests.document(LISTING, request))
          .all('Containers')
          .flatMap((all) => all.all('Container'));
        return found.flatMap((one) => one.text('Name') ?? []);
      }),
    call,
    attempt,
    delegationKey,
  };
}

/** Turns an error of the credentials into a StoreError; returns others unchanged. */
const meaningOf = (error: unknown, at: At): unknown =>
  error instanceof TokenError ? new StoreError('credentials', { ...at, says: error.says }) : error;

export const isDenied = (error: unknown): error is StoreError => error instanceof StoreError && error.kind === 'denied';
