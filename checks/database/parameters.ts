/** The query parameters of a database URL: those that the driver uses itself, and those that it sends to the server. */
import { nearest } from '../../src/engine/select.ts';

/** The values that the driver accepts; it rejects the URL otherwise. */
export interface ValueRule {
  readonly pattern: RegExp;
  readonly expected: string;
}

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

export const SESSION_ATTRIBUTES = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

const oneOf = (...values: readonly string[]): ValueRule => ({
  pattern: new RegExp(`^(${values.join('|')})$`),
  expected: `one of ${values.join(', ')}`,
});
const NUMBER: ValueRule = { pattern: /^-?\d+$/, expected: 'a whole number' };
/** Go's `time.ParseDuration`. */
const DURATION: ValueRule = {
  pattern: /^[+-]?(0|(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/,
  expected: 'a duration such as 30m',
};
const ANY: ValueRule = { pattern: /^/, expected: 'text' };

/** Parameters that pgx consumes (v5: pgconn, pgx and pgxpool `ParseConfig`); it sends all others to the server. */
const CONSUMED: Readonly<Record<string, ValueRule>> = {
  host: ANY,
  port: ANY,
  database: ANY,
  dbname: ANY,
  user: ANY,
  password: ANY,
  passfile: ANY,
  service: ANY,
  servicefile: ANY,
  connect_timeout: { pattern: /^\d+$/, expected: 'a number of seconds' },
  target_session_attrs: oneOf(...SESSION_ATTRIBUTES),
  sslmode: { pattern: new RegExp(`^(${SSL_MODES.join('|')}|)$`), expected: `one of ${SSL_MODES.join(', ')}` },
  sslrootcert: ANY,
  sslcert: ANY,
  sslkey: ANY,
  sslpassword: ANY,
  sslsni: ANY,
  sslnegotiation: ANY,
  sslcertmode: oneOf('disable', 'allow', 'require'),
  krbspn: ANY,
  krbsrvname: ANY,
  min_protocol_version: ANY,
  max_protocol_version: ANY,
  channel_binding: oneOf('disable', 'prefer', 'require'),
  require_auth: ANY,
  statement_cache_capacity: NUMBER,
  description_cache_capacity: NUMBER,
  default_query_exec_mode: oneOf('cache_statement', 'cache_describe', 'describe_exec', 'exec', 'simple_protocol'),
  pool_max_conns: { pattern: /^[1-9]\d*$/, expected: 'a whole number from 1' },
  pool_min_conns: NUMBER,
  pool_min_idle_conns: NUMBER,
  pool_max_conn_lifetime: DURATION,
  pool_max_conn_lifetime_jitter: DURATION,
  pool_max_conn_idle_time: DURATION,
  pool_health_check_period: DURATION,
  pool_ping_timeout: DURATION,
};

/** Run-time settings that are common in URLs; any other server setting is valid too. */
const SETTINGS = [
  'application_name',
  'client_encoding',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'options',
  'role',
  'search_path',
  'statement_timeout',
  'timezone',
];

export const isConsumed = (name: string): boolean => Object.hasOwn(CONSUMED, name);

/** What the driver accepts instead of the value, or `undefined` when the value is valid. */
export function expectedOf(name: string, value: string): string | undefined {
  const rule = isConsumed(name) ? CONSUMED[name] : undefined;
  return rule === undefined || rule.pattern.test(value) ? undefined : rule.expected;
}

/** The known parameter closest to a misspelled one. */
export const meant = (name: string): string => nearest(name, [...Object.keys(CONSUMED), ...SETTINGS]);
