/** What a server's refusals mean: the table from SQLSTATEs to causes and their way out. */

import { advice, command, identifier, sh, sql } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import { meant } from './parameters.ts';
import type { ServerErrorKind } from './server-error.ts';
import type { DatabaseUrl } from './url.ts';

/** What the words are about. */
export interface Scene {
  readonly variable: string;
  readonly url: DatabaseUrl;
  /** "db.internal:5432" */
  readonly at: string;
  /** Whether the connection was encrypted. */
  readonly tls: boolean;
}

type ServerErrorMessages = Pick<Issue, 'detail' | 'expected' | 'fix'> & { title: string };
type Tell = (scene: Scene) => ServerErrorMessages;

/** By SQLSTATE (PostgreSQL manual, appendix A), and where that is not enough by the server's function. */
const SQL: Readonly<Record<string, Tell>> = {
  '28P01': ({ at, url, variable }) => ({
    title: `${at} does not accept the password of ${url.user}`,
    detail:
      'It may also be that this role does not exist, or that its password has ended (VALID UNTIL): PostgreSQL does not tell them apart.',
    expected: `the password of ${url.user}, percent-encoded where it has special characters`,
    fix: advice`correct the password in ${variable}, or set it: ${sql`ALTER ROLE ${identifier(url.user)} PASSWORD '…';`}`,
  }),
  '28000': ({ at, url, variable }) => ({
    title: `${at} does not let ${url.user} log in`,
    detail:
      'The server refuses the way in which this role tried to log in: ident, peer, PAM, LDAP, a certificate, an IAM token.',
    expected: `a login as ${url.user}`,
    fix: advice`see the server’s log for the reason; a token that has expired is renewed in ${variable}`,
  }),
  '28000 ClientAuthentication': ({ at, url, tls }) => ({
    title: `${at} has no rule in pg_hba.conf that admits ${url.user} to ${url.database} from here ${tls ? 'over' : 'without'} TLS`,
    ...(!tls && {
      detail: `The connection was not encrypted (sslmode=${url.tls.mode}); many servers admit nothing else.`,
    }),
    expected: `a rule for this role, database, address and ${tls ? 'TLS' : 'no TLS'}`,
    fix: advice`${tls ? 'in pg_hba.conf:' : 'sslmode=require in the URL, if the server has TLS; or else, in pg_hba.conf:'}\n${hbaRule(url, tls)}`,
  }),
  '28000 rejected': ({ at, url, tls }) => ({
    title: `a rule in pg_hba.conf at ${at} rejects ${url.user} in ${url.database} from here ${tls ? 'over' : 'without'} TLS`,
    expected: 'a rule that admits this role, before any that rejects it: the first that matches counts',
    fix: advice`see which it is: ${REJECTING}\nand put before it: ${hbaRule(url, tls)}`,
  }),
  '28000 no login': ({ at, url }) => ({
    title: `the role ${url.user} may not log in at ${at}`,
    expected: `a role ${url.user} with LOGIN`,
    fix: command(sql`ALTER ROLE ${identifier(url.user)} LOGIN;`),
  }),
  '28000 certificate': ({ at, url, variable }) => ({
    title: `${at} asks ${url.user} for a client certificate`,
    expected: 'a client certificate that the server accepts, over TLS',
    fix: advice`name it with sslcert and sslkey in ${variable}, or take clientcert and cert out of pg_hba.conf`,
  }),
  '28000 InitializeSessionUserId': ({ at, url }) => ({
    title: `the role ${url.user} does not exist at ${at}, or may not log in`,
    expected: `a role ${url.user} with LOGIN`,
    fix: advice`${sql`CREATE ROLE ${identifier(url.user)} LOGIN CREATEROLE PASSWORD '…';`}`,
  }),
  '3D000': ({ at, url }) => ({
    title: `the database ${url.database} does not exist at ${at}`,
    expected: `a database ${url.database} that ${url.user} owns`,
    fix: command(sql`CREATE DATABASE ${identifier(url.database)} OWNER ${identifier(url.user)};`),
  }),
  '42501': ({ at, url }) => ({
    title: `${url.user} may not connect to the database ${url.database} at ${at}`,
    expected: `the privilege CONNECT on ${url.database}`,
    fix: command(sql`GRANT CONNECT ON DATABASE ${identifier(url.database)} TO ${identifier(url.user)};`),
  }),
  '53300': ({ at, url }) => ({
    title: `${at} has no connection left for ${url.user}`,
    detail: 'The limit of the server (max_connections), of the database or of the role is reached.',
    expected: 'free connections: server, drain and scheduler each keep a pool of them',
    fix: advice`raise max_connections, or end sessions that nobody needs: SELECT pid, usename, state FROM pg_stat_activity;`,
  }),
  '55000': ({ at, url }) => ({
    title: `the database ${url.database} at ${at} admits no connections`,
    expected: 'a database that admits connections',
    fix: command(sql`ALTER DATABASE ${identifier(url.database)} ALLOW_CONNECTIONS true;`),
  }),
  '57P03': ({ at }) => ({
    title: `${at} is starting up, shutting down or recovering, and admits no connections yet`,
    expected: 'a server that is up',
    fix: advice`try again when it is up; a standby that never admits connections has hot_standby = off`,
  }),
  '08P01 password': ({ at, url, variable }) => ({
    title: `the pooler at ${at} does not accept the password of ${url.user}`,
    detail: 'It may also be that it does not know this user: poolers have a list of their own.',
    expected: `the password of ${url.user}, percent-encoded where it has special characters, and the same in the pooler`,
    fix: advice`correct the password in ${variable}, or ${url.user} in the pooler’s list (PgBouncer: auth_file or auth_query)`,
  }),
  '08P01 database': ({ at, url, variable }) => ({
    title: `the pooler at ${at} does not know the database ${url.database}`,
    expected: `a database ${url.database} that the pooler leads to`,
    fix: advice`name it under [databases] in pgbouncer.ini, or correct the database in ${variable}`,
  }),
  '08P01': ({ at }) => ({
    title: `${at} refuses the connection as a violation of the protocol`,
    detail: 'Poolers answer so to a database, user or parameter that they do not know.',
    expected: 'a server, or a pooler, that knows this database and user',
    fix: advice`see the pooler’s log; in PgBouncer, name the database under [databases]`,
  }),
};

const REJECTING = sql`SELECT * FROM pg_hba_file_rules WHERE auth_method = 'reject';`;

/** A line of `pg_hba.conf`, for a person to complete. */
const hbaRule = ({ database, user }: DatabaseUrl, tls: boolean): string =>
  `${tls ? 'hostssl' : 'host'} ${hbaName(database) ?? '<database>'} ${hbaName(user) ?? '<user>'} <address of this host>/32 scram-sha-256`;

/** As there: keywords and anything unusual in quotes, and nothing for what would end the line (PostgreSQL manual, 20.1). */
function hbaName(name: string): string | undefined {
  const { text } = identifier(name);
  if (text === name || text === undefined) return text;
  return `"${name.replaceAll('"', '""')}"`;
}

const refusedSetting = (setting: string, { at, variable }: Scene): ServerErrorMessages => ({
  title: `${at} refuses the parameter ${setting} of ${variable}`,
  detail: 'Spacelift’s driver sends every parameter that it does not know to the server, as a run-time setting.',
  expected: `a setting of PostgreSQL, or a parameter of the driver${meant(setting) === setting ? '' : `: ${meant(setting)}`}`,
  fix:
    meant(setting) === setting
      ? advice`correct or remove ${setting} in ${variable}; behind PgBouncer: ignore_startup_parameters = ${setting}`
      : advice`write ${meant(setting)} instead of ${setting} in ${variable}`,
});

/** The one line and the way out for what a server refused. */
export function serverErrorMessages(refusal: ServerErrorKind, scene: Scene): ServerErrorMessages {
  const { at, url, variable } = scene;
  switch (refusal.kind) {
    case 'sql': {
      if (refusal.setting !== undefined) return refusedSetting(refusal.setting, scene);
      const tell = SQL[`${refusal.code} ${refusal.reason}`] ?? SQL[refusal.code];
      if (tell !== undefined) return tell(scene);
      return {
        title: `${at} refuses the connection (SQLSTATE ${refusal.code})`,
        expected: `a session for ${url.user} in ${url.database}`,
        fix: advice`see the server’s log for its reason`,
      };
    }
    case 'not-postgres':
      return {
        title: `what answers at ${at} is not PostgreSQL${refusal.speaks === undefined ? '' : `: it speaks ${refusal.speaks}`}`,
        expected: 'PostgreSQL on that port',
        fix: advice`correct the host and port in ${variable}`,
      };
    case 'no-password':
      return {
        title: `${variable} has no password, and ${at} asks for one`,
        expected: 'a password, or a proxy beside Spacelift that logs in for it',
        fix: advice`add the password to ${variable}; with Cloud SQL IAM start the Auth Proxy with --auto-iam-authn`,
      };
    case 'method':
      return {
        title: `${at} asks for a way of logging in that is not supported here: ${refusal.method}`,
        expected: 'SCRAM, MD5, a clear-text password or none',
        fix: advice`let pg_hba.conf ask for scram-sha-256`,
      };
    case 'client-certificate':
      return {
        title: `the client certificate in ${variable} can’t be used`,
        expected: 'sslcert and sslkey as PEM files that belong together, and sslpassword if the key is encrypted',
        fix: command(
          [
            sh`openssl x509 -noout -pubkey -in ${url.tls.certificate ?? 'SSLCERT'}`,
            sh`openssl pkey -pubout -in ${url.tls.key ?? 'SSLKEY'}`,
          ],
          { note: 'compare the two' },
        ),
      };
    case 'attributes':
      return {
        title: `no host of ${variable} is what target_session_attrs=${url.attributes} asks for`,
        expected: `a server that is ${url.attributes}`,
        fix: advice`correct the hosts in ${variable}, or set target_session_attrs=read-write there`,
      };
  }
}
