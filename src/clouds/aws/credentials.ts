/** The credentials for AWS: the deployment's own keys, else the caller's, found as the AWS SDK for Go finds them. */
import type { Run } from '../../engine/check.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, sh } from '../../outcome/fix.ts';
import { CheckStopped, fail, skip } from '../../outcome/outcome.ts';
import { isSupplied, onlyInContainer, ownFile } from '../credentials.ts';
import { endpointForRoles, endpointOf } from './custom-endpoint.ts';
import { CredentialError } from './errors.ts';
import { type Keys, keysInConfig } from './owner.ts';
import { assumeWithToken, callersKeys, ProviderError, pendingBase } from './providers.ts';
import { SourceError, TOKEN_FILE, type WebIdentity } from './source.ts';
import { explainSource } from './source-messages.ts';

/** For finding credentials; below any operation's deadline, so that it is clear which of the two timed out. */
const DEADLINE_MS = 8_000;

const [KEY, SECRET] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
/** Variables that point to credentials in Spacelift's container, which are not available here. */
const IN_CONTAINER = [
  TOKEN_FILE,
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

/** Keys in the config, otherwise how to get the caller's: once per run, when the first request needs them. */
export function credentialsOf(run: Run): Keys | (() => Promise<Keys>) {
  const keys = keysInConfig(run);
  if (keys !== undefined) return keys;
  // A file given with the option takes precedence over the environment.
  const supplied = suppliedRole(run);
  return supplied === undefined ? () => callersKeys(run) : () => withSupplied(run, supplied);
}

async function withSupplied(run: Run, identity: WebIdentity): Promise<Keys> {
  try {
    return await assumeWithToken(run, identity);
  } catch (error) {
    throw error instanceof CheckStopped ? error : new ProviderError(identity, undefined, error);
  }
}

const roleless = new CheckStopped(
  fail(`--credentials-file sets a token (${TOKEN_FILE}), but AWS_ROLE_ARN is not set`, {
    detail: 'In a pod, the EKS webhook sets AWS_ROLE_ARN together with the token.',
    fix: advice`set AWS_ROLE_ARN to the role of Spacelift’s service account, in the config or in this process’s environment`,
    evidence: { variable: 'AWS_ROLE_ARN' },
    cause: cause.awsCredentials('role'),
  }),
);

/** The role to assume with a token from a file given with the option: the role may be the config's. */
function suppliedRole(run: Run): WebIdentity | undefined {
  const tokenFile = isSupplied(run, TOKEN_FILE) ? ownFile(run, TOKEN_FILE) : undefined;
  if (tokenFile === undefined) return undefined;
  const value = (name: string) => run.deployment.setting(name)?.value;
  const roleArn = value('AWS_ROLE_ARN');
  if (roleArn === undefined) throw roleless;
  return {
    kind: 'web-identity',
    tokenFile,
    roleArn,
    sessionName: value('AWS_ROLE_SESSION_NAME'),
    setting: TOKEN_FILE,
  };
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
  let found: Partial<Keys> | undefined;
  try {
    found = (await run.withTimeout(DEADLINE_MS, () => client.config.credentials())) as Partial<Keys> | undefined;
  } catch (error) {
    if (run.signal.aborted || error instanceof CheckStopped) throw error;
    mustBeKnown(run);
    throw whyMissing(run, error);
  }
  run.conceal(found?.secretAccessKey, found?.sessionToken);
  mustFitHeaders(found);
}

/** @throws CredentialError, for keys that come from a profile, a program or a server */
function mustFitHeaders({ accessKeyId = '', sessionToken = '' }: Partial<Keys> = {}): void {
  const wrong = [
    [accessKeyId, 'access key ID'],
    [sessionToken, 'session token'],
  ].find(([text = '']) => !/^[!-~]*$/.test(text))?.[1];
  if (wrong === undefined) return;
  throw new CredentialError('source', {
    title: `the ${wrong} of the AWS credentials contains spaces, line breaks or non-ASCII characters`,
    detail: 'It comes from a profile, a program or a server, not from a variable.',
    expected: 'keys as AWS issues them',
    fix: advice`find their source, and correct it: ${sh`aws configure list`}`,
  });
}

function whyMissing(run: Run, error: unknown): CredentialError {
  if (error instanceof SourceError) return new CredentialError('source', error.fault);
  const supplied = suppliedRole(run);
  const pending = supplied === undefined ? pendingBase(run, error) : new ProviderError(supplied, undefined, error);
  const failure = error instanceof ProviderError ? error : pending;
  const explained = failure === undefined ? undefined : explainSource(failure, endpointOnlyForOthers(run));
  if (explained !== undefined && explained.kind !== 'missing') return explained;
  if (explained?.facts.detail !== undefined) return explained;
  mustBeHere(run);
  return new CredentialError('missing', { detail: lookedIn(run) });
}

/** The custom endpoint of STS that does not apply where a role is assumed. */
function endpointOnlyForOthers(run: Run): string | undefined {
  const forOthers = endpointOf(run, 'STS');
  return forOthers !== undefined && endpointForRoles(run) === undefined ? forOthers.setting : undefined;
}

function lookedIn({ deployment: { setting, own } }: Run): string {
  const [key, secret] = [setting(KEY)?.value, setting(SECRET)?.value];
  if (key !== undefined && secret === undefined) return `${KEY} is set without ${SECRET}.`;
  if (secret !== undefined && key === undefined) return `${SECRET} is set without ${KEY}.`;
  const profile = own('AWS_PROFILE');
  const of = profile === undefined ? 'the default profile' : `the profile ${profile} (AWS_PROFILE)`;
  return `Searched the config, the environment, ${of}, and the metadata of the container and the instance.`;
}
