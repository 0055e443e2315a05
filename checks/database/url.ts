/** Parses `DATABASE_URL` like Spacelift's driver, pgx v5 (`pgconn/config.go`), in each of its versions (`drivers.ts`). */
import { isIP } from '../../src/util/ip.ts';
import { type AuthPolicy, authPolicy } from './auth-policy.ts';
import type { Driver } from './drivers.ts';
import { expectedOf, type SessionAttributes, SSL_MODES, type SslMode } from './parameters.ts';
import { scramPassword } from './password.ts';
import { UrlError } from './url-error.ts';
import type { Settings } from './url-grammar.ts';

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
  /** The password as SCRAM uses it. */
  readonly scramPassword: string | undefined;
  readonly database: string;
  readonly tls: TlsSettings;
  readonly auth: AuthPolicy;
  readonly attributes: SessionAttributes;
  /** Per address, in ms; `undefined` for no limit. */
  readonly connectTimeoutMs: number | undefined;
  /** The service whose settings are missing here: a service file exists only in Spacelift's container. */
  readonly service: string | undefined;
  /** A password file, which exists only in Spacelift's container. */
  readonly passwordFile: string | undefined;
  /** Sent to the server on connect. */
  readonly settings: Readonly<Record<string, string>>;
}

/** pgx takes the first that exists of /var/run/postgresql, /private/tmp and /tmp; every container has the last. */
const DEFAULT_HOST = '/tmp';
const DEFAULT_PORT = '5432';

export const isSocket = ({ host }: Host): boolean => host.startsWith('/');

/**
 * The parameters in a URL.
 * @throws UrlError
 */
export function settingsIn(text: string, driver: Driver): Settings {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) throw new UrlError(/^\s*[a-z_]+\s*=/.test(text) ? 'keywords' : 'scheme');
  return driver.grammar(rest);
}

/**
 * @param driver the version that reads it
 * @param beside settings from the `PG…` variables and a service file, which the URL overrides
 * @throws UrlError
 */
export const parseDatabaseUrl = (text: string, driver: Driver, beside: Settings = {}): DatabaseUrl =>
  databaseUrl({ ...beside, ...settingsIn(text, driver) }, driver);

/** @throws UrlError */
function databaseUrl(settings: Settings, driver: Driver): DatabaseUrl {
  for (const [name, value] of Object.entries(settings)) {
    if (name === '') throw new UrlError('query');
    const expected = expectedOf(driver.parameters, name, value);
    if (expected !== undefined) throw new UrlError('value', name, expected);
  }
  const text = (name: string) => (Object.hasOwn(settings, name) ? settings[name] || undefined : undefined);
  const hosts = hostsIn(settings, driver);
  const user = text('user');
  if (user === undefined) throw new UrlError('user');
  const password = text('password');
  const seconds = Number(settings.connect_timeout ?? 0);
  const known = (name: string) => (Object.hasOwn(driver.parameters, name) ? text(name) : undefined);
  return {
    hosts,
    user,
    password,
    scramPassword: password === undefined ? undefined : scramPassword(password, driver),
    database: text('database') ?? user,
    tls: tlsIn(text, known('sslcertmode') !== 'disable', hosts.every(isSocket)),
    auth: authPolicy(known),
    attributes: (settings.target_session_attrs ?? 'any') as SessionAttributes,
    connectTimeoutMs: seconds === 0 ? undefined : seconds * 1000,
    service: settings.service,
    passwordFile: text('passfile'),
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => !Object.hasOwn(driver.parameters, name))),
  };
}

function hostsIn({ host, port = DEFAULT_PORT }: Settings, { pairsPorts }: Driver): Host[] {
  if (host === undefined || host.replaceAll(',', '') === '') throw new UrlError('host');
  const hosts = host.split(',');
  const ports = port.split(',');
  if (pairsPorts && ports.length > 1 && ports.length !== hosts.length) throw new UrlError('ports');
  return hosts.flatMap((written, index) => {
    const on = portOf((ports.length === 1 ? ports[0] : (ports[index] ?? ports[0])) || (pairsPorts ? DEFAULT_PORT : ''));
    // Older versions can't resolve an empty name, and go on to the next host.
    if (written === '' && !pairsPorts) return [];
    const at = written || DEFAULT_HOST;
    if (!isHost(at)) throw new UrlError('host-name');
    return [{ host: at, port: on }];
  });
}

/** Container networks also allow underscores in names. */
const HOST_NAME = /^(?=.{1,254}$)[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** Hosts appear in messages and in commands. */
function isHost(host: string): boolean {
  if (host.startsWith('/')) return !/[\p{C}\p{Zl}\p{Zp}]/u.test(host);
  return HOST_NAME.test(host) || isIP(host) !== 0;
}

function portOf(text: string): number {
  const port = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UrlError('port');
  return port;
}

/** @param text the value of a parameter, if it is set and not empty */
function tlsIn(text: (name: string) => string | undefined, ownCertificate: boolean, onlySockets: boolean): TlsSettings {
  const rootCertificate = text('sslrootcert');
  const direct = text('sslnegotiation') === 'direct';
  const certificate = ownCertificate ? text('sslcert') : undefined;
  const key = ownCertificate ? text('sslkey') : undefined;
  let mode = (text('sslmode') ?? 'prefer') as SslMode;
  if (mode === 'prefer' && direct) mode = 'require';
  if (mode === 'require' && rootCertificate !== undefined) mode = 'verify-ca';
  if (rootCertificate === 'system') mode = 'verify-full';
  // On a socket there is no TLS, so nothing of this is looked at.
  if (!onlySockets) {
    if (!SSL_MODES.includes(mode)) throw new UrlError('value', 'sslmode', `one of ${SSL_MODES.join(', ')}`);
    if (mode !== 'disable' && certificate === undefined && key !== undefined)
      throw new UrlError('pair', 'sslkey', 'sslcert');
    if (mode !== 'disable' && certificate !== undefined && key === undefined)
      throw new UrlError('pair', 'sslcert', 'sslkey');
  }
  return {
    mode: onlySockets ? 'disable' : mode,
    rootCertificate: rootCertificate === 'system' ? undefined : rootCertificate,
    certificate,
    key,
    keyPassword: text('sslpassword'),
    sni: (text('sslsni') ?? '1') === '1',
    direct,
  };
}
