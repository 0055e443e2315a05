/** The deployment's Azure identity: the config's own credentials come first, then the caller's default chain. */
import { existsSync } from 'node:fs';
import type { TokenCredential } from '@azure/identity';
import type { CredentialsFile } from '../../config/credentials-options.ts';
import type { Run } from '../../engine/check.ts';
import { inspected } from '../../net/messages.ts';
import { NetworkError } from '../../net/network-error.ts';
import { routeMessages } from '../../net/proxy-tunnel.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, sh } from '../../outcome/fix.ts';
import { CheckStopped, fail, type Issue } from '../../outcome/outcome.ts';
import { mustBeAccepted, mustBeAllowed, onlyInContainer, ownFile, partyAt } from '../credentials.ts';
import { entraIssue } from './credential-messages.ts';
import { CERTIFICATE, CLIENT, isAzureSupplied, ownerOfAzure, SECRET, TENANT, TOKEN_FILE } from './owner.ts';
import type { AzureTransport } from './transport.ts';

/** For finding a token; below any operation's deadline, so that it is clear which of the two timed out. */
const DEADLINE_MS = 8_000;
const AUTHORITY = 'https://login.microsoftonline.com';
/** Microsoft's own hosts, for the public cloud, US Government, and China. */
const AUTHORITIES = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.chinacloudapi.cn',
  'login.partner.microsoftonline.cn',
];

const AUTHORITY_HOST = 'AZURE_AUTHORITY_HOST';
/** The variables that prove the identity, together with the two that name it. */
const PROOFS = [SECRET, CERTIFICATE, TOKEN_FILE];

/** The error of a missing token, as a value. */
export class TokenError extends Error {
  readonly says: Issue;
  constructor(says: Issue) {
    super(says.title);
    this.name = 'TokenError';
    this.says = says;
  }
}

export interface Token {
  readonly token: string;
  readonly expiresOnTimestamp: number;
  /** The object ID or client ID of the token's identity. */
  readonly assignee: string | undefined;
}

/** An empty value counts as absent. */
type Read = (name: string) => string | undefined;

/** The variables that apply: the config's before the caller's, or only the caller's; with a supplied file, the config's. */
function reader(run: Run): Read {
  const { setting, own } = run.deployment;
  return ownerOfAzure(run) === 'config' || isAzureSupplied(run) ? (name) => setting(name)?.value : own;
}

/** @throws CheckStopped if the config's files are elsewhere or its authority must not be contacted; TokenError if the caller's file is missing */
export async function azureCredential(run: Run, { client }: AzureTransport): Promise<TokenCredential> {
  mustBeAccepted(run, (name) => name.startsWith('AZURE_'));
  const value = reader(run);
  const [tenantId, clientId] = [value(TENANT), value(CLIENT)];
  mustBeTenant(tenantId);
  const supplied = isAzureSupplied(run);
  const fileOf = (name: CredentialsFile) => (supplied ? run.options.credentialsFiles[name] : ownFile(run, name));
  const secret = supplied ? undefined : value(SECRET);
  const [certificatePath, tokenFilePath] = [fileOf(CERTIFICATE), fileOf(TOKEN_FILE)];
  const options = { httpClient: client, authorityHost: authorityOf(run).href, retryOptions: { maxRetries: 0 } };
  const identity = await import('@azure/identity');
  if (tenantId !== undefined && clientId !== undefined) {
    if (secret !== undefined) return new identity.ClientSecretCredential(tenantId, clientId, secret, options);
    if (certificatePath !== undefined) {
      mustBeHere(CERTIFICATE, certificatePath);
      const certificatePassword = value('AZURE_CLIENT_CERTIFICATE_PASSWORD');
      const certificate = { certificatePath, ...(certificatePassword !== undefined && { certificatePassword }) };
      return new identity.ClientCertificateCredential(tenantId, clientId, certificate, options);
    }
    if (tokenFilePath !== undefined) {
      mustBeHere(TOKEN_FILE, tokenFilePath);
      return new identity.WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...options });
    }
  }
  return new identity.DefaultAzureCredential({
    ...options,
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
  });
}

const wrongAuthority = fail(`${AUTHORITY_HOST} is not an https:// URL`, {
  detail: 'Every Azure SDK refuses to sign in with any other URL.',
  expected: `${AUTHORITY}, or the URL of another cloud`,
  fix: advice`correct ${AUTHORITY_HOST}, or unset it for the public cloud`,
  evidence: { variable: AUTHORITY_HOST },
  cause: cause.variable(AUTHORITY_HOST),
});

/** Checks the tenant ID, which becomes part of a path. @throws TokenError */
function mustBeTenant(text: string | undefined): void {
  if (text === undefined || /^[0-9A-Za-z.-]+$/.test(text)) return;
  throw new TokenError(
    fail(`${TENANT} is not a tenant ID`, {
      expected: 'the tenant (directory) ID, or one of its domains',
      fix: advice`correct ${TENANT}; check: ${sh`az account show --query tenantId`}`,
      evidence: { variable: TENANT },
      cause: cause.variable(TENANT),
    }),
  );
}

/** @throws CheckStopped if it is not an address, or the config names an authority that must not get the caller's credentials */
function authorityOf(run: Run): URL {
  const held = run.deployment.setting(AUTHORITY_HOST);
  if (held === undefined) return new URL(AUTHORITY);
  const text = /:\/\//.test(held.value) ? held.value : `https://${held.value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw new CheckStopped(wrongAuthority);
  mustBeAllowed(run, ownerOfAzure(run), {
    url,
    party: partyAt(run.deployment, held, [AUTHORITY_HOST]),
    setting: AUTHORITY_HOST,
    isProviders: (hostname) => AUTHORITIES.includes(hostname),
  });
  return url;
}

/** Checks that the caller's file exists. @throws TokenError */
function mustBeHere(variable: CredentialsFile, path: string): void {
  if (existsSync(path)) return;
  throw new TokenError(
    fail(`${variable} names a file that does not exist`, {
      detail: `${path} does not exist.`,
      expected: 'the file that proves Spacelift’s identity to Microsoft Entra ID',
      fix: advice`set ${variable} to an existing file, or unset it to use another identity`,
      evidence: { variable, path },
      cause: cause.azure('credentials', variable),
    }),
  );
}

/** @throws CheckStopped if the config's proof is a file in Spacelift's container, and this process has no identity of its own */
function mustNotBeElsewhere({ deployment: { set, partyOf } }: Run): void {
  const name = ([CERTIFICATE, TOKEN_FILE] as const).find((one) => set.includes(one) && partyOf(one) === 'config');
  if (name !== undefined) throw onlyInContainer(name);
}

/**
 * Gets a token separately from the request that needs it, so that errors concern nothing else.
 * @throws TokenError
 */
export async function findToken(
  run: Run,
  credential: TokenCredential,
  transport: AzureTransport,
  scope: string,
): Promise<Token> {
  try {
    const found = await run.withTimeout(DEADLINE_MS, (abortSignal) => credential.getToken(scope, { abortSignal }));
    if (found === null) throw new Error('none');
    const { token, expiresOnTimestamp } = found;
    run.conceal(token);
    return { token, expiresOnTimestamp, assignee: assigneeIn(token) ?? reader(run)('AZURE_CLIENT_ID') };
  } catch (error) {
    if (run.signal.aborted) throw error;
    const number = /AADSTS(\d+)/.exec(messagesOf(error))?.[1];
    const { hostname: host } = authorityOf(run);
    const configured = isConfigured(reader(run));
    const tooLong = configured && error instanceof NetworkError ? error : undefined;
    const problem = transport.problemAt(host) ?? tooLong;
    if (number === undefined && !configured) mustNotBeElsewhere(run);
    if (number === undefined && problem !== undefined) throw new TokenError(onTheWay(problem, host));
    const value = reader(run);
    throw new TokenError(
      entraIssue({
        number,
        tenant: value('AZURE_TENANT_ID'),
        client: value('AZURE_CLIENT_ID'),
        authority: host,
        configured,
        detail: lookedIn(value),
      }),
    );
  }
}

function onTheWay(problem: NetworkError, host: string): Issue {
  const target = { what: 'Microsoft Entra ID', host, port: 443, setting: AUTHORITY_HOST };
  const { title, ...words } = routeMessages(problem, target);
  return fail(title, {
    ...words,
    ...(problem.kind === 'tls' && problem.tls !== 'changed' && { fix: inspected(host) }),
    detail: 'It issues the tokens that Azure Blob Storage requires.',
  });
}

/** The messages of an error and of all its causes, for matching only; they are never shown. */
function messagesOf(error: unknown, depth = 0): string {
  if (depth > 5 || typeof error !== 'object' || error === null) return '';
  const { message, errors, cause: inside } = error as Record<'message' | 'errors' | 'cause', unknown>;
  const inner = [...(Array.isArray(errors) ? errors.slice(0, 16) : []), inside];
  return [String(message ?? '').slice(0, 4000), ...inner.map((one) => messagesOf(one, depth + 1))].join('\n');
}

const isConfigured = (value: Read): boolean =>
  [TENANT, CLIENT].every((name) => value(name) !== undefined) && PROOFS.some((name) => value(name) !== undefined);

function lookedIn(value: Read): string {
  for (const own of PROOFS) {
    const without = [TENANT, CLIENT].filter((name) => value(name) === undefined);
    if (value(own) !== undefined && without.length > 0) return `${own} is set without ${without.join(' and ')}.`;
  }
  const managed = value(CLIENT);
  return `Searched the config, the environment, the pod’s workload identity, the machine’s managed identity${
    managed === undefined ? '' : ` (${managed}, AZURE_CLIENT_ID)`
  }, and az login.`;
}

/** Microsoft Entra ID's access tokens are JWTs, although that is not guaranteed. */
function assigneeIn(token: string): string | undefined {
  try {
    const { oid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof oid === 'string' && /^[0-9a-f-]{36}$/i.test(oid) ? oid : undefined;
  } catch {
    return undefined;
  }
}
