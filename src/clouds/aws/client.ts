/** What every client of the AWS SDK is made with: the deployment's region, credentials and endpoint. */
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
  travelling,
} from '../credentials.ts';
import { type AwsService, isAwsHost } from './endpoints.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { type IsRefusal, makeTransport, type Transport } from './transport.ts';

/** For finding credentials; below any operation's deadline, so that it is clear which of the two took too long. */
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
  /** The endpoint that the config or the environment names in place of AWS's own. */
  readonly endpoint: Endpoint | undefined;
}

/** An address, whose word it is, and the variable that names it. */
export type Endpoint = Pick<Destination, 'url' | 'party' | 'setting'>;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const [KEY, SECRET, TOKEN] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
/** Of AWS's own endpoints, by what turns them on. */
const KINDS = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'] as const;
/** Where credentials are, in Spacelift's container: of no use here. */
const IN_CONTAINER = [
  TOKEN_FILE,
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

/**
 * Keys of the config beat the caller's, and the SDK's default chain, which is the caller's, fills only what both lack.
 * Nothing is tried twice, and no clock is corrected: what is wrong must show.
 * @param isRefusal which answers end in `HttpErrorResponse`; without it, the SDK makes errors of them
 * @param agents those of another client, to use its connections too
 * @param at where requests go when no AWS_ENDPOINT_URL… says so
 * @throws CheckStopped when the region is not known, or the caller's credentials may not be sent to the endpoint
 */
export function awsSettings(
  run: Run,
  service: AwsService,
  isRefusal?: IsRefusal,
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
    // The SDKs take no kind of endpoint with an endpoint of one's own; a stand-in that the caller names has none.
    if (held.party === endpoint.party) throw excluded(name, endpoint.setting);
    return 'false';
  });
  return {
    config: {
      region,
      requestHandler: makeTransport(travelling(run, owner), isRefusal, agents),
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
    fail(`${kind} and ${endpoint} exclude each other`, {
      detail: 'Every AWS SDK refuses a request for which both are set.',
      expected: 'one of the two',
      fix: advice`unset ${kind}, and give the address of such an endpoint to ${endpoint} where one is needed`,
      evidence: { variables: [kind, endpoint] },
      cause: cause.variable(kind),
    }),
  );

/** What the SDK throws where AWS has no endpoint of the kind that is asked for, such as FIPS for S3 in China; other errors as they are. */
export function withoutEndpoint(run: Run, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'EndpointError') return error;
  const { setting } = run.deployment;
  const kinds = KINDS.filter((name) => setting(name)?.value === 'true');
  const region = setting('AWS_REGION')?.value ?? '';
  const variables = kinds.length === 0 ? ['AWS_REGION'] : kinds;
  return new CheckStopped(
    fail(
      `${variables.join(' and ')} ${kinds.length > 1 ? 'ask' : 'asks'} for an endpoint that AWS does not have in ${region}`,
      {
        detail: 'The AWS SDKs refuse every request then.',
        fix:
          kinds.length === 0 ? advice`correct AWS_REGION` : advice`unset ${kinds.join(' or ')}, or correct AWS_REGION`,
        evidence: { region, variables },
        cause: cause.variable(variables[0] ?? 'AWS_REGION'),
      },
    ),
  );
}

/**
 * What the config or the environment names in place of a service's own endpoint (SDK reference, "Service-specific endpoints").
 * @throws CheckStopped when it is no address
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
    fail(`${name} is no URL of a server`, {
      expected: 'https://host or https://host:port; http:// for an emulator',
      fix: advice`correct ${name}, or unset it to use AWS’s own endpoint`,
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}

/** Keys of one party; the other's are never mixed in. */
function keysOf(read: (name: string) => string | undefined): Keys | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [read(KEY), read(SECRET), read(TOKEN)];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** What the config itself holds. */
const fromConfig =
  ({ deployment }: Run) =>
  (name: string): string | undefined => {
    const held = deployment.setting(name);
    return held?.party === 'config' ? held.value : undefined;
  };

/** Whose credentials are used. */
export const ownerOfAws = (run: Run): Party => (keysOf(fromConfig(run)) === undefined ? 'process' : 'config');

/** Keys, or what the SDK's default chain would otherwise read from the process environment alone. */
function credentialsOf(run: Run): Pick<AwsSettings['config'], 'credentials'> {
  const { own } = run.deployment;
  const token = tokenRole(run);
  // What the option names beats what happens to be here.
  const supplied = isSupplied(run, TOKEN_FILE);
  const keys = keysOf(fromConfig(run)) ?? (supplied ? undefined : keysOf(own));
  if (keys !== undefined) return { credentials: keys };
  const sts = token === undefined ? undefined : endpointOf(run, 'STS');
  if (sts !== undefined) {
    mustBeAllowed(run, 'process', { ...sts, isProviders: (hostname) => isAwsHost('STS', hostname) });
  }
  const clientConfig = {
    requestHandler: makeTransport(travelling(run, 'process')),
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
  // Present keys beat the environment even when undefined.
  return Object.fromEntries(Object.entries(chain).filter(([, given]) => given !== undefined));
}

interface TokenRole {
  readonly roleArn: string;
  readonly webIdentityTokenFile: string;
  readonly roleSessionName: string | undefined;
}

/** The role of a token that the option names, by STS. @throws what the SDK throws, and errors of the file system */
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
  fail(`--credentials-file names a token (${TOKEN_FILE}) and nothing the role that it is for`, {
    detail: 'In a pod, the webhook of EKS sets AWS_ROLE_ARN beside the token.',
    fix: advice`set AWS_ROLE_ARN to the role of Spacelift’s service account, in the config or in this process’s environment`,
    evidence: { variable: 'AWS_ROLE_ARN' },
    cause: cause.awsCredentials('role'),
  }),
);

/** A role that is assumed with a token: of a file that the caller names, for the caller's role or, with the option, the config's. */
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

/** The variable by which the config says where credentials are in Spacelift's container. */
const elsewhere = ({ deployment: { set, partyOf } }: Run): string | undefined =>
  IN_CONTAINER.find((name) => set.includes(name) && partyOf(name) === 'config');

/** Whether this process has no credentials, and the config's are in Spacelift's container. @throws CheckStopped then */
function mustBeHere(run: Run): void {
  const name = elsewhere(run);
  if (name === undefined) return;
  if (name === TOKEN_FILE) throw onlyInContainer(name);
  throw new CheckStopped(
    skip(
      `${name} says where credentials are in Spacelift’s container: run it there, or with your own in the environment`,
      {
        detail: 'What a config says of files, profiles and addresses of credentials is never followed on this machine.',
        fix: advice`run it in Spacelift’s container, or with credentials of your own in the environment`,
        evidence: { variable: name },
        cause: cause.credentialsFile(name),
      },
    ),
  );
}

/** Keys that the config holds where they can't be read: without them nothing can be said of the credentials. */
function mustBeKnown({ deployment: { set, setting } }: Run): void {
  const hidden = [KEY, SECRET].find((name) => set.includes(name) && setting(name) === undefined);
  if (hidden === undefined) return;
  throw new CheckStopped(
    skip(`${hidden} is set, but its value is not known here`, {
      fix: advice`pass its value too, or run it with credentials of your own in the environment`,
      evidence: { variable: hidden, known: false },
      unknownVariable: hidden,
    }),
  );
}

/** What a client of the SDK gives: the keys in use. */
interface HasCredentials {
  readonly config: { credentials(): Promise<unknown> };
}

/**
 * Has the client find its credentials, apart from the request that needs them: what goes wrong then is about nothing else.
 * @throws CredentialError; CheckStopped when the config keeps them where they can't be read
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
      detail: `The role ${roleArn} is not given by STS for the token in ${TOKEN_FILE}: ${why}.`,
      fix: advice`let that token’s service account assume the role; see whom it trusts: ${sh`aws iam get-role --role-name ${roleArn.split('/').at(-1) ?? ''} --query Role.AssumeRolePolicyDocument`}`,
    };
  }
  const profile = own('AWS_PROFILE');
  if (profile !== undefined) {
    return {
      detail: `The profile ${profile} (AWS_PROFILE) gives none: ${why}.`,
      fix: advice`set AWS_PROFILE to one of: ${sh`aws configure list-profiles`}; or log in to it: ${sh`aws sso login --profile ${profile}`}`,
    };
  }
  return {
    detail: 'Looked in the config, the environment, the default profile, the container’s and the instance’s metadata.',
  };
}
