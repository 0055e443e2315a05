/** What every client of the AWS SDK is made with: the deployment's region, credentials and endpoint. */
import { existsSync } from 'node:fs';
import { type Run, Stop, skip } from '../../src/check.ts';
import type { Agents } from '../../src/probe/agents.ts';
import { toProblem } from '../../src/problem.ts';
import { CredentialProblem, credentialKind } from './errors.ts';
import { type IsRefusal, makeTransport, type Transport } from './transport.ts';

/** For finding credentials; below any operation's deadline, so that it is clear which of the two took too long. */
const DEADLINE_MS = 8_000;

/** As in `AWS_ENDPOINT_URL_<SERVICE>`. */
export type AwsService =
  | 'S3'
  | 'KMS'
  | 'SQS'
  | 'STS'
  | 'IOT'
  | 'IOT_DATA_PLANE'
  | 'LICENSE_MANAGER'
  | 'SECRETS_MANAGER'
  | 'SSM';

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
    readonly credentials?: Keys;
  };
  /** The endpoint that the config or the environment names in place of AWS's own. */
  readonly endpoint: { readonly url: URL; readonly setting: string } | undefined;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Values of the config beat the environment's, and the SDK's default chain fills only what both lack. Nothing is tried
 * twice, and no clock is corrected: what is wrong must show.
 * @param isRefusal which answers end in `Refused`; without it, the SDK makes errors of them
 * @throws Stop when the region is not known, or a token file of the config is not here
 */
export function awsSettings(run: Run, service: AwsService, isRefusal?: IsRefusal, agents?: Agents): AwsSettings {
  const region = run.need('AWS_REGION');
  const value = reader(run);
  const endpoint = endpointOf(run, service);
  const fips = value('AWS_USE_FIPS_ENDPOINT');
  const dualStack = value('AWS_USE_DUALSTACK_ENDPOINT');
  return {
    config: {
      region,
      requestHandler: makeTransport(run, isRefusal, agents),
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

type Read = (name: string) => string | undefined;

/** An empty value equals an absent one. */
const reader = ({ deployment: { environment } }: Run): Read => {
  return (name) => environment[name] || undefined;
};

/** What the config or the environment names in place of a service's own endpoint (SDK reference, "Service-specific endpoints"). */
export function endpointOf(run: Run, service: AwsService): AwsSettings['endpoint'] {
  const value = reader(run);
  if (value('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') === 'true') return undefined;
  for (const setting of [`AWS_ENDPOINT_URL_${service}`, 'AWS_ENDPOINT_URL']) {
    const url = value(setting);
    if (url !== undefined && URL.canParse(url)) return { url: new URL(url), setting };
  }
  return undefined;
}

/** Keys, or what the SDK's default chain would otherwise read from the process environment alone. */
function credentialsOf(run: Run): { credentials?: Keys } {
  const value = reader(run);
  const accessKeyId = value('AWS_ACCESS_KEY_ID');
  const secretAccessKey = value('AWS_SECRET_ACCESS_KEY');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    // A key of the config must not be paired with the token of another key in the environment.
    const { set } = run.deployment;
    const foreign = set.includes('AWS_ACCESS_KEY_ID') && !set.includes('AWS_SESSION_TOKEN');
    const sessionToken = foreign ? undefined : value('AWS_SESSION_TOKEN');
    return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) } };
  }
  const roleArn = value('AWS_ROLE_ARN');
  const webIdentityTokenFile = value('AWS_WEB_IDENTITY_TOKEN_FILE');
  const byToken = roleArn !== undefined && webIdentityTokenFile !== undefined;
  if (byToken) mustBeHere(run, webIdentityTokenFile);
  const sts = byToken ? endpointOf(run, 'STS') : undefined;
  const chain = {
    profile: value('AWS_PROFILE'),
    filepath: value('AWS_SHARED_CREDENTIALS_FILE'),
    configFilepath: value('AWS_CONFIG_FILE'),
    ...(byToken && { roleArn, webIdentityTokenFile, roleSessionName: value('AWS_ROLE_SESSION_NAME') }),
    clientConfig: {
      requestHandler: makeTransport(run),
      maxAttempts: 1,
      ...(sts !== undefined && { endpoint: sts.url.href }),
    },
  };
  // Present keys beat the environment even when undefined.
  return Object.fromEntries(Object.entries(chain).filter(([, given]) => given !== undefined));
}

function mustBeHere({ deployment: { set } }: Run, path: string): void {
  if (existsSync(path) || !set.includes('AWS_WEB_IDENTITY_TOKEN_FILE')) return;
  throw new Stop(
    skip('AWS_WEB_IDENTITY_TOKEN_FILE names a file that is not here', {
      detail: `${path} is there inside Spacelift’s container only.`,
      fix: 'run it there, or pass AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment',
      evidence: { variable: 'AWS_WEB_IDENTITY_TOKEN_FILE', path },
    }),
  );
}

/** Keys that the config holds where they can't be read: without them nothing can be said of the credentials. */
function mustBeKnown(run: Run): void {
  const value = reader(run);
  const hidden = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].find(
    (name) => run.deployment.set.includes(name) && value(name) === undefined,
  );
  if (hidden === undefined) return;
  throw new Stop(
    skip(`${hidden} is set, but its value is not known here`, {
      fix: 'pass its value too, or run it with credentials of your own in the environment',
      evidence: { variable: hidden, known: false },
    }),
  );
}

/**
 * Has the client find its credentials, apart from the request that needs them: what goes wrong then is about nothing else.
 * @throws CredentialProblem; Stop when the config keeps them where they can't be read
 */
export async function findCredentials(
  run: Run,
  client: { config: { credentials(): Promise<unknown> } },
): Promise<void> {
  try {
    await run.within(DEADLINE_MS, () => client.config.credentials());
  } catch (error) {
    if (run.signal.aborted) throw error;
    mustBeKnown(run);
    const { name = '', message = '' } = error instanceof Error ? error : {};
    const code = /^[A-Za-z]{1,64}$/.test(name) ? name : undefined;
    throw new CredentialProblem(credentialKind(code, message) ?? 'missing', lookedIn(run, error, code));
  }
}

function lookedIn(run: Run, error: unknown, code: string | undefined): { detail: string; fix?: string } {
  const value = reader(run);
  const [id, secret] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  if (value(id) !== undefined) return { detail: `${id} is set without ${secret}.` };
  if (value(secret) !== undefined) return { detail: `${secret} is set without ${id}.` };
  const why = toProblem(error)?.kind ?? code;
  const role = value('AWS_ROLE_ARN');
  if (role !== undefined && value('AWS_WEB_IDENTITY_TOKEN_FILE') !== undefined) {
    return {
      detail: `The role ${role} is not given by STS for the token in AWS_WEB_IDENTITY_TOKEN_FILE: ${why}.`,
      fix: `let that token’s service account assume the role; see whom it trusts: aws iam get-role --role-name ${role.split('/').at(-1)} --query Role.AssumeRolePolicyDocument`,
    };
  }
  const profile = value('AWS_PROFILE');
  if (profile !== undefined) {
    return {
      detail: `The profile ${profile} (AWS_PROFILE) gives none: ${why}.`,
      fix: `set AWS_PROFILE to one of: aws configure list-profiles; or log in to it: aws sso login --profile ${profile}`,
    };
  }
  return {
    detail: 'Looked in the config, the environment, the default profile, the container’s and the instance’s metadata.',
  };
}
