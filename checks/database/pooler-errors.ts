/**
 * Errors of a pooler, told apart by their texts: PgBouncer gives almost all of them the SQLSTATE 08P01, and passes its
 * server's refusals on without the function that raised them (github.com/pgbouncer/pgbouncer, versions 1.7 to 1.25: the
 * calls of `disconnect_client` and `kill_pool_logins` in src).
 */

/** Why a pooler ended a client's login or session. */
export type PoolerReason =
  | 'database'
  | 'disabled'
  | 'limit'
  | 'tls'
  | 'user'
  | 'lookup'
  | 'password'
  | 'certificate'
  | 'rejected'
  | 'secret'
  | 'no-server'
  | 'shutdown'
  | 'config'
  | 'server-database'
  | 'server-password'
  | 'server-role'
  | 'server-hba'
  | 'server-full'
  | 'server-limit'
  | 'server-starting'
  | 'server-connect'
  | 'either-password'
  | 'transaction';

export interface PoolerError {
  readonly kind: 'pooler';
  readonly code: string;
  readonly reason: PoolerReason;
  /** For `limit`: the setting. */
  readonly setting?: string;
  /** For the server's refusals: whether they are about the user or database of the URL, not another one that the pooler uses. */
  readonly same?: boolean;
}

const PROTOCOL_VIOLATION = '08P01';

/** PgBouncer's own errors. */
const OWN: readonly (readonly [RegExp, PoolerReason])[] = [
  [/^no such database/, 'database'],
  [/^(authentication )?database ".*" is disabled$/, 'disabled'],
  [/^no more connections allowed/, 'limit'],
  [/^client connections exceeded /, 'limit'],
  [/^SSL required$/, 'tls'],
  [/^(no such user|"trust" authentication failed)$/, 'user'],
  [/^(password|SASL|PAM|LDAP) authentication failed$/, 'password'],
  [/^empty password returned by client$/, 'password'],
  [/^certificate authentication failed$/, 'certificate'],
  [/^(login rejected|no authentication method is found|unix socket login rejected)$/, 'rejected'],
  [/^server login failed: /, 'secret'],
  [/^pgbouncer cannot connect to server$/, 'no-server'],
  [/^(server_login_retry|query_wait_timeout|client_login_timeout|query_timeout|server_connect_timeout)\b/, 'no-server'],
  [/^(connect failed|connect timeout|server DNS lookup failed|server refused SSL|server conn crashed\?)/, 'no-server'],
  [/^(pooler|server) (is )?shutting down$/, 'shutdown'],
  [/^(bouncer config error|bouncer resources exhaustion|no memory\b)/, 'config'],
  [/^transaction blocks not allowed in statement pooling mode$/, 'transaction'],
];

/** PostgreSQL's refusals, in English; another language is told by the log alone. */
const RELAYED: readonly (readonly [RegExp, PoolerReason])[] = [
  [/^database ".*" does not exist/, 'server-database'],
  [/^password authentication failed for user "/, 'server-password'],
  [/^role ".*" (does not exist|is not permitted to log in)/, 'server-role'],
  [/^(no pg_hba\.conf entry|pg_hba\.conf rejects) /, 'server-hba'],
  [/^(sorry, too many clients already|remaining connection slots are reserved)/, 'server-full'],
  [/^too many connections for (role|database) "/, 'server-limit'],
  [/^the database system is /, 'server-starting'],
  [/^permission denied for database "/, 'server-connect'],
  [/^database ".*" is not currently accepting connections/, 'server-connect'],
];

/** Later versions repeat the last failure: "server login has been failing, cached error: … (server_login_retry)". */
const REPEATED = /^server login has been failing(?:, cached error: (.*?)(?: \(server_login_retry\)?)?$)?/;

/**
 * Recognizes the error of a pooler; `undefined` for one of the server itself, or an unknown text.
 * @param routine the function that raised the error; only PostgreSQL reports one
 * @param asked whether the pooler had asked for the password before, so that it knows the user
 * @param names those in the URL
 */
export function poolerError(
  { code, routine, text, asked }: { code: string; routine: string | undefined; text: string; asked: boolean },
  names: { readonly user: string; readonly database: string },
): PoolerError | undefined {
  if (code !== PROTOCOL_VIOLATION && routine !== undefined) return undefined;
  const repeated = REPEATED.exec(text);
  const said = repeated?.[1] ?? text;
  const reasonFrom = (table: typeof OWN) => table.find(([pattern]) => pattern.test(said))?.[1];
  const own = code === PROTOCOL_VIOLATION ? reasonFrom(OWN) : undefined;
  const relayed = reasonFrom(RELAYED);
  // The only login to the server before the client's own authentication is that of auth_user.
  const failing = asked ? 'no-server' : 'lookup';
  const reason = own ?? relayed ?? (repeated === null ? undefined : failing);
  if (reason === undefined) return undefined;
  const setting = reason === 'limit' ? (/\((max_\w{1,40})\)$/.exec(text)?.[1] ?? 'max_client_conn') : undefined;
  const same = said.includes(`"${reason === 'server-database' ? names.database : names.user}"`);
  return {
    kind: 'pooler',
    code,
    reason: reason === 'server-password' ? whosePassword(code, same) : reason,
    ...(setting !== undefined && { setting }),
    ...(own === undefined && relayed !== undefined && { same }),
  };
}

/** Other poolers and proxies use PostgreSQL's own code and text for the client's password. */
const whosePassword = (code: string, same: boolean): PoolerReason =>
  code === PROTOCOL_VIOLATION || !same ? 'server-password' : 'either-password';
