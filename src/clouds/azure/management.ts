/** The settings of a storage account that only Azure's management plane has. Spacelift does not need them, so nothing here fails. */
import type { ManagementPolicyRule } from '@azure/arm-storage';
import type { TokenCredential } from '@azure/identity';
import type { Run } from '../../engine/check.ts';
import type { HttpClient } from '../../net/http.ts';
import { boundPages } from '../../net/limits.ts';
import { NetworkError } from '../../net/network-error.ts';
import { advice, sh } from '../../outcome/fix.ts';
import { CheckStopped, skip } from '../../outcome/outcome.ts';
import type { StorageManagementContext } from './arm-storage.ts';
import { findToken, type Token, TokenError } from './credentials.ts';
import type { AzureTransport } from './transport.ts';

/** The most subscriptions to search, and how many at a time: each response may be long. */
const [MOST_SUBSCRIPTIONS, AT_ONCE] = [1000, 8];
/** Below the deadline of the operation that waits for it, which concerns the account and not the management plane. */
const DEADLINE_MS = 8_000;

/** The credentials are not allowed to read the settings. */
export class NotPermittedError extends Error {}

export interface AccountSettings {
  /** @throws NotPermittedError; CheckStopped if the management plane can't be reached */
  versioning(): Promise<boolean>;
  /** The rules of the lifecycle policy. @throws like `versioning` */
  rules(): Promise<readonly ManagementPolicyRule[]>;
}

interface Place {
  readonly subscription: string;
  readonly group: string;
}

interface Account {
  readonly name: string;
  /** `https://management.azure.com` */
  readonly management: string;
}

type Client = typeof import('./arm-storage.ts') & { readonly context: StorageManagementContext };

/** Searches for the account in AZURE_SUBSCRIPTION_ID, or in all subscriptions that the credentials can see. */
export function accountSettings(
  run: Run,
  { name, management }: Account,
  credential: () => Promise<TokenCredential>,
  { transport, http }: { transport: AzureTransport; http: HttpClient },
): AccountSettings {
  const { host } = new URL(management);
  const options = { httpClient: transport.client, endpoint: management, retryOptions: { maxRetries: 0 } };
  let token: Promise<Token> | undefined;
  const getToken = async () => {
    token ??= credential().then((from) => findToken(run, from, transport, `${management}/.default`));
    return token;
  };
  const clientFor = async (subscription: string): Promise<Client> => {
    const sdk = await import('./arm-storage.ts');
    return { ...sdk, context: sdk.createStorageManagement({ getToken }, subscription, options) };
  };
  const subscriptions = async (signal: AbortSignal): Promise<string[]> => {
    const told = run.deployment.setting('AZURE_SUBSCRIPTION_ID')?.value;
    if (told) return [told];
    const { token } = await getToken();
    const url = new URL('/subscriptions?api-version=2022-12-01', management);
    const headers = { authorization: `Bearer ${token}` };
    const { body, status } = await http.send({ method: 'GET', url, headers, signal });
    if (status !== 200) throw Object.assign(new Error('subscriptions'), { statusCode: status });
    const { value = [] } = JSON.parse(body.toString()) as { value?: { subscriptionId: string }[] };
    return value.map(({ subscriptionId }) => subscriptionId);
  };
  const placeIn = async (subscription: string, abortSignal: AbortSignal): Promise<Place | undefined> => {
    const { listAccounts, context } = await clientFor(subscription);
    const another = boundPages();
    for await (const page of listAccounts(context, { abortSignal }).byPage()) {
      another(0);
      const id = page.find((account) => account.name === name)?.id ?? '';
      const group = /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1];
      if (group !== undefined) return { subscription, group };
    }
    return undefined;
  };
  const find = async (signal: AbortSignal): Promise<Place> => {
    const all = await subscriptions(signal);
    if (all.length > MOST_SUBSCRIPTIONS) throw new NetworkError('flood');
    let failed: PromiseRejectedResult | undefined;
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      const tried = await Promise.allSettled(some.map((one) => placeIn(one, signal)));
      for (const one of tried) if (one.status === 'fulfilled' && one.value !== undefined) return one.value;
      failed ??= tried.find((one) => one.status === 'rejected');
    }
    throw failed === undefined ? new NotPermittedError() : failed.reason;
  };
  let place: Promise<Place> | undefined;
  /** The setting belongs to the account, so all containers share the response. */
  const setting = <T>(ask: (client: Client, group: string, abortSignal: AbortSignal) => Promise<T>) => {
    let answer: Promise<T> | undefined;
    return async (): Promise<T> => {
      place ??= run.withTimeout(DEADLINE_MS, find);
      const found = place;
      answer ??= run.withTimeout(DEADLINE_MS, async (signal) => {
        const { subscription, group } = await found;
        return ask(await clientFor(subscription), group, signal);
      });
      try {
        return await answer;
      } catch (error) {
        throw run.signal.aborted ? error : meaningOf(error, host);
      }
    };
  };

  return {
    versioning: setting(async ({ getServiceProperties, context }, group, abortSignal) => {
      const { isVersioningEnabled } = await getServiceProperties(context, group, name, { abortSignal });
      return isVersioningEnabled === true;
    }),
    rules: setting(async ({ getManagementPolicy, context }, group, abortSignal) => {
      try {
        const { policy } = await getManagementPolicy(context, group, name, 'default', { abortSignal });
        return policy?.rules ?? [];
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ManagementPolicyNotFound') return [];
        throw error;
      }
    }),
  };
}

function meaningOf(error: unknown, host: string): unknown {
  if (error instanceof NotPermittedError || error instanceof CheckStopped) return error;
  if (error instanceof NetworkError || error instanceof TokenError) {
    const why = error instanceof NetworkError ? error.kind : error.says.title;
    return new CheckStopped(
      skip(`${host} can’t be reached from here`, {
        detail: `Only Azure’s management plane has this setting, and Spacelift does not need it: ${why}.`,
        fix: advice`allow TCP 443 to ${host}, or run this tool where it can be reached`,
        evidence: { host },
      }),
    );
  }
  const { statusCode } = error as { statusCode?: unknown };
  if (statusCode === 401 || statusCode === 403 || statusCode === 404) return new NotPermittedError();
  if (typeof statusCode === 'number' && statusCode >= 300) {
    return new CheckStopped(
      skip(`${host} returned HTTP ${statusCode}`, { fix: advice`run again later`, evidence: { host } }),
    );
  }
  // A success response that the SDK can't parse.
  return new CheckStopped(
    skip(`${host} does not look like Azure’s management plane`, {
      fix: advice`find out what responds in its place: a proxy, or another address in DNS; try: ${sh`curl -v https://${host}`}`,
      evidence: { host },
    }),
  );
}
