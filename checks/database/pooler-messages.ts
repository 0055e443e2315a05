/** Messages for the errors of a pooler: each with the side that must change, the client, the pooler, or its server. */

import { WAIT_LONGER } from '../../src/net/messages.ts';
import { advice, command, identifier, sql } from '../../src/outcome/fix.ts';
import { span } from '../../src/util/format.ts';
import type { PoolerError, PoolerReason } from './pooler-errors.ts';
import type { Scene, ServerErrorMessages } from './scene.ts';

type Tell = (scene: Scene, error: PoolerError) => ServerErrorMessages;

/** A setting of `pgbouncer.ini` takes effect with this command in its admin console, without a restart. */
const RELOAD = 'then run RELOAD in its admin console';

/** Where PgBouncer has the user and password for its server from. */
const LOGS_IN =
  'PgBouncer logs in to its server with user= and password= of the entry under [databases]; without them, as the client’s user, with the password from auth_file or auth_query.';

const entry = (database: string): string => `the entry for "${database}" (or *) under [databases] in pgbouncer.ini`;

/** "role "spacelift"", if the pooler logs in as the role of the URL. */
const roleOf = ({ url }: Scene, { same }: PoolerError): string =>
  same === true ? `role "${url.user}"` : 'the role that the pooler logs in with';

const TEXTS: Readonly<Record<PoolerReason, Tell>> = {
  database: ({ at, url, variable }) => ({
    title: `database "${url.database}" does not exist in the pooler at ${at}`,
    expected: `a pooler entry for database "${url.database}"`,
    fix: advice`add it under [databases] in pgbouncer.ini, or correct the database in ${variable}`,
  }),
  disabled: ({ at, url }) => ({
    title: `database "${url.database}" is disabled in the pooler at ${at}`,
    expected: `an enabled database "${url.database}"`,
    fix: advice`in PgBouncer’s admin console (database pgbouncer), run: ${sql`ENABLE ${identifier(url.database)};`}`,
  }),
  limit: ({ at }, { setting: name = 'max_client_conn' }) => ({
    title: `the pooler at ${at} has no free client connection (${name})`,
    detail: 'Spacelift’s services keep many connections open: server, drain and scheduler each have a connection pool.',
    expected: 'free client connections in the pooler',
    fix: advice`raise ${name} in pgbouncer.ini, and the open files limit of its process (ulimit -n) with it; ${RELOAD}`,
  }),
  tls: ({ at, variable }) => ({
    title: `the pooler at ${at} requires TLS, but the connection was not encrypted`,
    detail: 'PgBouncer requires it because of client_tls_sslmode.',
    expected: 'a connection over TLS',
    fix: advice`set sslmode=require in ${variable}`,
  }),
  user: ({ at, url, variable }) => ({
    title: `the pooler at ${at} does not know user "${url.user}"`,
    expected: `user "${url.user}" in the pooler’s user list`,
    fix: advice`add "${url.user}" to PgBouncer’s auth_file, or make its auth_query return it: it reads users from the server, so create the role there; or correct the user in ${variable}`,
  }),
  lookup: ({ at, url }) => ({
    title: `the pooler at ${at} can’t log in to its server to look up user "${url.user}"`,
    detail:
      'PgBouncer reads users that are not in auth_file with auth_query, and logs in for it as auth_user. That login fails: its password in auth_file is wrong, or the server does not accept or run it.',
    expected: 'a login of auth_user that the server accepts',
    fix: advice`in PgBouncer’s auth_file, correct the password of the user that auth_user names, or add "${url.user}" itself; ${RELOAD}; the pooler’s log has the server’s error (“server login failed”)`,
  }),
  password: ({ at, url, variable }) => ({
    title: `the pooler at ${at} rejected the password of role "${url.user}"`,
    detail: 'A pooler gives the same error for an unknown user: it has its own user list.',
    expected: `the password of role "${url.user}", with special characters percent-encoded, and the same password in the pooler`,
    fix: advice`correct the password in ${variable}, or the entry for ${url.user} in the pooler’s user list (PgBouncer: auth_file or auth_query)`,
  }),
  certificate: ({ at, url, variable }) => ({
    title: `the pooler at ${at} requires a client certificate for user "${url.user}"`,
    expected: `a client certificate whose common name is ${url.user}`,
    fix: advice`set it with sslcert and sslkey in ${variable}, or use another auth_type in PgBouncer`,
  }),
  rejected: ({ at, url }) => ({
    title: `an access rule of the pooler at ${at} rejects user "${url.user}"`,
    expected: 'a rule that allows this user, database and address',
    fix: advice`allow it in the file that auth_hba_file in pgbouncer.ini names, before any rule that rejects it; ${RELOAD}`,
  }),
  secret: ({ at, url }) => ({
    title: `the pooler at ${at} can’t log in to its server: its copy of the password has the wrong form`,
    detail:
      'The server requires SCRAM. For that, PgBouncer needs the password itself, or the exact SCRAM secret of the server, in its user list; an MD5 hash is not enough.',
    expected: 'a password or SCRAM secret that the server accepts',
    fix: advice`in PgBouncer’s auth_file, replace the hash of "${url.user}" with rolpassword from pg_authid on the server, or add password= to ${entry(url.database)}; ${RELOAD}`,
  }),
  'no-server': ({ at, url }) => ({
    title: `the pooler at ${at} can’t connect to its PostgreSQL server`,
    detail:
      'The pooler itself responds. After a failure, PgBouncer waits for server_login_retry (15 s by default) before it tries again.',
    expected: 'a running PostgreSQL server behind the pooler, with a login that it accepts',
    fix: advice`start the server, or correct host and port in ${entry(url.database)}; the pooler’s log has the reason (“closing because” or “server login failed”)`,
  }),
  shutdown: ({ at }) => ({
    title: `the pooler at ${at} is shutting down`,
    expected: 'a running pooler',
    fix: advice`start it again, and look in its log for who stopped it`,
  }),
  config: ({ at }) => ({
    title: `the pooler at ${at} could not look up the user, or is misconfigured`,
    detail: 'PgBouncer reports it as a configuration error: often, auth_query or the login of auth_user failed.',
    expected: 'a pooler that can look up its users',
    fix: advice`run the query in auth_query on the server as auth_user, and grant what it lacks; the pooler’s log has the server’s error`,
  }),
  'server-database': ({ at, url, variable }, { same }) => ({
    title:
      same === true
        ? `database "${url.database}" does not exist on the server behind the pooler at ${at}`
        : `the pooler at ${at} uses a database for "${url.database}" that does not exist on its server`,
    expected: `a database for "${url.database}" on the server behind the pooler`,
    fix:
      same === true
        ? command(sql`CREATE DATABASE ${identifier(url.database)} OWNER ${identifier(url.user)};`, {
            note: 'on the server itself, not through the pooler',
          })
        : advice`correct dbname= in ${entry(url.database)}, or the database in ${variable}`,
  }),
  'server-password': (scene, error) => ({
    title: `the server behind the pooler at ${scene.at} rejected the pooler’s password`,
    detail: `The pooler accepted this login, and then failed to log in to its server. ${LOGS_IN}`,
    expected: `the password of ${roleOf(scene, error)} in the pooler`,
    fix: advice`correct password= in ${entry(scene.url.database)}, or the password in auth_file: the server expects that of ${roleOf(scene, error)}; ${RELOAD}`,
  }),
  'either-password': ({ at, url, variable }) => ({
    title: `the pooler at ${at}, or the server behind it, rejected the password of role "${url.user}"`,
    detail: `The error does not come from PostgreSQL itself. ${LOGS_IN}`,
    expected: `the password of role "${url.user}" in ${variable}, in the pooler, and on the server`,
    fix: advice`correct the password in ${variable}; if it works without the pooler, correct it in the pooler (PgBouncer: [databases] or auth_file)`,
  }),
  'server-role': (scene, error) => ({
    title: `${roleOf(scene, error)} can’t log in to the server behind the pooler at ${scene.at}`,
    detail: `The role does not exist there, or lacks LOGIN. ${LOGS_IN}`,
    expected: 'a role with LOGIN on the server',
    fix: advice`on the server: ALTER ROLE … LOGIN, or CREATE ROLE … LOGIN; or correct user= in ${entry(scene.url.database)}`,
  }),
  'server-hba': (scene, error) => ({
    title: `pg_hba.conf on the server behind the pooler at ${scene.at} does not allow the pooler`,
    expected: `a rule for ${roleOf(scene, error)} from the pooler’s address`,
    fix: advice`add a rule for the pooler’s address to pg_hba.conf on the server; if it requires TLS, set server_tls_sslmode = require in pgbouncer.ini`,
  }),
  'server-full': ({ at }) => ({
    title: `the server behind the pooler at ${at} has no free connection for the pooler`,
    expected: 'a free connection for each server connection of the pooler',
    fix: advice`lower default_pool_size or max_db_connections in pgbouncer.ini, or raise max_connections on the server`,
  }),
  'server-limit': (scene, error) => ({
    title: `the server behind the pooler at ${scene.at} has no free connection for the pooler`,
    detail: `The connection limit of ${roleOf(scene, error)}, or of its database, is reached.`,
    expected: 'a free connection for each server connection of the pooler',
    fix: advice`on the server, raise or remove the limit: ALTER ROLE … CONNECTION LIMIT -1, or ALTER DATABASE … CONNECTION LIMIT -1; or lower default_pool_size in pgbouncer.ini`,
  }),
  'server-starting': ({ at }) => ({
    title: `the server behind the pooler at ${at} is starting up, shutting down or recovering`,
    expected: 'a running server',
    fix: advice`try again when the server is up`,
  }),
  'server-connect': (scene, error) => ({
    title: `the server behind the pooler at ${scene.at} does not admit the pooler to the database`,
    expected: `CONNECT on the database for ${roleOf(scene, error)}`,
    fix: advice`on the server: GRANT CONNECT ON DATABASE … TO …; or ALTER DATABASE … ALLOW_CONNECTIONS true;`,
  }),
  transaction: ({ url }) => ({
    title: 'the pooler in front of the database does not allow transactions',
    expected: 'a direct connection, or a pooler in session mode',
    fix: advice`set pool_mode=session in ${entry(url.database)}, or connect directly, without the pooler`,
  }),
};

/** Title and fix for the error of a pooler. */
export const poolerMessages = (error: PoolerError, scene: Scene): ServerErrorMessages =>
  TEXTS[error.reason](scene, error);

/** How a pooler without a server looks (https://www.pgbouncer.org/config.html: query_wait_timeout, server_login_retry). */
const WITHOUT_SERVER =
  'A pooler behaves like this when PostgreSQL behind it is down, paused or unreachable, or when all of its server connections are in use: PgBouncer lets clients wait for query_wait_timeout (120 s by default), and tries the server again every server_login_retry (15 s). A PostgreSQL server that hangs does the same.';

const FIND_OUT = advice`find the reason in the pooler’s log (“closing because”), and in PgBouncer’s admin console (database pgbouncer) with SHOW DATABASES (host, port, paused) and SHOW POOLS (cl_waiting); start PostgreSQL behind the pooler, correct host and port under [databases], or run RESUME; without a pooler, see the server’s own log; ${WAIT_LONGER}`;

/**
 * For a server that accepted the connection, and then did not respond.
 * @param ms how long it was waited for
 * @param answered whether it took part in the login before
 */
export const silenceMessages = (at: string, ms: number, answered: boolean): ServerErrorMessages => ({
  title: answered
    ? `${at} began the login, then was silent for ${span(ms)}, like a pooler without a server`
    : `connected to ${at}, but got no response within ${span(ms)}`,
  detail: `No firewall drops the connection. ${WITHOUT_SERVER}`,
  expected: `a session within ${span(ms)}`,
  fix: FIND_OUT,
});

/** For a session that was established, and then got no response to a query. */
export const silentSessionMessages = (ms: number): ServerErrorMessages => ({
  title: `the database did not answer a query within ${span(ms)}`,
  detail: `The session was established; then the server, or a pooler or proxy in front of it, stopped responding. ${WITHOUT_SERVER}`,
  expected: 'a stable session',
  fix: FIND_OUT,
});
