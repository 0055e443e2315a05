/** Messages for server errors: a table from SQLSTATE to cause and fix. */

import { advice, command, identifier, sh, sql } from '../../src/outcome/fix.ts';
import { asMemberOf } from './administrator.ts';
import { parameterMessages } from './parameter-messages.ts';
import { isChangedByServer } from './password.ts';
import { policyMessages } from './policy-messages.ts';
import { poolerMessages } from './pooler-messages.ts';
import type { Scene, ServerErrorMessages } from './scene.ts';
import type { ServerErrorKind } from './server-error.ts';
import type { DatabaseUrl } from './url.ts';

type Tell = (scene: Scene) => ServerErrorMessages;

/** By SQLSTATE (PostgreSQL manual, appendix A) and, if that is ambiguous, by the server's function. */
const SQL: Readonly<Record<string, Tell>> = {
  '28P01': ({ at, url, variable }) => {
    const { password = '', scramPassword = '' } = url;
    const isChanged = isChangedByServer(password, scramPassword);
    const change = sql`ALTER ROLE ${identifier(url.user)} PASSWORD '…';`;
    return {
      title: `${at} rejected the password of role "${url.user}"`,
      detail: isChanged
        ? 'The password contains characters such as ² or a ligature. With SCRAM, PostgreSQL and psql replace them by simpler ones (SASLprep), but Spacelift’s driver does not (PRECIS): psql can log in with this password, and Spacelift can’t.'
        : 'PostgreSQL gives the same error if the role does not exist or its password has expired (VALID UNTIL).',
      expected: isChanged
        ? `a password of role "${url.user}" that contains only ASCII characters`
        : `the password of role "${url.user}", with special characters percent-encoded`,
      fix: isChanged
        ? advice`set a password of ASCII characters on the server and in ${variable}: ${change}`
        : advice`correct the password in ${variable}, or set it on the server: ${change}`,
    };
  },
  '28000': ({ at, url, variable }) => ({
    title: `${at} does not allow role "${url.user}" to log in`,
    detail: 'Authentication failed: ident, peer, PAM, LDAP, a certificate, or an IAM token.',
    expected: `a successful login as role "${url.user}"`,
    fix: advice`see the server log for the reason; if a token has expired, renew it in ${variable}`,
  }),
  '28000 ClientAuthentication': ({ at, url, tls }) => ({
    title: `no pg_hba.conf rule at ${at} allows role "${url.user}" for database "${url.database}" from here ${tls ? 'over' : 'without'} TLS`,
    ...(!tls && {
      detail:
        url.tls.mode === 'disable'
          ? `The connection was not encrypted (sslmode=${url.tls.mode}); many servers require encryption.`
          : `The connection was not encrypted; sslmode=${url.tls.mode} also tries TLS.`,
    }),
    expected: `a rule for this role, database, address and ${tls ? 'TLS' : 'no TLS'}`,
    fix: advice`${tls || url.tls.mode !== 'disable' ? 'add to pg_hba.conf:' : 'set sslmode=require in the URL if the server supports TLS; otherwise, add to pg_hba.conf:'}\n${hbaRule(url, tls)}`,
  }),
  '28000 rejected': ({ at, url, tls }) => ({
    title: `a pg_hba.conf rule at ${at} rejects role "${url.user}" for database "${url.database}" from here ${tls ? 'over' : 'without'} TLS`,
    expected: 'a rule that allows this role before any rule that rejects it: the first matching rule applies',
    fix: advice`find the rule: ${REJECTING}\nand insert before it: ${hbaRule(url, tls)}`,
  }),
  '28000 no login': ({ at, url }) => ({
    title: `role "${url.user}" is not permitted to log in at ${at}`,
    expected: `a role "${url.user}" with LOGIN`,
    fix: command(sql`ALTER ROLE ${identifier(url.user)} LOGIN;`),
  }),
  '28000 certificate': ({ at, url, variable }) => ({
    title: `${at} requires a client certificate for role "${url.user}"`,
    expected: 'a client certificate that the server accepts, over TLS',
    fix: advice`set it with sslcert and sslkey in ${variable}, or remove clientcert and cert from pg_hba.conf`,
  }),
  '28000 InitializeSessionUserId': ({ at, url }) => ({
    title: `role "${url.user}" does not exist at ${at}, or is not permitted to log in`,
    expected: `a role "${url.user}" with LOGIN`,
    fix: advice`${sql`CREATE ROLE ${identifier(url.user)} LOGIN CREATEROLE PASSWORD '…';`}`,
  }),
  '3D000': ({ at, url, variable }) => ({
    title: `database "${url.database}" does not exist at ${at}`,
    detail: `If this is not the name that is meant, correct it in ${variable} instead.`,
    expected: `a database "${url.database}" owned by role "${url.user}"`,
    fix: command([
      asMemberOf(url.user),
      sql`CREATE DATABASE ${identifier(url.database)} OWNER ${identifier(url.user)};`,
    ]),
  }),
  '42501': ({ at, url }) => ({
    title: `role "${url.user}" lacks CONNECT on database "${url.database}" at ${at}`,
    expected: `the CONNECT privilege on database "${url.database}"`,
    fix: command([
      asMemberOf(url.user),
      sql`GRANT CONNECT ON DATABASE ${identifier(url.database)} TO ${identifier(url.user)};`,
    ]),
  }),
  '53300': ({ at, url }) => ({
    title: `${at} has no free connection for role "${url.user}"`,
    detail: 'The connection limit of the server (max_connections) is reached, or what is left of it is reserved.',
    expected: 'free connections: server, drain and scheduler each keep a connection pool',
    fix: advice`raise max_connections, or terminate unused sessions: SELECT pid, usename, state FROM pg_stat_activity;`,
  }),
  '53300 InitializeSessionUserId': ({ at, url }) => ({
    title: `role "${url.user}" has no free connection at ${at}`,
    detail: 'The connection limit of the role is reached.',
    expected: 'free connections: server, drain and scheduler each keep a connection pool',
    fix: command(sql`ALTER ROLE ${identifier(url.user)} CONNECTION LIMIT -1;`),
  }),
  '53300 CheckMyDatabase': ({ at, url }) => ({
    title: `database "${url.database}" at ${at} has no free connection`,
    detail: 'The connection limit of the database is reached.',
    expected: 'free connections: server, drain and scheduler each keep a connection pool',
    fix: command([asMemberOf(url.user), sql`ALTER DATABASE ${identifier(url.database)} CONNECTION LIMIT -1;`]),
  }),
  '55000': ({ at, url }) => ({
    title: `database "${url.database}" at ${at} does not accept connections`,
    expected: 'a database that accepts connections',
    fix: command([asMemberOf(url.user), sql`ALTER DATABASE ${identifier(url.database)} ALLOW_CONNECTIONS true;`]),
  }),
  '57P03': ({ at }) => ({
    title: `${at} is starting up, shutting down or recovering, and does not accept connections yet`,
    expected: 'a running server',
    fix: advice`try again when the server is up; a standby that never accepts connections has hot_standby = off`,
  }),
  '58P01': ({ at, url }) => ({
    title: `${at} can’t load a library for the session of role "${url.user}"`,
    detail:
      'The role, the database or the server has a library in session_preload_libraries or local_preload_libraries that does not exist.',
    expected: 'libraries that are installed on the server',
    fix: advice`install the library that the server log names, or remove it where it is set: ${sql`SELECT * FROM pg_db_role_setting;`}`,
  }),
  P0001: ({ at, url }) => ({
    title: `an event trigger at ${at} rejects the login of role "${url.user}"`,
    expected: `a login of role "${url.user}" that no event trigger rejects`,
    fix: advice`change or disable the trigger, as a superuser: ${sql`SELECT evtname FROM pg_event_trigger WHERE evtevent = 'login';`}`,
  }),
  '08P01': ({ at }) => ({
    title: `${at} rejected the connection with a protocol violation`,
    detail: 'Poolers return this error for almost everything, including errors of the server behind them.',
    expected: 'a server or pooler with this database and user',
    fix: advice`see the pooler’s log: in PgBouncer’s, “pooler error” is followed by the reason, and “server login failed” by the server’s`,
  }),
};

const REJECTING = sql`SELECT * FROM pg_hba_file_rules WHERE auth_method = 'reject';`;

/** A line for `pg_hba.conf`, with placeholders. */
const hbaRule = ({ database, user }: DatabaseUrl, tls: boolean): string =>
  `${tls ? 'hostssl' : 'host'} ${hbaName(database) ?? '<database>'} ${hbaName(user) ?? '<user>'} <address of this host>/32 scram-sha-256`;

/** Quoted as in that file: keywords and special characters; `undefined` for a name with a line break (PostgreSQL manual, 20.1). */
function hbaName(name: string): string | undefined {
  const { text } = identifier(name);
  if (text === name || text === undefined) return text;
  return `"${name.replaceAll('"', '""')}"`;
}

/** Title and fix for a server error. */
export function serverErrorMessages(refusal: ServerErrorKind, scene: Scene): ServerErrorMessages {
  const { at, url, variable } = scene;
  switch (refusal.kind) {
    case 'sql': {
      if (refusal.setting !== undefined) return parameterMessages(refusal, scene);
      const tell = SQL[`${refusal.code} ${refusal.reason}`] ?? SQL[refusal.code];
      if (tell !== undefined) return tell(scene);
      return {
        title: `${at} rejected the connection (SQLSTATE ${refusal.code})`,
        expected: `a session for role "${url.user}" in database "${url.database}"`,
        fix: advice`see the server log for the reason`,
      };
    }
    case 'pooler':
      return poolerMessages(refusal, scene);
    case 'not-postgres':
      return {
        title: `${at} does not look like PostgreSQL${refusal.speaks === undefined ? '' : `: it speaks ${refusal.speaks}`}`,
        expected: 'PostgreSQL on this port',
        fix: advice`correct the host and port in ${variable}`,
      };
    case 'no-password':
      return {
        title: `${variable} has no password, but ${at} requires one`,
        expected: 'a password, or a proxy sidecar that logs in for Spacelift',
        fix: advice`add the password to ${variable}; with Cloud SQL IAM authentication, start the Auth Proxy with --auto-iam-authn`,
      };
    case 'method':
      return {
        title: `${at} requires an authentication method that is not supported here: ${refusal.method}`,
        expected: 'SCRAM, MD5, a cleartext password or none',
        fix: advice`use scram-sha-256 in pg_hba.conf`,
      };
    case 'policy':
      return policyMessages(refusal.parameter, refusal.method, scene);
    case 'client-certificate':
      return {
        title: `the client certificate in ${variable} can’t be used`,
        expected: 'sslcert and sslkey as a matching pair of PEM files, and sslpassword if the key is encrypted',
        fix: advice`set sslcert and sslkey in ${variable} to files that belong together; compare the output of ${sh`openssl x509 -noout -pubkey -in ${url.tls.certificate ?? 'SSLCERT'}`} and ${sh`openssl pkey -pubout -in ${url.tls.key ?? 'SSLKEY'}`}`,
      };
    case 'attributes':
      return {
        title: `no host in ${variable} satisfies target_session_attrs=${url.attributes}`,
        expected: `a server that matches ${url.attributes}`,
        fix: advice`correct the hosts in ${variable}, or set target_session_attrs=read-write there`,
      };
  }
}
