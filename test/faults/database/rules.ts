/** A database that can be reached, and is not as Spacelift needs it. */
import { startStandby } from '../../services/postgres.ts';
import { refusedPort } from '../../services/tcp.ts';
import type { Arrange, Fault } from '../fault.ts';
import { answers, behind, databaseUrl, parameters, server, setting, statement } from './arrange.ts';

const READ_ONLY = ['database/read-only'];
const HOUR_MS = 3_600_000;

/** The server's clock as a proxy lets it appear. */
const clock = (offsetMs: number): Arrange =>
  behind(answers(/(?<="clock" : )\d{13}/, (found) => String(Number(found) + offsetMs)));

/** Refuses statements with this tag, where `condition` holds. */
const refusing = (tag: string, condition: string): Arrange =>
  statement(
    `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF ${condition} THEN RAISE 'not today' USING ERRCODE = 'insufficient_privilege'; END IF; END $$;
     CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('${tag}') EXECUTE FUNCTION refuse()`,
    'DROP EVENT TRIGGER refuse; DROP FUNCTION refuse()',
    'spacelift',
  );
const IS_QUEUE = `EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%\\_queue\\_%')`;

/** Another database of the same server. */
const another =
  (name: string, options: string, variable = 'DATABASE_URL'): Arrange =>
  async ({ estate, variables }) => {
    await estate.database.query(`CREATE DATABASE ${name} OWNER spacelift ${options}`);
    const url = new URL(variables.DATABASE_URL ?? '');
    url.pathname = `/${name}`;
    return { variables: { [variable]: url.href }, undo: () => estate.database.query(`DROP DATABASE ${name}`) };
  };

/** A hot standby of the database. */
const standby =
  (variable: string): Arrange =>
  async ({ estate, variables }) => {
    const replica = await startStandby(estate.database);
    const url = new URL(variables.DATABASE_URL ?? '');
    url.port = String(replica.port);
    return { variables: { [variable]: url.href }, undo: () => replica.stop() };
  };

const readOnly =
  (change: (url: URL) => unknown): Arrange =>
  async ({ variables }) => {
    const url = new URL(variables.DATABASE_URL ?? '');
    await change(url);
    return { variables: { DATABASE_READ_ONLY_URL: url.href } };
  };

export const RULES: readonly Fault[] = [
  {
    name: 'PostgreSQL 13',
    arrange: server(() => ({ version: 13 })),
    fail: ['database/version'],
    says: /^PostgreSQL 13\.\d+ is too old for Spacelift$/m,
  },
  {
    name: 'PostgreSQL 18',
    arrange: server(() => ({ version: 18 })),
    warn: ['database/version'],
    says: /^PostgreSQL 18\.\d+ is not officially supported$/m,
  },
  {
    name: 'a standby instead of the primary',
    arrange: standby('DATABASE_URL'),
    fail: ['database/writable'],
    says: /^DATABASE_URL points to a read-only replica$/m,
  },
  {
    name: 'read-only by default',
    arrange: setting('DATABASE spacelift', 'default_transaction_read_only = on'),
    fail: ['database/writable'],
    says: /^transactions in database "spacelift" are read-only by default\n.* set by a database setting\.$/,
  },
  {
    name: 'a role that is read-only by default',
    arrange: setting('ROLE spacelift', 'default_transaction_read_only = on'),
    fail: ['database/writable'],
    says: /^transactions in database "spacelift" are read-only by default\n.* set by a role setting\.$/,
  },
  {
    name: 'a database URL that makes transactions read-only',
    arrange: parameters({ options: '-c default_transaction_read_only=on' }),
    fail: ['database/writable'],
    says: /^transactions in database "spacelift" are read-only by default\n.* set by a parameter in DATABASE_URL\.$/,
  },
  {
    name: 'role without CREATEROLE',
    arrange: statement('ALTER ROLE spacelift NOCREATEROLE', 'ALTER ROLE spacelift CREATEROLE'),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks CREATEROLE$/m,
  },
  {
    name: 'no CREATE on the database',
    arrange: statement(
      'ALTER DATABASE spacelift OWNER TO postgres; GRANT CREATE, USAGE ON SCHEMA public TO spacelift',
      'REVOKE CREATE, USAGE ON SCHEMA public FROM spacelift; ALTER DATABASE spacelift OWNER TO spacelift',
      'spacelift',
    ),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks CREATE on database "spacelift"$/m,
  },
  {
    name: 'no CREATE on schema public',
    arrange: statement(
      'ALTER DATABASE spacelift OWNER TO postgres; GRANT CREATE ON DATABASE spacelift TO spacelift',
      'ALTER DATABASE spacelift OWNER TO spacelift',
    ),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks CREATE and USAGE on schema public$/m,
  },
  {
    name: 'no schema public',
    arrange: statement('ALTER SCHEMA public RENAME TO private', 'ALTER SCHEMA private RENAME TO public', 'spacelift'),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks a schema named public$/m,
  },
  {
    name: 'an event trigger that refuses indexes',
    arrange: refusing('CREATE INDEX', 'true'),
    fail: ['database/create-table'],
    says: /^role "spacelift" could not create an index on its table \(SQLSTATE 42501\)\nAn event trigger is enabled in the database: "refuse"\.$/,
  },
  {
    name: 'default privileges that deny the role its own tables',
    arrange: statement(
      'ALTER DEFAULT PRIVILEGES FOR ROLE spacelift REVOKE INSERT ON TABLES FROM spacelift',
      'ALTER DEFAULT PRIVILEGES FOR ROLE spacelift GRANT ALL ON TABLES TO spacelift',
      'spacelift',
    ),
    fail: ['database/create-table'],
    says: /^role "spacelift" could not insert into its table \(SQLSTATE 42501\)\nIts default privileges/,
  },
  {
    name: 'an event trigger that refuses queues',
    arrange: refusing('CREATE TABLE', IS_QUEUE),
    fail: ['message-queues/postgres'],
    says: /^role "spacelift" could not create a queue \(SQLSTATE 42501\)$/m,
  },
  {
    name: 'a proxy that changes the messages of a queue',
    arrange: behind(answers(/first spacelift|first (?=[0-9a-z-]{8,})/g, (found) => found.replace('first', 'worst'))),
    fail: ['message-queues/postgres'],
    says: /returned messages that differ from those enqueued/,
  },
  {
    name: 'a foreign table in the database',
    arrange: statement('CREATE TABLE public.foreigner (id int)', 'DROP TABLE public.foreigner', 'spacelift'),
    warn: ['database/dedicated'],
    says: /^database "spacelift" contains 1 table owned by other roles\nIn schema public\.$/,
  },
  {
    name: 'the database of another application',
    arrange: statement(
      'CREATE SCHEMA grafana; CREATE TABLE grafana.a (); CREATE TABLE grafana.b ()',
      'DROP SCHEMA grafana CASCADE',
      'spacelift',
    ),
    warn: ['database/dedicated'],
    says: /^database "spacelift" contains 2 tables owned by other roles\nIn schema grafana\.$/,
  },
  {
    name: 'a database in LATIN1',
    arrange: another('latin', `ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`),
    fail: ['database/encoding'],
    says: /^the encoding of database "latin" is LATIN1$/m,
  },
  {
    name: 'few connections left',
    arrange: statement('ALTER ROLE spacelift CONNECTION LIMIT 10', 'ALTER ROLE spacelift CONNECTION LIMIT -1'),
    warn: ['database/connections'],
    says: /^only \d+ connections are free for role "spacelift" \(limited by the role spacelift\)$/m,
  },
  {
    name: 'few connections for the database',
    arrange: statement('ALTER DATABASE spacelift CONNECTION LIMIT 12', 'ALTER DATABASE spacelift CONNECTION LIMIT -1'),
    warn: ['database/connections'],
    says: /^only \d+ connections are free for role "spacelift" \(limited by the database spacelift\)$/m,
  },
  {
    name: 'a small max_connections',
    arrange: server(() => ({ settings: { max_connections: '15' } })),
    warn: ['database/connections'],
    says: /^only \d+ connections are free for role "spacelift" \(limited by max_connections\)$/m,
  },
  {
    name: 'a short statement timeout',
    arrange: setting('ROLE spacelift', 'statement_timeout = 5000'),
    warn: ['database/settings'],
    says: /^statement_timeout is 5 s$/m,
  },
  {
    name: 'a role with one connection',
    arrange: statement('ALTER ROLE spacelift CONNECTION LIMIT 1', 'ALTER ROLE spacelift CONNECTION LIMIT -1'),
    warn: ['database/connections'],
    says: /^only 1 connection is free for role "spacelift"/m,
  },
  {
    name: 'a short statement timeout in the database URL',
    arrange: parameters({ statement_timeout: '20000' }),
    warn: ['database/settings'],
    says: /^statement_timeout is 20 s$/m,
  },
  {
    name: 'a search_path that leads nowhere',
    arrange: setting('ROLE spacelift', 'search_path = nowhere'),
    warn: ['database/settings'],
    says: /^search_path contains no existing schema$/m,
  },
  {
    name: 'a database password that ends soon',
    arrange: statement(
      `DO $$ BEGIN EXECUTE format('ALTER ROLE spacelift VALID UNTIL %L', now() + '10 days 1 hour'); END $$`,
      `ALTER ROLE spacelift VALID UNTIL 'infinity'`,
    ),
    warn: ['database/settings'],
    says: /^the password of role "spacelift" expires in 10 days$/m,
  },
  {
    name: 'a database whose clock is ahead',
    arrange: clock(HOUR_MS),
    warn: ['database/clock'],
    says: /^the database’s clock is 60 min ahead of this machine’s$/m,
  },
  {
    name: 'a database whose clock is behind',
    arrange: clock(-10 * 60_000),
    warn: ['database/clock'],
    says: /^the database’s clock is 10 min behind this machine’s$/m,
  },
  { name: 'a database whose clock is off by seconds', arrange: clock(-3000) },
  {
    name: 'another database for reading',
    arrange: another('reading', '', 'DATABASE_READ_ONLY_URL'),
    fail: READ_ONLY,
    says: /points to a different database than DATABASE_URL\nthe database is "reading", not "spacelift"\.$/,
  },
  {
    name: 'another server for reading',
    arrange: async (there) => {
      const { variables, undo } = await server(() => ({ version: 15 }))(there);
      return { variables: { DATABASE_READ_ONLY_URL: variables?.DATABASE_URL }, ...(undo && { undo }) };
    },
    fail: READ_ONLY,
    says: /points to a different database than DATABASE_URL\nit is PostgreSQL 15\.\d+, not 16\.\d+\.$/,
  },
  {
    name: 'wrong password for reading',
    arrange: readOnly((url) => {
      url.password = 'Wr0ng-p4ssw0rd-of-n0body';
    }),
    fail: READ_ONLY,
    says: /rejected the password of role "spacelift"/,
  },
  {
    name: 'a replica that refuses',
    arrange: readOnly(async (url) => {
      url.port = String((await refusedPort()).port);
    }),
    fail: READ_ONLY,
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'a database server that is down, and its replica with it',
    arrange: async (there) => {
      const { port } = await refusedPort();
      const { variables } = await databaseUrl((url) => {
        url.port = String(port);
      })(there);
      const url = variables?.DATABASE_URL ?? '';
      return { variables: { DATABASE_URL: url, DATABASE_READ_ONLY_URL: `${url}?application_name=reader` } };
    },
    fail: ['database/connect'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  { name: 'a standby for reading', arrange: standby('DATABASE_READ_ONLY_URL') },
  { name: 'one URL for writing and for reading', arrange: readOnly(() => {}) },
  {
    name: 'a database with tables of the role’s own',
    arrange: statement(
      'CREATE TABLE public.own (); ALTER TABLE public.own OWNER TO spacelift',
      'DROP TABLE public.own',
      'spacelift',
    ),
  },
  {
    name: 'a database that the role owns as a member of another',
    arrange: statement(
      'CREATE ROLE team; GRANT team TO spacelift; CREATE TABLE public.teams (); ALTER TABLE public.teams OWNER TO team',
      'DROP TABLE public.teams; DROP ROLE team',
      'spacelift',
    ),
  },
  { name: 'a long statement timeout', arrange: setting('ROLE spacelift', `statement_timeout = '5min'`) },
];
