/**
 * What a URL requires of the authentication: `channel_binding`, `require_auth`, `sslcertmode` and `min_protocol_version`
 * (PostgreSQL manual, 34.1.2; in pgx `pgconn/require_auth.go`).
 */
import { UrlError } from './url-error.ts';

export type AuthMethod = 'password' | 'md5' | 'gss' | 'sspi' | 'scram-sha-256' | 'oauth' | 'none';
const METHODS: readonly string[] = [
  'password',
  'md5',
  'gss',
  'sspi',
  'scram-sha-256',
  'oauth',
  'none',
] satisfies AuthMethod[];

export type PolicyParameter = 'require_auth' | 'channel_binding' | 'sslcertmode' | 'min_protocol_version';

export interface AuthPolicy {
  /** The methods that the server may request; `none`: that it requests nothing. */
  readonly methods: readonly AuthMethod[];
  /** Whether the login must be bound to the TLS connection (SCRAM-SHA-256-PLUS). */
  readonly channelBinding: boolean;
  /** Whether the server must ask for the client certificate. */
  readonly certificate: boolean;
  /** Whether the server must support version 3.2 of the protocol (PostgreSQL 18). */
  readonly protocol32: boolean;
}

/**
 * @param text the value of a parameter, if it is set, not empty, and known to the driver
 * @throws UrlError
 */
export function authPolicy(text: (name: string) => string | undefined): AuthPolicy {
  const minimum = text('min_protocol_version') ?? '3.0';
  const maximum = text('max_protocol_version');
  if (minimum !== '3.0' && maximum === '3.0')
    throw new UrlError('value', 'min_protocol_version', 'no later version than max_protocol_version');
  return {
    methods: methodsIn(text('require_auth')),
    channelBinding: text('channel_binding') === 'require',
    certificate: text('sslcertmode') === 'require',
    protocol32: minimum !== '3.0',
  };
}

const LIST = `methods such as scram-sha-256,md5 or !password,!none: ${METHODS.join(', ')}`;

/** A list of methods, each at most once; or, with `!` before each, of those that are not allowed. */
function methodsIn(list: string | undefined): readonly AuthMethod[] {
  const all = METHODS as readonly AuthMethod[];
  if (list === undefined) return all;
  const entries = list.split(',').map((entry) => entry.trim());
  const negated = entries.filter((entry) => entry.startsWith('!'));
  const names = entries.map((entry) => entry.replace(/^!/, ''));
  const valid = names.every((name) => METHODS.includes(name)) && new Set(names).size === names.length;
  if (!valid || (negated.length > 0 && negated.length < names.length))
    throw new UrlError('value', 'require_auth', LIST);
  return all.filter((method) => names.includes(method) === (negated.length === 0));
}

/** What is known about a login when the server sends an authentication message. */
export interface AuthStep {
  /** What the server asks for; `none` when it accepts the login. */
  readonly method: AuthMethod;
  /** Whether the server has asked for anything before. */
  readonly asked: boolean;
  /** Whether the connection uses TLS. */
  readonly tls: boolean;
  /** Whether this client has a certificate. */
  readonly certificate: boolean;
}

/** The parameter that does not allow the step; `undefined` when all do. */
export function violated(
  { methods, channelBinding, certificate }: AuthPolicy,
  { method, asked, tls, certificate: own }: AuthStep,
): PolicyParameter | undefined {
  if (method !== 'none') {
    if (channelBinding && (method !== 'scram-sha-256' || !tls)) return 'channel_binding';
    return methods.includes(method) ? undefined : 'require_auth';
  }
  if (certificate && !(tls && own)) return 'sslcertmode';
  if (channelBinding && !asked) return 'channel_binding';
  return methods.includes('none') || asked ? undefined : 'require_auth';
}
