/** Parameters of other clients in a database URL. pgx sends them to the server, which does not know them. */

export interface ForeignParameter {
  /** The client that has the parameter. */
  readonly of: string;
  /** The same for pgx; `undefined` if the parameter must be removed. */
  readonly instead?: (value: string) => string | undefined;
}

const LIBPQ = 'libpq';
const JDBC = 'the JDBC driver';
const PRISMA = 'Prisma';
const LIB_PQ = 'lib/pq';
const PGX_4 = 'pgx 4';
const NODE = 'node-postgres';

/** What can be shown of a value: a number or a simple name. */
const shown = (value: string): string => (/^[\w.,:+-]{1,64}$/.test(value) ? value : '…');
const renamed = (name: string) => (value: string) => `${name}=${shown(value)}`;
const ifTrue = (instead: string) => (value: string) =>
  /^(true|1|on|yes|require|)$/i.test(value) ? instead : undefined;
const mapped = (table: Readonly<Record<string, string>>) => (value: string) =>
  Object.hasOwn(table, value) ? table[value] : undefined;
const removed = (of: string, names: string): [string, ForeignParameter][] =>
  names.split(/\s+/).map((name) => [name, { of }]);

/**
 * By the name in lower case. Sources: PostgreSQL manual, 34.1.2; pgJDBC, "Connection Parameters"; Prisma, "PostgreSQL
 * connector"; lib/pq, `Config`; pgx v4, `pgconn.ParseConfig` and `pgx.ParseConfig`; node-postgres, `pg-connection-string`.
 */
const FOREIGN: Readonly<Record<string, ForeignParameter>> = {
  ...Object.fromEntries([
    ...removed(
      LIBPQ,
      `keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout gssencmode gsslib gssdelegation
      sslcompression sslcrl sslcrldir sslkeylogfile ssl_min_protocol_version ssl_max_protocol_version requirepeer
      load_balance_hosts oauth_issuer oauth_client_id oauth_client_secret oauth_scope scram_client_key scram_server_key`,
    ),
    ...removed(
      JDBC,
      `tcpkeepalive tcpnodelay sockettimeout canceltimeout sslfactory sslfactoryarg sslhostnameverifier sslpasswordcallback
      sslresponsetimeout binarytransfer binarytransferenable binarytransferdisable stringtype unknownlength loglevel
      loggerlevel loggerfile protocolversion preferquerymode autosave cleanupsavepoints
      rewritebatchedinserts defaultrowfetchsize loadbalancehosts hostrecheckseconds databasemetadatacachefields
      databasemetadatacachefieldsmib disablecolumnsanitiser allowencodingchanges socketfactory assumeminserverversion
      receivebuffersize sendbuffersize usespnego gssusedefaultcreds jaasapplicationname jaaslogin kerberosservername
      escapesyntaxcallmode maxresultbuffer adaptivefetch hideunprivilegedobjects localsocketaddress logunclosedconnections
      quotereturningidentifiers readonlymode xmlfactoryfactory`,
    ),
    ...removed(
      PRISMA,
      'pgbouncer pool_timeout socket_timeout sslidentity max_idle_connection_lifetime single_use_connections',
    ),
    ...removed(LIB_PQ, 'binary_parameters sslinline disable_prepared_binary_result'),
    ...removed(PGX_4, 'min_read_buffer_size pool_lazy_connect'),
    ...removed(NODE, 'uselibpqcompat supa workaround'),
  ]),
  hostaddr: { of: LIBPQ, instead: renamed('host') },
  fallback_application_name: { of: LIBPQ, instead: renamed('application_name') },
  requiressl: { of: LIBPQ, instead: ifTrue('sslmode=require') },
  ssl: { of: `${JDBC}, Prisma and ${NODE}`, instead: ifTrue('sslmode=require') },
  currentschema: { of: JDBC, instead: renamed('search_path') },
  applicationname: { of: JDBC, instead: renamed('application_name') },
  connecttimeout: { of: JDBC, instead: renamed('connect_timeout') },
  logintimeout: { of: JDBC, instead: renamed('connect_timeout') },
  readonly: { of: JDBC, instead: ifTrue('default_transaction_read_only=on') },
  preparethreshold: { of: JDBC, instead: mapped({ '0': 'default_query_exec_mode=exec' }) },
  preparedstatementcachequeries: { of: JDBC, instead: renamed('statement_cache_capacity') },
  targetservertype: {
    of: JDBC,
    instead: mapped({
      any: 'target_session_attrs=any',
      primary: 'target_session_attrs=primary',
      master: 'target_session_attrs=primary',
      secondary: 'target_session_attrs=standby',
      slave: 'target_session_attrs=standby',
      preferSecondary: 'target_session_attrs=prefer-standby',
      preferSlave: 'target_session_attrs=prefer-standby',
    }),
  },
  schema: { of: PRISMA, instead: renamed('search_path') },
  connection_limit: { of: PRISMA, instead: renamed('pool_max_conns') },
  statement_cache_size: { of: PRISMA, instead: renamed('statement_cache_capacity') },
  sslaccept: {
    of: PRISMA,
    instead: mapped({ strict: 'sslmode=verify-full', accept_invalid_certs: 'sslmode=require' }),
  },
  prefer_simple_protocol: { of: PGX_4, instead: ifTrue('default_query_exec_mode=simple_protocol') },
  statement_cache_mode: {
    of: PGX_4,
    instead: mapped({
      prepare: 'default_query_exec_mode=cache_statement',
      describe: 'default_query_exec_mode=cache_describe',
    }),
  },
};

/** The parameter of another client, by its name in any case; `undefined` if no such client is known. */
export function foreignParameter(name: string): ForeignParameter | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(FOREIGN, key) ? FOREIGN[key] : undefined;
}
