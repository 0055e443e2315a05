/** Gets the credentials from their source. Only the caller's own environment and profiles lead here. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Run } from '../../engine/check.ts';
import { oncePerRun } from '../../engine/once-per-run.ts';
import { makeHttpClient } from '../../net/http.ts';
import { busyHintIn, withRetry } from '../../net/retry.ts';
import { CheckStopped } from '../../outcome/outcome.ts';
import { membersOf } from '../../util/json.ts';
import { mustBeAllowed, withOwnersNetwork } from '../credentials.ts';
import { endpointForRoles, isTrue, kindsOf } from './custom-endpoint.ts';
import { isAwsHost } from './endpoints.ts';
import { callersProfiles } from './profile.ts';
import {
  type Base,
  type Keys,
  type ProfileSource,
  type Role,
  type Source,
  sourceOf,
  type WebIdentity,
} from './source.ts';
import { makeTransport } from './transport.ts';

/** A program prints a few hundred bytes. */
const MOST_OUTPUT = 1024 * 1024;
/** Below the deadline for finding credentials, so that it is clear what did not end, ms. */
const PROGRAM_MS = 7_000;
/** For the server of the container’s platform, which is on the same machine, ms. */
const CONTAINER_MS = 3_000;

/** How a source failed: `base` is the part of it that did. */
export class ProviderError extends Error {
  readonly base: Exclude<Base, { kind: 'keys' | 'profile' }> | { readonly kind: 'role'; readonly role: Role };
  /** The profile with that part; `undefined` for a source in the environment. */
  readonly profile: string | undefined;
  constructor(base: ProviderError['base'], profile: string | undefined, cause: unknown) {
    super(base.kind, { cause });
    this.name = 'ProviderError';
    this.base = base;
    this.profile = profile;
  }
}

/** Once per run: a program is not started for every service. @throws SourceError, ProviderError */
export const callersKeys = oncePerRun(async (run): Promise<Keys> => {
  const source = sourceOf(run, callersProfiles(run));
  switch (source.kind) {
    case 'keys':
      return source.keys;
    case 'web-identity':
      return provided(run, source, undefined);
    case 'profile':
      return ofProfile(run, source);
  }
});

async function ofProfile(run: Run, { profile, base, role }: ProfileSource): Promise<Keys> {
  const keys = await ofBase(run, base, profile);
  if (role === undefined) return keys;
  try {
    return await assumeRole(run, keys, role);
  } catch (error) {
    throw failing({ kind: 'role', role }, profile, error);
  }
}

const ofBase = (run: Run, base: Base, profile: string): Keys | Promise<Keys> => {
  if (base.kind === 'keys') return base.keys;
  return base.kind === 'profile' ? ofProfile(run, base.of) : provided(run, base, profile);
};

async function provided(run: Run, base: ProviderError['base'] & Base, profile: string | undefined): Promise<Keys> {
  try {
    return await keysFrom(run, base, profile);
  } catch (error) {
    throw failing(base, profile, error);
  }
}

/** A decision of this tool, such as not to send the caller's token to a host, is no fault of the source. */
const failing = (base: ProviderError['base'], profile: string | undefined, error: unknown): unknown =>
  error instanceof CheckStopped ? error : new ProviderError(base, profile, error);

/** The part of the caller's source that is asked first: what did not answer in time. @throws SourceError */
export function pendingBase(run: Run, error: unknown): ProviderError | undefined {
  let source: Source | Base = sourceOf(run, callersProfiles(run));
  let profile: string | undefined;
  while (source.kind === 'profile') {
    const of: ProfileSource = 'of' in source ? source.of : source;
    profile = of.profile;
    source = of.base;
  }
  return source.kind === 'keys' ? undefined : new ProviderError(source, profile, error);
}

async function keysFrom(run: Run, base: ProviderError['base'] & Base, profile: string | undefined): Promise<Keys> {
  switch (base.kind) {
    case 'environment':
      if (base.keys === undefined) throw new Error('none');
      return base.keys;
    case 'web-identity':
      return assumeWithToken(run, base);
    case 'process':
      return printedBy(base.command, run.signal);
    case 'sso':
    case 'login':
      return loggedIn(run, profile ?? '');
    case 'container':
      return inContainer(run, base.url);
    case 'instance':
      return onInstance(run);
  }
}

/** For requests of the SDK to get credentials: the caller's network, and no retries. */
const requestsOf = (run: Run) => ({ requestHandler: makeTransport(withOwnersNetwork(run, 'process')), maxAttempts: 1 });

/** The settings of a client of STS that assumes a role. @throws CheckStopped if the token or keys of the caller must not be sent to the endpoint of STS */
export function stsOf(run: Run) {
  const at = endpointForRoles(run);
  if (at !== undefined) {
    mustBeAllowed(run, 'process', { ...at, isProviders: (hostname) => isAwsHost('STS', hostname) });
  }
  return {
    ...requestsOf(run),
    region: run.require('AWS_REGION'),
    ignoreConfiguredEndpointUrls: true,
    ...kindsOf(run, at),
    ...(at !== undefined && { endpoint: at.url.href }),
  };
}

const sessionName = (name: string | undefined): string => name ?? 'spacelift-preflight';

/** The file of a token is missing, unreadable or empty: STS is not asked. */
export class TokenFileError extends Error {
  /** `ENOENT`, `EACCES` …; `empty`. */
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.name = 'TokenFileError';
    this.code = code;
  }
}

/** @throws TokenFileError */
async function readToken(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: { code?: unknown }) => {
    throw new TokenFileError(typeof error.code === 'string' ? error.code : 'unreadable');
  });
  if (text.trim() === '') throw new TokenFileError('empty');
  return text.trim();
}

/** Assumes a role with the token in a file. @throws TokenFileError, the SDK's errors */
export async function assumeWithToken(run: Run, identity: Omit<WebIdentity, 'kind' | 'setting'>): Promise<Keys> {
  const token = await readToken(identity.tokenFile);
  const { getDefaultRoleAssumerWithWebIdentity } = await import('@aws-sdk/client-sts');
  const assume = getDefaultRoleAssumerWithWebIdentity(stsOf(run));
  return assume({
    RoleArn: identity.roleArn,
    RoleSessionName: sessionName(identity.sessionName),
    WebIdentityToken: token,
  });
}

async function assumeRole(run: Run, keys: Keys, { arn, sessionName: name, externalId }: Role): Promise<Keys> {
  const { getDefaultRoleAssumer } = await import('@aws-sdk/client-sts');
  const assume = getDefaultRoleAssumer(stsOf(run));
  return assume(keys, {
    RoleArn: arn,
    RoleSessionName: sessionName(name),
    ...(externalId !== undefined && { ExternalId: externalId }),
  });
}

/** What the program of a profile printed is of no use. */
export class PrintedError extends Error {
  /** `json`: not JSON; `keys`: no version 1 or no keys; `expired`. */
  readonly why: 'json' | 'keys' | 'expired';
  constructor(why: PrintedError['why']) {
    super(why);
    this.name = 'PrintedError';
    this.why = why;
  }
}

/** Starts the program that the caller's profile names, like the SDKs: in a shell. @throws PrintedError, the shell's errors */
async function printedBy(program: string, signal: AbortSignal): Promise<Keys> {
  const [shell, ...flags] = process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c'] : ['/bin/sh', '-c'];
  const how = { signal, timeout: PROGRAM_MS, maxBuffer: MOST_OUTPUT, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)(shell ?? '', [...flags, program], how);
  const printed = membersOf(stdout);
  if (printed === undefined) throw new PrintedError('json');
  const { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration } = printed;
  if (Version !== 1 || typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
    throw new PrintedError('keys');
  if (typeof Expiration === 'string' && Date.parse(Expiration) < Date.now()) throw new PrintedError('expired');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof SessionToken === 'string' && SessionToken !== '' && { sessionToken: SessionToken }),
  };
}

const filesOf = ({ deployment: { own } }: Run) => {
  const [filepath, configFilepath] = [own('AWS_SHARED_CREDENTIALS_FILE'), own('AWS_CONFIG_FILE')];
  return { ...(filepath !== undefined && { filepath }), ...(configFilepath !== undefined && { configFilepath }) };
};

/** Single sign-on and `aws login`: the SDK knows their caches. */
async function loggedIn(run: Run, profile: string): Promise<Keys> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  const region = run.require('AWS_REGION');
  return fromIni({ profile, ...filesOf(run), clientConfig: requestsOf(run), parentClientConfig: { region } })();
}

/** The server of the platform did not hand out keys. */
export class HandedOutError extends Error {
  /** HTTP; 200 for a response without keys. */
  readonly status: number;
  constructor(status: number) {
    super(String(status));
    this.name = 'HandedOutError';
    this.status = status;
  }
}

/** @throws TokenFileError, HandedOutError, NetworkError */
async function inContainer(run: Run, url: URL): Promise<Keys> {
  const { own } = run.deployment;
  const [token, file] = [own('AWS_CONTAINER_AUTHORIZATION_TOKEN'), own('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')];
  const authorization = file === undefined ? token : await readToken(file);
  const client = makeHttpClient(withOwnersNetwork(run, 'process'));
  const request = {
    method: 'GET',
    url,
    headers: { ...(authorization !== undefined && { authorization }) },
    deadlineMs: CONTAINER_MS,
  };
  const { status, body } = await withRetry(() => client.send(request), busyHintIn, run.signal);
  if (status !== 200) throw new HandedOutError(status);
  const { AccessKeyId, SecretAccessKey, Token } = membersOf(body.toString()) ?? {};
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') throw new HandedOutError(status);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof Token === 'string' && Token !== '' && { sessionToken: Token }),
  };
}

async function onInstance({ deployment: { own } }: Run): Promise<Keys> {
  if (isTrue(own('AWS_EC2_METADATA_DISABLED'))) throw new Error('none');
  const { fromInstanceMetadata } = await import('@smithy/credential-provider-imds');
  return fromInstanceMetadata()();
}
