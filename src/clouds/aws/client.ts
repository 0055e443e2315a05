/** The settings of every AWS SDK client: the deployment's region, credentials, and endpoint. */
import { readFile } from 'node:fs/promises';
import type { Party } from '../../config/options.ts';
import type { Run } from '../../engine/check.ts';
import type { Agents } from '../../net/agents.ts';
import { toNetworkError } from '../../net/network-error.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, type Fix, sh } from '../../outcome/fix.ts';
import { CheckStopped, fail, skip } from '../../outcome/outcome.ts';
import {
  type Destination,
  isSupplied,
  mustBeAllowed,
  onlyInContainer,
  ownFile,
  partyAt,
  withOwnersNetwork,
} from '../credentials.ts';
import { type AwsService, isAwsHost } from './endpoints.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { type IsErrorResponse, makeTransport, type Transport } from './transport.ts';

/** For finding credentials; below any operation's deadline, so that it is clear which of the two timed out. */
const DEADLINE_MS = 8_000;

export interface AwsSettings {
  /** Spread into the client's configuration. */
  readonly config: {
    readonly region: string;
    readonly requestHandler: Transport;
    readonly maxAttempts: 1;
    readonly disableClockSkewCorrection: true;
    readonly endpoint?: string;
    readonly useFipsEndpoint?: boolean;
    readonly useDualstackEndpoint?: boolean;
    readonly credentials?: Keys | (() => Promise<Keys>);
  };
  /** The custom endpoint that the config or the environment sets instead of AWS's own. */
  readonly endpoint: Endpoint | undefined;
}

/** An address, the party that set it, and the variable that contains it. */
export type Endpoint = Pick<Destination, 'url' | 'party' | 'setting'>;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const [KEY, SECRET, TOKEN] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
/** The variables that select special AWS endpoints. */
const KINDS = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'] as const;
/** Variables that point to credentials in Spacelift's container, which are not available here. */
const IN_CONTAINER = [
  TOKEN_FILE,
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

/**
 * Keys in the config take precedence over the caller's; the SDK's default chain, which belongs to the caller, comes last.
 * There are no retries and no clock correction, so that errors show.
 * @param isErrorResponse the responses that become an `HttpErrorResponse`; without it, the SDK handles them itself
 * @param agents from another client, to share its connections
 * @param at the address for requests, if no AWS_ENDPOINT_URL… variable sets one
 * @throws CheckStopped if the region is not known, or the caller's credentials must not be sent to the endpoint
 */
export function awsSettings(
  run: Run,
  service: AwsService,
  isErrorResponse?: IsErrorResponse,
  agents?: Agents,
  at?: Endpoint,
): AwsSettings {
  const region = run.require('AWS_REGION');
  const { setting } = run.deployment;
  const endpoint = endpointOf(run, service);
  const owner = ownerOfAws(run);
  const target = endpoint ?? at;
  if (target !== undefined) {
    mustBeAllowed(run, owner, { ...target, isProviders: (hostname) => isAwsHost(service, hostname) });
  }
  const [fips, dualStack] = KINDS.map((name) => {
    const held = setting(name);
    if (held?.value !== 'true' || endpoint === undefined) return held?.value;
    // The SDKs do not combine a special endpoint with a custom one; a substitute that the caller sets needs neither.
    if (held.party === endpoint.party) throw excluded(name, endpoint.setting);
    return 'false';
  });
  return {
    config: {
      region,
      requestHandler: makeTransport(withOwnersNetwork(run, owner), isErrorResponse, agents),
      maxAttempts: 1,
      disableClockSkewCorrection: true,
      ...(endpoint !== undefined && { endpoint: endpoint.url.href }),
      ...(fips !== undefined && { useFipsEndpoint: fips === 'true' }),
      ...(dualStack !== undefined && { useDualstackEndpoint: dualStack === 'true' }),
      ...credentialsOf(run),
    },
    endpoint,
  };
}

const excluded = (kind: string, endpoint: string): CheckStopped =>
  new CheckStopped(
    fail(`${kind} and ${endpoint} are mutually exclusive`, {
      detail: 'Every AWS SDK refuses to send requests if both are set.',
      expected: 'one of the two',
      fix: advice`unset ${kind}, and if you need such an endpoint, set ${endpoint} to its address`,
      evidence: { variables: [kind, endpoint] },
      cause: cause.variable(kind),
    }),
  );

/** Converts the SDK's error for an endpoint that AWS does not have, such as FIPS for S3 in China; returns other errors unchanged. */
export function withoutEndpoint(run: Run, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'EndpointError') return error;
  const { setting } = run.deployment;
  const kinds = KINDS.filter((name) => setting(name)?.value === 'true');
  const region = setting('AWS_REGION')?.value ?? '';
  const variables = kinds.length === 0 ? ['AWS_REGION'] : kinds;
  return new CheckStopped(
    fail(
      `${variables.join(' and ')} ${kinds.length > 1 ? 'require' : 'requires'} an endpoint that AWS does not have in ${region}`,
      {
        detail: 'The AWS SDKs refuse every request in this case.',
        fix:
          kinds.length === 0 ? advice`correct AWS_REGION` : advice`unset ${kinds.join(' or ')}, or correct AWS_REGION`,
        evidence: { region, variables },
        cause: cause.variable(variables[0] ?? 'AWS_REGION'),
      },
    ),
  );
}

/**
 * The custom endpoint of a service in the config or the environment (SDK reference, "Service-specific endpoints").
 * @throws CheckStopped if it is not a URL
 */
export function endpointOf(run: Run, service: AwsService): Endpoint | undefined {
  const { setting } = run.deployment;
  if (setting('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')?.value === 'true') return undefined;
  const names = [`AWS_ENDPOINT_URL_${service}`, 'AWS_ENDPOINT_URL'];
  for (const name of names) {
    const held = setting(name);
    if (held !== undefined)
      return { url: urlIn(name, held.value), setting: name, party: partyAt(run.deployment, held, names) };
  }
  return undefined;
}

function urlIn(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new CheckStopped(
    fail(`${name} is not a server URL`, {
      expected: 'https://host or https://host:port; http:// for an emulator',
      fix: advice`correct ${name}, or unset it to use AWS’s own endpoint`,
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}

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
function credentialsOf(run: Run): Pick<AwsSettings['config'], 'credentials'> {
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
    skip(`${name} points to credentials in Spacelift’s container: run it there, or with your own in the environment`, {
      detail: 'Files, profiles, and addresses of credentials in a config are never used on this machine.',
      fix: advice`run it in Spacelift’s container, or with your own credentials in the environment`,
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
      fix: advice`pass its value too, or run it with your own credentials in the environment`,
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
