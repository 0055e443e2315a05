/** The credentials for AWS: the deployment's own keys, else the caller's, found as the SDK finds them. */
import { readFile } from 'node:fs/promises';
import type { Party } from '../../config/options.ts';
import type { Run } from '../../engine/check.ts';
import { toNetworkError } from '../../net/network-error.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, type Fix, sh } from '../../outcome/fix.ts';
import { CheckStopped, fail, skip } from '../../outcome/outcome.ts';
import { isSupplied, mustBeAllowed, onlyInContainer, ownFile, withOwnersNetwork } from '../credentials.ts';
import { endpointOf } from './custom-endpoint.ts';
import { isAwsHost } from './endpoints.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { makeTransport } from './transport.ts';

/** For finding credentials; below any operation's deadline, so that it is clear which of the two timed out. */
const DEADLINE_MS = 8_000;

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const [KEY, SECRET, TOKEN] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
/** Variables that point to credentials in Spacelift's container, which are not available here. */
const IN_CONTAINER = [
  TOKEN_FILE,
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

/** The keys of one party, never mixed with the other's. */
function keysOf(read: (name: string) => string | undefined): Keys | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [read(KEY), read(SECRET), read(TOKEN)];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** Reads only the config itself. */
const fromConfig =
  ({ deployment }: Run) =>
  (name: string): string | undefined => {
    const held = deployment.setting(name);
    return held?.party === 'config' ? held.value : undefined;
  };

/** The owner of the credentials in use. */
export const ownerOfAws = (run: Run): Party => (keysOf(fromConfig(run)) === undefined ? 'process' : 'config');

/** Keys, or the inputs that the SDK's default chain would otherwise read only from the process environment. */
export function credentialsOf(run: Run): { readonly credentials?: Keys | (() => Promise<Keys>) } {
  const { own } = run.deployment;
  const token = tokenRole(run);
  // A file given with the option takes precedence over the environment.
  const supplied = isSupplied(run, TOKEN_FILE);
  const keys = keysOf(fromConfig(run)) ?? (supplied ? undefined : keysOf(own));
  if (keys !== undefined) return { credentials: keys };
  const sts = token === undefined ? undefined : endpointOf(run, 'STS');
  if (sts !== undefined) {
    mustBeAllowed(run, 'process', { ...sts, isProviders: (hostname) => isAwsHost('STS', hostname) });
  }
  const clientConfig = {
    requestHandler: makeTransport(withOwnersNetwork(run, 'process')),
    maxAttempts: 1,
    ...(sts !== undefined && { endpoint: sts.url.href }),
  };
  if (token !== undefined && supplied) return { credentials: () => assumed(run, token, clientConfig) };
  const chain = {
    profile: own('AWS_PROFILE'),
    filepath: own('AWS_SHARED_CREDENTIALS_FILE'),
    configFilepath: own('AWS_CONFIG_FILE'),
    ...token,
    clientConfig,
  };
  // Keys that are present override the environment even if undefined.
  return Object.fromEntries(Object.entries(chain).filter(([, given]) => given !== undefined));
}

interface TokenRole {
  readonly roleArn: string;
  readonly webIdentityTokenFile: string;
  readonly roleSessionName: string | undefined;
}

/** Assumes the role with the token given with the option, through STS. @throws the SDK's and the file system's errors */
async function assumed(run: Run, token: TokenRole, clientConfig: object): Promise<Keys> {
  const { getDefaultRoleAssumerWithWebIdentity } = await import('@aws-sdk/client-sts');
  const assume = getDefaultRoleAssumerWithWebIdentity({ ...clientConfig, region: run.require('AWS_REGION') });
  return assume({
    RoleArn: token.roleArn,
    RoleSessionName: token.roleSessionName ?? 'spacelift-preflight',
    WebIdentityToken: (await readFile(token.webIdentityTokenFile, 'utf8')).trim(),
  });
}

const roleless = new CheckStopped(
  fail(`--credentials-file sets a token (${TOKEN_FILE}), but AWS_ROLE_ARN is not set`, {
    detail: 'In a pod, the EKS webhook sets AWS_ROLE_ARN together with the token.',
    fix: advice`set AWS_ROLE_ARN to the role of Spacelift’s service account, in the config or in this process’s environment`,
    evidence: { variable: 'AWS_ROLE_ARN' },
    cause: cause.awsCredentials('role'),
  }),
);

/** The role to assume with a token from the caller's file: the caller's role or, with the option, the config's. */
function tokenRole(run: Run): TokenRole | undefined {
  const { setting, own } = run.deployment;
  const webIdentityTokenFile = ownFile(run, TOKEN_FILE);
  const supplied = isSupplied(run, TOKEN_FILE);
  const read = supplied ? (name: string) => setting(name)?.value : own;
  const roleArn = read('AWS_ROLE_ARN');
  if (webIdentityTokenFile === undefined) return undefined;
  if (roleArn === undefined && supplied) throw roleless;
  if (roleArn === undefined) return undefined;
  return { roleArn, webIdentityTokenFile, roleSessionName: read('AWS_ROLE_SESSION_NAME') };
}

/** The variable in the config that points to credentials in Spacelift's container. */
const elsewhere = ({ deployment: { set, partyOf } }: Run): string | undefined =>
  IN_CONTAINER.find((name) => set.includes(name) && partyOf(name) === 'config');

/** @throws CheckStopped if this process has no credentials, and the config's are in Spacelift's container */
function mustBeHere(run: Run): void {
  const name = elsewhere(run);
  if (name === undefined) return;
  if (name === TOKEN_FILE) throw onlyInContainer(name);
  throw new CheckStopped(
    skip(`${name} points to credentials that exist only in Spacelift’s container`, {
      detail: 'Files, profiles, and addresses of credentials in a config are never used on this machine.',
      fix: advice`run this tool in Spacelift’s container, or with your own credentials in the environment`,
      evidence: { variable: name },
      cause: cause.credentialsFile(name),
    }),
  );
}

/** Keys that the config contains but that can't be read: without them, the credentials can't be checked. */
function mustBeKnown({ deployment: { set, setting } }: Run): void {
  const hidden = [KEY, SECRET].find((name) => set.includes(name) && setting(name) === undefined);
  if (hidden === undefined) return;
  throw new CheckStopped(
    skip(`${hidden} is set, but its value is not known here`, {
      fix: advice`pass its value too, or run this tool with your own credentials in the environment`,
      evidence: { variable: hidden, known: false },
      unknownVariable: hidden,
    }),
  );
}

/** An SDK client, which provides the keys in use. */
interface HasCredentials {
  readonly config: { credentials(): Promise<unknown> };
}

/**
 * Has the client find its credentials, separately from the request that needs them, so that errors concern nothing else.
 * @throws CredentialError; CheckStopped if the config contains them but they can't be read
 */
export async function findCredentials(run: Run, client: HasCredentials): Promise<void> {
  try {
    const found = (await run.withTimeout(DEADLINE_MS, () => client.config.credentials())) as Partial<Keys> | undefined;
    run.conceal(found?.secretAccessKey, found?.sessionToken);
  } catch (error) {
    if (run.signal.aborted) throw error;
    mustBeKnown(run);
    const { name = '', message = '' } = error instanceof Error ? error : {};
    const code = /^[A-Za-z]{1,64}$/.test(name) ? name : undefined;
    const kind = credentialKind(code, message) ?? 'missing';
    if (kind === 'missing' && tokenRole(run) === undefined) mustBeHere(run);
    throw new CredentialError(kind, lookedIn(run, error, code));
  }
}

function lookedIn(run: Run, error: unknown, code: string | undefined): { detail: string; fix?: Fix } {
  const { setting, own } = run.deployment;
  const value = (name: string): string | undefined => setting(name)?.value;
  if (value(KEY) !== undefined && value(SECRET) === undefined) return { detail: `${KEY} is set without ${SECRET}.` };
  if (value(SECRET) !== undefined && value(KEY) === undefined) return { detail: `${SECRET} is set without ${KEY}.` };
  const why = toNetworkError(error)?.kind ?? code;
  const { roleArn } = tokenRole(run) ?? {};
  if (roleArn !== undefined) {
    return {
      detail: `STS refused to assume the role ${roleArn} with the token in ${TOKEN_FILE}: ${why}.`,
      fix: advice`allow the token’s service account to assume the role; check its trust policy: ${sh`aws iam get-role --role-name ${roleArn.split('/').at(-1) ?? ''} --query Role.AssumeRolePolicyDocument`}`,
    };
  }
  const profile = own('AWS_PROFILE');
  if (profile !== undefined) {
    return {
      detail: `The profile ${profile} (AWS_PROFILE) provides none: ${why}.`,
      fix: advice`set AWS_PROFILE to one of: ${sh`aws configure list-profiles`}; or log in to it: ${sh`aws sso login --profile ${profile}`}`,
    };
  }
  return {
    detail:
      'Searched the config, the environment, the default profile, and the metadata of the container and the instance.',
  };
}
