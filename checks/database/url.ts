/**
 * `DATABASE_URL` as Spacelift's driver reads it: Go's `net/url` and pgx v5 (`pgconn/config.go`). pgx 5.11 went over to
 * libpq's grammar; where the two differ, this is the older one, in which an unescaped `@` in the user name is fine.
 */
import { isIP } from 'node:net';
import { expectedOf, isConsumed, type SessionAttributes, type SslMode } from './parameters.ts';

export interface Host {
  /** A name, an address without brackets, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface TlsSettings {
  /** In force: `sslrootcert` and `sslnegotiation` raise what `sslmode` says. */
  readonly mode: SslMode;
  /** Paths in Spacelift's container. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly keyPassword: string | undefined;
  /** Sends the host's name with the handshake. */
  readonly sni: boolean;
  /** TLS from the first byte on (PostgreSQL 17), without asking first. */
  readonly direct: boolean;
}

export interface DatabaseUrl {
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: TlsSettings;
  readonly attributes: SessionAttributes;
  /** Per address, ms; `undefined` when there is no limit. */
  readonly connectTimeoutMs: number | undefined;
  /** Settings from a service file, which only Spacelift's container has. */
  readonly service: boolean;
  /** A file with passwords, which only Spacelift's container has. */
  readonly passwordFile: string | undefined;
  /** Sent to the server when connecting. */
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

/** Why a URL can't be used. Holds names of parameters, never a part that could belong to the password. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
  readonly kind: UrlFaultKind;
  /** For `value`: the parameter, and what it may be; for `pair`: the one that lacks its other half. */
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
 * A password with `/`, `?` or `#` as they are ends the authority too early; its rest shows up behind, up to the `@`, and
 * what stands before could pass for a host. No name of a database or setting has an `@` that is not percent-encoded.
 */
function refuseUnescaped({ path, query, fragment }: Record<'path' | 'query' | 'fragment', string>): void {
  const strayed = query.split('&').filter((pair) => pair.includes('@') && !isConsumed(pair.split('=')[0] ?? ''));
  if (path.includes('@') || fragment.includes('@') || strayed.length > 0) throw new UrlError('unescaped');
}

function credentialsIn(userinfo: string | undefined): { user: string; password: string | undefined } {
  if (userinfo === undefined) return { user: '', password: undefined };
  // What net/url admits there (RFC 3986, 3.2.1, and `@`).
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
  // As libpq: a port by itself is for all hosts.
  const portAt = (index: number) => (ports.length === 1 ? ports[0] : ports[index]);
  return hosts.map((host, index) => ({ host, port: portOf(portAt(index) || '5432') }));
}

/** As names go in networks of containers, where an underscore is fine. */
const HOST_NAME = /^(?=.{1,254}$)[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** What it names is told to people, in commands too. */
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
    // Said in one place, below.
  }
  throw new UrlError('percent');
}
