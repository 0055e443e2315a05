/**
 * Parses `DATABASE_URL` like Spacelift's driver: Go's `net/url` and pgx v5 (`pgconn/config.go`). pgx 5.11 switched to
 * libpq's grammar; where the two differ, this follows the older one, which accepts an unescaped `@` in the user name.
 */
import { isIP } from 'node:net';
import { expectedOf, isConsumed, type SessionAttributes, type SslMode } from './parameters.ts';

export interface Host {
  /** A name, an address without brackets, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface TlsSettings {
  /** The effective mode: `sslrootcert` and `sslnegotiation` can be stricter than `sslmode`. */
  readonly mode: SslMode;
  /** Paths in Spacelift's container. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly keyPassword: string | undefined;
  /** Whether the handshake sends the host name. */
  readonly sni: boolean;
  /** Direct TLS, without negotiation (PostgreSQL 17). */
  readonly direct: boolean;
}

export interface DatabaseUrl {
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: TlsSettings;
  readonly attributes: SessionAttributes;
  /** Per address, in ms; `undefined` for no limit. */
  readonly connectTimeoutMs: number | undefined;
  /** Whether settings come from a service file, which exists only in Spacelift's container. */
  readonly service: boolean;
  /** A password file, which exists only in Spacelift's container. */
  readonly passwordFile: string | undefined;
  /** Sent to the server on connect. */
  readonly settings: Readonly<Record<string, string>>;
}

export type UrlFaultKind =
  | 'scheme'
  | 'keywords'
  | 'unescaped'
  | 'percent'
  | 'host'
  | 'host-name'
  | 'port'
  | 'user'
  | 'value'
  | 'pair';

/** Why a URL can't be used. Contains parameter names, never a part that could belong to the password. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
  readonly kind: UrlFaultKind;
  /** For `value`: the parameter and its valid values; for `pair`: the parameter that is set and the one that is missing. */
  readonly parameter: string | undefined;
  readonly expected: string | undefined;
  constructor(kind: UrlFaultKind, parameter?: string, expected?: string) {
    super(kind);
    this.kind = kind;
    this.parameter = parameter;
    this.expected = expected;
  }
}

export const isSocket = ({ host }: Host): boolean => host.startsWith('/');

/** @throws UrlError */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) throw new UrlError(/^\s*[a-z_]+\s*=/.test(text) ? 'keywords' : 'scheme');
  const [, authority = '', path = '', query = '', fragment = ''] =
    /^([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? [];
  refuseUnescaped({ path, query, fragment });

  const at = authority.lastIndexOf('@');
  const login = credentialsIn(at < 0 ? undefined : authority.slice(0, at));
  const parameters = parametersIn(query);
  for (const [name, value] of parameters) {
    const expected = expectedOf(name, value);
    if (expected !== undefined) throw new UrlError('value', name, expected);
  }
  const user = parameters.get('user') ?? login.user;
  if (user === '') throw new UrlError('user');
  const inPath = decode(path.replace(/^\/+/, ''));
  const database = parameters.get('dbname') ?? parameters.get('database') ?? inPath;
  const seconds = Number(parameters.get('connect_timeout') ?? 0);
  return {
    hosts: hostsIn(authority.slice(at + 1), parameters),
    user,
    password: (parameters.get('password') ?? login.password) || undefined,
    database: database === '' ? user : database,
    tls: tlsIn(parameters),
    attributes: (parameters.get('target_session_attrs') ?? 'any') as SessionAttributes,
    connectTimeoutMs: seconds === 0 ? undefined : seconds * 1000,
    service: parameters.has('service'),
    passwordFile: parameters.get('passfile') || undefined,
    settings: Object.fromEntries([...parameters].filter(([name]) => !isConsumed(name))),
  };
}

/**
 * An unescaped `/`, `?` or `#` in a password ends the authority too early; the rest of the password, up to the `@`, then
 * follows, and the part before it could pass for a host. Database names and settings contain no unescaped `@`.
 */
function refuseUnescaped({ path, query, fragment }: Record<'path' | 'query' | 'fragment', string>): void {
  const strayed = query.split('&').filter((pair) => pair.includes('@') && !isConsumed(pair.split('=')[0] ?? ''));
  if (path.includes('@') || fragment.includes('@') || strayed.length > 0) throw new UrlError('unescaped');
}

function credentialsIn(userinfo: string | undefined): { user: string; password: string | undefined } {
  if (userinfo === undefined) return { user: '', password: undefined };
  // The characters that net/url accepts there (RFC 3986, 3.2.1, and `@`).
  if (/[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(userinfo)) throw new UrlError('unescaped');
  const colon = userinfo.indexOf(':');
  if (colon < 0) return { user: decode(userinfo), password: undefined };
  return { user: decode(userinfo.slice(0, colon)), password: decode(userinfo.slice(colon + 1)) };
}

function parametersIn(query: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name = '', ...value] = pair.replaceAll('+', ' ').split('=');
    const key = decode(name);
    if (!found.has(key)) found.set(key, decode(value.join('=')));
  }
  return found;
}

function hostsIn(authority: string, parameters: ReadonlyMap<string, string>): Host[] {
  const written = authority
    .split(',')
    .filter((part) => part !== '')
    .map(splitHost);
  const named = parameters
    .get('host')
    ?.split(',')
    .filter((host) => host !== '');
  const ports = parameters.get('port')?.split(',') ?? written.map(({ port }) => port);
  const hosts = named ?? written.map(({ host }) => host);
  if (hosts.length === 0) throw new UrlError('host');
  if (!hosts.every(isHost)) throw new UrlError('host-name');
  // Like libpq: a single port applies to all hosts.
  const portAt = (index: number) => (ports.length === 1 ? ports[0] : ports[index]);
  return hosts.map((host, index) => ({ host, port: portOf(portAt(index) || '5432') }));
}

/** Container networks also allow underscores in names. */
const HOST_NAME = /^(?=.{1,254}$)[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** Hosts appear in messages and in commands. */
function isHost(host: string): boolean {
  if (host.startsWith('/')) return !/[\p{C}\p{Zl}\p{Zp}]/u.test(host);
  return HOST_NAME.test(host) || isIP(host) !== 0;
}

function splitHost(part: string): { host: string; port: string | undefined } {
  const bare = part.replace(/^\[|\]$/g, '');
  if (!part.includes(':') || isIP(bare) !== 0) return { host: decode(bare), port: undefined };
  const [, host, port] = /^(\[[^\]]+\]|[^:]*):([^:]*)$/.exec(part) ?? [];
  if (host === undefined) throw new UrlError('port');
  return { host: decode(host.replace(/^\[|\]$/g, '')), port: port === '' ? undefined : port };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UrlError('port');
  return port;
}

function tlsIn(parameters: ReadonlyMap<string, string>): TlsSettings {
  const text = (name: string) => parameters.get(name) || undefined;
  const rootCertificate = text('sslrootcert');
  const direct = text('sslnegotiation') === 'direct';
  const ownCertificate = text('sslcertmode') !== 'disable';
  const certificate = ownCertificate ? text('sslcert') : undefined;
  const key = ownCertificate ? text('sslkey') : undefined;
  let mode = (text('sslmode') ?? 'prefer') as SslMode;
  if (mode === 'prefer' && direct) mode = 'require';
  if (mode === 'require' && rootCertificate !== undefined) mode = 'verify-ca';
  if (rootCertificate === 'system') mode = 'verify-full';
  if (mode !== 'disable' && certificate === undefined && key !== undefined)
    throw new UrlError('pair', 'sslkey', 'sslcert');
  if (mode !== 'disable' && certificate !== undefined && key === undefined)
    throw new UrlError('pair', 'sslcert', 'sslkey');
  return {
    mode,
    rootCertificate: rootCertificate === 'system' ? undefined : rootCertificate,
    certificate,
    key,
    keyPassword: text('sslpassword'),
    sni: (text('sslsni') ?? '1') === '1',
    direct,
  };
}

function decode(part: string): string {
  try {
    const decoded = decodeURIComponent(part);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Reported below, together with NUL.
  }
  throw new UrlError('percent');
}
