/** Interprets responses of Azure Blob Storage (REST reference, "Blob service error codes" and "Common REST API error codes"). */

import type { HttpAnswer } from '../../../src/net/http.ts';
import { redirectTarget } from '../../../src/net/redirect.ts';
import { retryAfterIn } from '../../../src/net/retry.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { lookup } from '../../../src/util/lookup.ts';
import { type At, StoreError, type StoreKind } from '../store.ts';
import type { StorageAccount } from './account.ts';

const KIND_OF_CODE: Readonly<Record<string, StoreKind>> = {
  InvalidAuthenticationInfo: 'credentials',
  NoAuthenticationInformation: 'credentials',
  AuthenticationFailed: 'signature',
  AuthorizationPermissionMismatch: 'denied',
  InsufficientAccountPermissions: 'denied',
  UnauthorizedBlobOverwrite: 'denied',
  ContainerNotFound: 'no-bucket',
  ContainerBeingDeleted: 'no-bucket',
  InvalidResourceName: 'invalid-name',
  OutOfRangeInput: 'invalid-name',
  InvalidUri: 'invalid-name',
  RequestBodyTooLarge: 'too-large',
  ServerBusy: 'slow-down',
  InternalError: 'server-error',
  OperationTimedOut: 'server-error',
};

/** An HTML page with a success status comes from something else: every Azure response has a request id. */
export function isAzureRefusal({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  const isPage = headers['x-ms-request-id'] === undefined && /^text\/html/i.test(headers['content-type'] ?? '');
  return status >= 300 || (isPage && status !== 204);
}

/** The error in a response, or `undefined` if the store did what was asked. */
export function azureRefusal(answer: HttpAnswer, at: At, account: StorageAccount): StoreError | undefined {
  if (!isAzureRefusal(answer)) return undefined;
  const { status, headers } = answer;
  const code = codeIn(answer);
  const location = code === undefined ? redirectTarget(answer, new URL(account.url)) : undefined;
  if (location !== undefined) return new StoreError('redirected', { ...at, status, location });
  const skewMs = skewOf(headers.date);
  const kind = kindOf(status, code);
  const retryAfterMs = retryAfterIn(headers['retry-after']);
  const facts = {
    ...at,
    status,
    retryAfterMs,
    ...(code !== undefined && { code }),
    ...(skewMs !== undefined && { skewMs }),
  };
  if (outOfTime(answer, code, skewMs)) return new StoreError('clock-skew', facts);
  return new StoreError(kind, { ...facts, says: says(answer, facts, account) });
}

export function codeIn({ headers, body }: HttpAnswer): string | undefined {
  const header = headers['x-ms-error-code'];
  const code = typeof header === 'string' ? header : /<Code>([^<]{1,64})<\/Code>/.exec(body.toString())?.[1];
  return code !== undefined && /^[A-Za-z]{1,64}$/.test(code) ? code : undefined;
}

function kindOf(status: number, code: string | undefined): StoreKind {
  if (code !== undefined) return lookup(KIND_OF_CODE, code) ?? (status >= 500 ? 'server-error' : 'other');
  if (status === 413) return 'too-large';
  if (status === 429) return 'slow-down';
  return status >= 500 ? 'server-error' : 'not-a-store';
}

function skewOf(date: string | undefined): number | undefined {
  const server = Date.parse(date ?? '');
  return Number.isNaN(server) ? undefined : server - Date.now();
}

/** A smaller difference between the clocks is not the cause. */
const LEAST_SKEW_MS = 60_000;

/** The service rejects the validity period of a key or a signature, which this machine's clock set. */
function outOfTime(answer: HttpAnswer, code: string | undefined, skewMs = 0): boolean {
  const detail = detailIn(answer);
  if (code === 'AuthenticationFailed') return /time frame/i.test(detail);
  const byClock = code === 'InvalidXmlNodeValue' || (code === 'InvalidAuthenticationInfo' && /Lifetime/.test(detail));
  return byClock && Math.abs(skewMs) > LEAST_SKEW_MS;
}

/** For matching only; it is never shown. */
const detailIn = ({ body }: HttpAnswer): string =>
  /<AuthenticationErrorDetail>([^<]{0,2000})</.exec(body.toString())?.[1] ?? '';

/** The property of the token that the service rejects, matched by the service's message, and what it means. */
const TOKENS: readonly (readonly [RegExp, (answer: HttpAnswer, account: StorageAccount) => Partial<Issue>])[] = [
  [
    /^Issuer/,
    ({ headers }, { name }) => {
      const tenant = /login[^/]*\/([0-9a-f-]{36})/i.exec(String(headers['www-authenticate'] ?? ''))?.[1];
      return {
        title: `the storage account ${name} and these credentials belong to different tenants`,
        expected: `credentials in the tenant ${tenant ?? 'of the account'}`,
        fix: advice`set AZURE_TENANT_ID${tenant === undefined ? '' : `=${tenant}`} and an AZURE_CLIENT_ID in that tenant, or use a storage account of your own`,
        cause: cause.azure('token', 'issuer'),
      };
    },
  ],
  [
    /^Audience/,
    (_, { name }) => ({
      title: `the token was not issued for the storage account ${name}`,
      detail: 'It was issued for another service or another cloud.',
      expected: 'a token for https://storage.azure.com, in the account’s cloud',
      fix: advice`set AZURE_AUTHORITY_HOST to the account’s cloud (https://login.microsoftonline.com, .us or login.chinacloudapi.cn)`,
      cause: cause.azure('token', 'audience'),
    }),
  ],
  [
    /^Lifetime/,
    () => ({
      title: 'the Azure token has expired',
      expected: 'a token that is valid now',
      fix: advice`run again; if the error persists, sign in again (az login), and set this machine’s clock (timedatectl set-ntp true)`,
      cause: cause.azure('token', 'lifetime'),
    }),
  ],
  [
    /^/,
    (_, { name }) => ({
      title: `the storage account ${name} rejected the token`,
      expected: 'a Microsoft Entra ID token for Azure Storage',
      fix: advice`sign in again (az login), or configure the proxy in between to pass the Authorization header unchanged`,
      cause: cause.azure('token', 'other'),
    }),
  ],
];

const NETWORK_RULES = ['AuthorizationFailure', 'AuthorizationSourceIPMismatch'];

function says(answer: HttpAnswer, { code = '', bucket }: At & { code?: string }, account: StorageAccount) {
  const { name } = account;
  if (lookup(KIND_OF_CODE, code) === 'credentials' || lookup(KIND_OF_CODE, code) === 'signature') {
    const detail = detailIn(answer);
    return TOKENS.find(([pattern]) => pattern.test(detail))?.[1](answer, account);
  }
  if (lookup(KIND_OF_CODE, code) === 'no-bucket') {
    return {
      title: `container ${bucket} does not exist in the storage account ${name}`,
      expected: 'a container with exactly this name',
    };
  }
  if (lookup(KIND_OF_CODE, code) === 'invalid-name') {
    return {
      title: `${bucket} is not a valid container name`,
      expected: '3 to 63 lowercase letters, digits, and single hyphens',
    };
  }
  if (NETWORK_RULES.includes(code)) return networkRules(name);
  if (code === 'AccountIsDisabled') {
    return {
      title: `the storage account ${name} is disabled`,
      expected: 'an enabled account: Azure disables an unpaid subscription along with all its accounts',
      fix: command(
        [
          sh`az account list --query ${'[].{name: name, state: state}'}`,
          sh`az storage account show --name ${name} --query statusOfPrimary`,
        ],
        { note: 'check its subscription and the account' },
      ),
      cause: cause.azure('account-disabled'),
    };
  }
  if (/^KeyVault/.test(code)) {
    return {
      title: `the key that encrypts the storage account ${name} can’t be used: ${code}`,
      expected: 'an enabled key in Key Vault, with wrap and unwrap permissions for the account’s identity',
      fix: advice`find the key: ${sh`az storage account show --name ${name} --query encryption`}; then: az keyvault key show --id KEY_ID`,
      cause: cause.azure('key', code),
    };
  }
  return undefined;
}

/** Not `denied`: the role may allow the operation, and other checks draw conclusions from `denied`. */
function networkRules(name: string): Partial<Issue> {
  return {
    title: `the network rules of the storage account ${name} block this machine`,
    detail:
      'A role does not help: the account’s firewall does not allow this network, or its public network access is disabled.',
    expected:
      'a network rule that allows Spacelift’s network, or a private endpoint that the account’s name resolves to',
    fix: advice`check the rules: ${sh`az storage account show --name ${name} --query ${'{public: publicNetworkAccess, rules: networkRuleSet}'}`}\nthen: ${sh`az storage account network-rule add --account-name ${name} --subnet SUBNET_ID`}`,
    cause: cause.azure('network-rules'),
  };
}
