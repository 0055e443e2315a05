/** The query parameters of a database URL: those that the driver uses itself, and those that it sends to the server. */
import { distance } from 'fastest-levenshtein';
import { lookup } from '../../src/util/lookup.ts';
import { nearest } from '../../src/util/similar.ts';

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
/** Go's `strconv.ParseInt`. */
const NUMBER: ValueRule = { pattern: /^[+-]?\d{1,9}$/, expected: 'a whole number' };
/** Go's `time.ParseDuration`. */
const DURATION: ValueRule = {
  pattern: /^[+-]?(0|(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/,
  expected: 'a duration such as 30m',
};
const ANY: ValueRule = { pattern: /^/, expected: 'text' };

/**
 * Parameters that every pgx v5 consumes (pgconn, pgx and pgxpool `ParseConfig`); it sends all others to the server.
 * `sslmode` and `port` are checked where they are used.
 */
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
  connect_timeout: { pattern: /^(\+?\d{1,18}|-0+)$/, expected: 'a number of seconds' },
  target_session_attrs: oneOf(...SESSION_ATTRIBUTES),
  sslmode: ANY,
  sslrootcert: ANY,
  sslcert: ANY,
  sslkey: ANY,
  sslpassword: ANY,
  sslsni: ANY,
  sslnegotiation: ANY,
  krbspn: ANY,
  krbsrvname: ANY,
  statement_cache_capacity: NUMBER,
  description_cache_capacity: NUMBER,
  default_query_exec_mode: oneOf('cache_statement', 'cache_describe', 'describe_exec', 'exec', 'simple_protocol'),
  pool_max_conns: { pattern: /^\+?0*[1-9]\d{0,8}$/, expected: 'a whole number from 1' },
  pool_min_conns: NUMBER,
  pool_min_idle_conns: NUMBER,
  pool_max_conn_lifetime: DURATION,
  pool_max_conn_lifetime_jitter: DURATION,
  pool_max_conn_idle_time: DURATION,
  pool_health_check_period: DURATION,
};

const PROTOCOL: ValueRule = { pattern: /^(3\.0|3\.2|latest|)$/, expected: 'one of 3.0, 3.2, latest' };

/** Those that pgx consumes only since 5.8 to 5.12, and before sends to the server, which rejects them. */
const CONSUMED_LATER: Readonly<Record<string, ValueRule>> = {
  min_protocol_version: PROTOCOL,
  max_protocol_version: PROTOCOL,
  channel_binding: { pattern: /^(disable|prefer|require|)$/, expected: 'one of disable, prefer, require' },
  require_auth: ANY,
  sslcertmode: oneOf('disable', 'allow', 'require'),
  pool_ping_timeout: DURATION,
};

/** A set of parameters with their values, by name. */
export type Parameters = Readonly<Record<string, ValueRule>>;

export const OLDER_PARAMETERS: Parameters = CONSUMED;
export const NEWER_PARAMETERS: Parameters = { ...CONSUMED, ...CONSUMED_LATER };

/** Whether only later versions of the driver know the parameter. */
export const isLater = (name: string): boolean => Object.hasOwn(CONSUMED_LATER, name);

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

const KNOWN = [...Object.keys(NEWER_PARAMETERS), ...SETTINGS];

/** Whether it is a parameter of the driver, or a common setting. */
export const isKnown = (name: string): boolean => KNOWN.includes(name);

/** What the driver accepts instead of the value, or `undefined` when the value is valid. */
export function expectedOf(parameters: Parameters, name: string, value: string): string | undefined {
  const rule = lookup(parameters, name);
  return rule === undefined || rule.pattern.test(value) ? undefined : rule.expected;
}

/** Further apart, a name is another one and not a misspelling. */
const MISSPELLED = 2;

/** The known parameter that a misspelled one stands for, or `undefined` when none is close. */
export function meant(name: string): string | undefined {
  const near = nearest(name.toLowerCase(), KNOWN);
  const edits = distance(name.toLowerCase(), near);
  return edits <= MISSPELLED && edits * 3 <= name.length ? near : undefined;
}
