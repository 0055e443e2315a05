/**
 * The source of the caller's credentials, chosen like the AWS SDK for Go (`resolve_credentials.go` and `shared_config.go` in
 * `config` of aws-sdk-go-v2), without using it: no token is read, no program is started, no host is contacted.
 */
import type { Run } from '../../engine/check.ts';
import { isLoopback } from '../../net/http.ts';
import { unbracketed } from '../../net/tcp.ts';
import { isIP } from '../../util/ip.ts';
import { type Keys, keysOf } from './owner.ts';
import { type Profiles, type Read, valueIn } from './profile.ts';
import { judgeSettings, type ProfileFault, profileFault } from './profile-faults.ts';

export type { Keys } from './owner.ts';

/** A role, and the file with the token that proves the right to assume it. */
export interface WebIdentity {
  readonly kind: 'web-identity';
  readonly tokenFile: string;
  readonly roleArn: string;
  readonly sessionName: string | undefined;
  /** The variable or setting that names the file. */
  readonly setting: string;
}

/** Credentials that a server of the container's platform hands out (ECS, EKS Pod Identity). */
export interface Container {
  readonly kind: 'container';
  readonly url: URL;
  readonly setting: string;
}

/** What a profile provides, before it assumes a role. */
export type Base =
  | { readonly kind: 'keys'; readonly keys: Keys }
  | { readonly kind: 'profile'; readonly of: ProfileSource }
  /** `credential_source = Environment`; `undefined` if there are none. */
  | { readonly kind: 'environment'; readonly keys: Keys | undefined }
  | WebIdentity
  | { readonly kind: 'sso'; readonly login: string }
  | { readonly kind: 'login' }
  | { readonly kind: 'process'; readonly command: string }
  | Container
  | { readonly kind: 'instance' };

/** A role that a profile assumes with the credentials that it has. */
export interface Role {
  readonly arn: string;
  readonly sessionName: string | undefined;
  readonly externalId: string | undefined;
}

export interface ProfileSource {
  readonly profile: string;
  readonly base: Base;
  readonly role: Role | undefined;
}

export type Source =
  | { readonly kind: 'keys'; readonly keys: Keys }
  | WebIdentity
  | ({ readonly kind: 'profile' } & ProfileSource);

/** The SDK refuses the profile, or a variable that it would use. */
export class SourceError extends Error {
  readonly fault: ProfileFault;
  constructor(fault: ProfileFault) {
    super(fault.title);
    this.name = 'SourceError';
    this.fault = fault;
  }
}

export const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';

/** @throws SourceError if the SDK refuses the profile or a variable */
export function sourceOf({ deployment: { own } }: Pick<Run, 'deployment'>, profiles: Profiles): Source {
  const exists = profiles.sections.has(profiles.name);
  // Without the variable, a missing profile counts as an empty one.
  const found = exists || profiles.selected ? readProfile(profiles, profiles.name, own) : undefined;
  const keys = keysOf(own);
  if (keys !== undefined) return { kind: 'keys', keys };
  const tokenFile = own(TOKEN_FILE);
  if (tokenFile !== undefined) {
    const [roleArn, sessionName] = [own('AWS_ROLE_ARN'), own('AWS_ROLE_SESSION_NAME')];
    if (roleArn === undefined) throw new SourceError(profileFault.noRoleArn(TOKEN_FILE));
    return { kind: 'web-identity', tokenFile, roleArn, sessionName, setting: TOKEN_FILE };
  }
  if (found === undefined) return { kind: 'profile', profile: profiles.name, base: platform(own), role: undefined };
  return { kind: 'profile', ...found() };
}

/** Reads a profile at once, as the SDK does at its start; its credentials are only determined when they are used. */
function readProfile(
  profiles: Profiles,
  name: string,
  own: Read,
  visited: readonly string[] = [],
): () => ProfileSource {
  const section = profiles.sections.get(name);
  const refuse = (fault: ProfileFault) => new SourceError(fault);
  if (section === undefined) throw refuse(profileFault.missing(name));
  if (profiles.partial.has(name)) throw refuse(profileFault.partial(name));
  const value = (key: string) => valueIn(section, key) || undefined;
  const wrong = judgeSettings(name, (key) => valueIn(section, key));
  if (wrong !== undefined) throw refuse(wrong);
  const again = visited.includes(name);
  const arn = again ? undefined : value('role_arn');
  const keys = keysIn(value);
  const types = ['source_profile', 'credential_source', 'credential_process', 'web_identity_token_file'].filter(
    (key) => value(key) !== undefined && !(again && key === 'source_profile'),
  );
  const needsRole = ['source_profile', 'credential_source', 'web_identity_token_file'].find(
    (key) => value(key) !== undefined,
  );
  if (!again && needsRole !== undefined && arn === undefined) throw refuse(profileFault.noRole(name, needsRole));
  const role =
    arn === undefined ? undefined : { arn, sessionName: value('role_session_name'), externalId: value('external_id') };
  const done = (provide: () => Base) => (): ProfileSource => {
    const base = provide();
    // A web identity is a role already.
    if (role === undefined || base.kind === 'web-identity') return { profile: name, base, role: undefined };
    const serial = value('mfa_serial');
    if (serial !== undefined) throw refuse(profileFault.oneTimePassword(name, serial));
    return { profile: name, base, role };
  };
  if (visited.length > 0 && keys !== undefined) return done(() => ({ kind: 'keys', keys }));
  if (types.length > 1) throw refuse(profileFault.ambiguous(name, types));
  const source = again ? undefined : value('source_profile');
  const of = source === undefined ? undefined : linked(profiles, source, own, [...visited, name], name);
  const sso = ssoIn(profiles, name, value, source !== undefined);
  if (of !== undefined) return done(() => ({ kind: 'profile', of: of() }));
  return done(() => {
    if (keys !== undefined) return { kind: 'keys', keys };
    return baseOf(name, value, own, sso);
  });
}

/** The profile that `source_profile` names. */
function linked(
  profiles: Profiles,
  name: string,
  own: Read,
  visited: readonly string[],
  by: string,
): () => ProfileSource {
  const section = profiles.sections.get(name);
  if (section === undefined) throw new SourceError(profileFault.noSource(by, name, 'does not exist'));
  const found = readProfile(profiles, name, own, visited);
  const has = (key: string) => Boolean(valueIn(section, key));
  const provides =
    (!visited.includes(name) && has('source_profile')) ||
    ['credential_source', 'credential_process', 'web_identity_token_file', ...SSO_KEYS, 'sso_session'].some(has) ||
    (has('aws_access_key_id') && has('aws_secret_access_key'));
  if (!provides) throw new SourceError(profileFault.noSource(by, name, 'has no credentials'));
  return found;
}

function keysIn(value: Read): Keys | undefined {
  const [accessKeyId, secretAccessKey] = [value('aws_access_key_id'), value('aws_secret_access_key')];
  const sessionToken = value('aws_session_token');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

const SSO_KEYS = ['sso_region', 'sso_start_url', 'sso_account_id', 'sso_role_name'];

type Sso = () => { readonly kind: 'sso'; readonly login: string };

/** Single sign-on, if the profile has it. @throws SourceError if the session that it names does not exist */
function ssoIn(profiles: Profiles, name: string, value: Read, isLinked: boolean): Sso | undefined {
  const session = value('sso_session');
  const fault = (missing: readonly string[]) => new SourceError(profileFault.incompleteSso(name, missing));
  if (session === undefined) {
    if (isLinked || !SSO_KEYS.some((key) => value(key) !== undefined)) return undefined;
    return () => {
      const missing = SSO_KEYS.filter((key) => value(key) === undefined);
      if (missing.length > 0) throw fault(missing);
      return { kind: 'sso', login: value('sso_start_url') ?? '' };
    };
  }
  const section = profiles.sections.get(`sso-session ${session.trim()}`);
  if (section === undefined) throw new SourceError(profileFault.noSession(name, session));
  return () => {
    const of = (key: string) => valueIn(section, key) || undefined;
    const missing = ['sso_region', 'sso_start_url'].filter((key) => of(key) === undefined);
    if (missing.length > 0) throw fault(missing.map((key) => `${key} in [sso-session ${session}]`));
    const differing = ['sso_region', 'sso_start_url'].find((key) => value(key) !== undefined && value(key) !== of(key));
    if (differing !== undefined) throw new SourceError(profileFault.contradictorySso(name, differing, session));
    return { kind: 'sso', login: session };
  };
}

/** What a profile provides, in the SDK's order. */
function baseOf(name: string, value: Read, own: Read, sso: Sso | undefined): Base {
  const credentialSource = value('credential_source');
  if (credentialSource !== undefined) return named(name, credentialSource, own);
  const tokenFile = value('web_identity_token_file');
  if (tokenFile !== undefined) {
    const setting = `web_identity_token_file in the AWS profile ${name}`;
    const [roleArn, sessionName] = [value('role_arn'), value('role_session_name')];
    // Of a profile that is its own source, the role is already assumed.
    if (roleArn === undefined) throw new SourceError(profileFault.noRole(name, 'web_identity_token_file'));
    return { kind: 'web-identity', tokenFile, roleArn, sessionName, setting };
  }
  if (sso !== undefined) return sso();
  if (value('login_session') !== undefined) return { kind: 'login' };
  const command = value('credential_process');
  if (command !== undefined) return { kind: 'process', command };
  return platform(own);
}

function named(name: string, credentialSource: string, own: Read): Base {
  switch (credentialSource) {
    case 'Ec2InstanceMetadata':
      return { kind: 'instance' };
    case 'Environment':
      return { kind: 'environment', keys: keysOf(own) };
    case 'EcsContainer': {
      const container = containerIn(own);
      if (container === undefined) throw new SourceError(profileFault.noContainer(name));
      return container;
    }
    default:
      throw new SourceError(profileFault.unknownSource(name, credentialSource));
  }
}

/** The credentials of the container, otherwise of the instance. */
const platform = (own: Read): Base => containerIn(own) ?? { kind: 'instance' };

const [RELATIVE, FULL] = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'] as const;
/** The hosts of ECS and EKS that may be asked without TLS, beside this machine. */
const PLATFORM_HOSTS = ['169.254.170.2', '169.254.170.23', 'fd00:ec2::23'];

function containerIn(own: Read): Container | undefined {
  const [relative, full] = [own(RELATIVE), own(FULL)];
  const [setting, text] = relative === undefined ? [FULL, full] : [RELATIVE, `http://169.254.170.2${relative}`];
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new SourceError(profileFault.noUrl(setting));
  const host = unbracketed(url.hostname);
  const isTrusted = PLATFORM_HOSTS.includes(host) || isLoopback(host) || (isIP(host) === 0 && host === 'localhost');
  if (url.protocol === 'http:' && !isTrusted) throw new SourceError(profileFault.plainHttp(setting));
  return { kind: 'container', url, setting };
}
