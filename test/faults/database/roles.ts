/** Databases with roles that are not one and the same: who logs in, who acts, and who owns Spacelift's tables. */
import { startPooler } from '../../services/pooler.ts';
import type { Arrange, Fault } from '../fault.ts';
import { databaseUrl, PASSWORD, server, statement } from './arrange.ts';

const OWNERSHIP = ['database/ownership'];
/** Whether it is installed follows from the tables; the other dependencies are those of a new installation. */
const options = { phase: 'pre-install' } as const;

/** Spacelift's own tables, of a role, in the database. */
const tables = (owner: string) =>
  ['accounts', 'message_queue_messages', 'runs']
    .map((name) => `CREATE TABLE public.${name} (id serial, body text); ALTER TABLE public.${name} OWNER TO ${owner};`)
    .join('\n');
const NO_TABLES = 'DROP TABLE public.accounts, public.message_queue_messages, public.runs;';

/** Spacelift's tables of the role `spacelift`, and a URL with another role that has these options and grants. */
const rotated =
  (roleOptions: string, grants = ''): Arrange =>
  async (there) => {
    const query = (sql: string) => there.estate.database.query(sql, [], 'spacelift');
    await query(`${tables('spacelift')} CREATE ROLE rotated LOGIN ${roleOptions} PASSWORD '${PASSWORD}'; ${grants}`);
    const arranged = await databaseUrl((url) => {
      url.username = 'rotated';
      url.password = encodeURIComponent(PASSWORD);
    })(there);
    return { ...arranged, undo: () => query(`${NO_TABLES} DROP OWNED BY rotated; DROP ROLE rotated`) };
  };

/** A URL with a role that acts as `spacelift`, as Vault makes them. */
const acting =
  (breaks = '', repairs = ''): Arrange =>
  async (there) => {
    const { database } = there.estate;
    const password = `PASSWORD '${PASSWORD}'`;
    await database.query(`CREATE ROLE "v-login-1" LOGIN NOINHERIT ${password} IN ROLE spacelift; ${breaks}`);
    await database.query('ALTER ROLE "v-login-1" SET role = spacelift');
    const arranged = await databaseUrl((url) => {
      url.username = 'v-login-1';
      url.password = encodeURIComponent(PASSWORD);
    })(there);
    return { ...arranged, undo: () => database.query(`${repairs}; DROP ROLE "v-login-1"`) };
  };

/** A pooler that logs in as another role than its clients, in front of a server of its own. */
const pooledAs =
  (user: string, breaks: string): Arrange =>
  async (there) => {
    const { variables, undo, ...rest } = await server(
      () => ({ hba: ['host all all all trust'] }),
      { host: '127.0.0.1' },
      async (running) => {
        if (breaks !== '') await running.query(breaks);
        return {};
      },
    )(there);
    const url = new URL(variables?.DATABASE_URL ?? '');
    const pooler = await startPooler({ target: { host: url.hostname, port: Number(url.port) }, mode: 'session', user });
    url.port = String(pooler.port);
    url.username = 'client';
    return {
      ...rest,
      variables: { DATABASE_URL: url.href },
      undo: async () => {
        await pooler.close();
        await undo?.();
      },
    };
  };

export const ROLES: readonly Fault[] = [
  {
    name: 'a rotated database user without a grant',
    arrange: rotated('CREATEROLE'),
    options,
    fail: OWNERSHIP,
    says: /^role "rotated" can’t use Spacelift’s tables, which belong to role "spacelift"\nIn schema public\.$/,
  },
  {
    name: 'a rotated database user without anything',
    arrange: rotated(''),
    options,
    fail: OWNERSHIP,
    says: /^role "rotated" can’t use Spacelift’s tables.*\nIn schema public\. It also lacks CREATEROLE\.$/,
  },
  {
    name: 'a rotated database user that does not inherit',
    arrange: rotated('CREATEROLE NOINHERIT', 'GRANT spacelift TO rotated'),
    options,
    fail: OWNERSHIP,
    says: /^role "rotated" can’t use Spacelift’s tables/,
  },
  {
    name: 'a rotated database user that can’t alter the tables',
    arrange: rotated(
      'CREATEROLE',
      `GRANT CREATE ON DATABASE spacelift TO rotated; GRANT CREATE, USAGE ON SCHEMA public TO rotated;
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rotated`,
    ),
    options,
    warn: OWNERSHIP,
    says: /^role "rotated" can use but not alter Spacelift’s tables, which belong to role "spacelift"\n/,
  },
  {
    name: 'a database that a superuser restored',
    arrange: statement(tables('postgres'), NO_TABLES, 'spacelift'),
    options,
    fail: OWNERSHIP,
    says: /^role "spacelift" can’t use Spacelift’s tables, which belong to role "postgres"\n/,
  },
  {
    name: 'a rotated database user that is a member of the owner',
    arrange: rotated('CREATEROLE', 'GRANT spacelift TO rotated'),
    options,
  },
  {
    name: 'a database with Spacelift’s tables',
    arrange: statement(tables('spacelift'), NO_TABLES, 'spacelift'),
    options,
  },
  {
    name: 'a database login that acts as a role without CREATEROLE',
    arrange: acting('ALTER ROLE spacelift NOCREATEROLE', 'ALTER ROLE spacelift CREATEROLE'),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks CREATEROLE\nRole "v-login-1" acts as role "spacelift" \(SET role\)\./,
  },
  {
    name: 'a database login with few connections that acts as another role',
    arrange: acting('ALTER ROLE "v-login-1" CONNECTION LIMIT 10'),
    warn: ['database/connections'],
    says: /^only \d+ connections are free for role "v-login-1" \(limited by the role v-login-1\)$/m,
  },
  { name: 'a database login that acts as another role', arrange: acting() },
  {
    name: 'a pooler that logs in as a role without CREATEROLE',
    arrange: pooledAs('spacelift', 'ALTER ROLE spacelift NOCREATEROLE'),
    fail: ['database/privileges'],
    says: /^role "spacelift" lacks CREATEROLE\nA pooler logs in as role "spacelift" for user "client" in DATABASE_URL\./,
  },
  { name: 'a pooler that logs in as another role', arrange: pooledAs('spacelift', '') },
];
