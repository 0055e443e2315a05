/** Settings and tables that can be in several places, of which each has its own cause or fix. */
import type { Arrange, Fault } from '../fault.ts';
import { server, statement } from './arrange.ts';

const NAME = 'default_transaction_read_only';
const WRITABLE = ['database/writable'];
const DEDICATED = ['database/dedicated'];
const SETTINGS = ['database/settings'];

/** A statement on a server of its own: it is for all of its sessions. */
const everywhere = (sql: string): Arrange =>
  server(
    () => ({}),
    {},
    async (running) => {
      await running.query(sql);
      await running.reload();
      return {};
    },
  );
const setBy = (source: string) =>
  new RegExp(`^transactions in database "spacelift" are read-only by default\\n${NAME} is on, set by ${source}\\.$`);

/** A schema that is named like the role, and not the role's. */
const closedSchema = (grants: string): Arrange =>
  statement(`CREATE SCHEMA spacelift; ${grants}`, 'DROP SCHEMA spacelift', 'spacelift');
const unreadable = (what: string): Arrange =>
  statement(`REVOKE ${what} FROM PUBLIC`, `GRANT ${what} TO PUBLIC`, 'spacelift');

export const PLACES: readonly Fault[] = [
  {
    name: 'read-only by postgresql.conf',
    arrange: server(() => ({ settings: { [NAME]: 'on' } })),
    fail: WRITABLE,
    says: setBy('the server configuration'),
  },
  {
    name: 'read-only by ALTER SYSTEM',
    arrange: everywhere(`ALTER SYSTEM SET ${NAME} = on`),
    fail: WRITABLE,
    says: setBy('the server configuration'),
  },
  {
    name: 'read-only by the command line of the server',
    arrange: server(() => ({ flags: { [NAME]: 'on' } })),
    fail: WRITABLE,
    says: setBy('the command line of the server'),
  },
  {
    name: 'read-only for all roles',
    arrange: everywhere(`ALTER ROLE ALL SET ${NAME} = on`),
    fail: WRITABLE,
    says: setBy('a setting for all roles'),
  },
  {
    name: 'read-only for the role in this database',
    arrange: statement(
      `ALTER ROLE spacelift IN DATABASE spacelift SET ${NAME} = on`,
      `ALTER ROLE spacelift IN DATABASE spacelift RESET ${NAME}`,
    ),
    fail: WRITABLE,
    says: setBy('a role setting in this database'),
  },
  {
    name: 'read-only for all roles, but not for Spacelift’s',
    arrange: everywhere(`ALTER ROLE spacelift SET ${NAME} = off; ALTER ROLE ALL SET ${NAME} = on`),
  },
  {
    name: 'a small max_connections on the command line of the server',
    arrange: server(() => ({ flags: { max_connections: '15' } })),
    warn: ['database/connections'],
    says: /^only \d+ connections are free for role "spacelift" \(limited by max_connections\)$/m,
  },
  {
    name: 'a search_path to a closed schema named like the role',
    arrange: closedSchema('GRANT USAGE ON SCHEMA spacelift TO spacelift'),
    warn: SETTINGS,
    says: /^role "spacelift" lacks CREATE on schema "spacelift", the first existing schema in search_path$/m,
  },
  { name: 'a schema named like the role that it can’t look into', arrange: closedSchema('') },
  {
    name: 'a schema named like the role that it can create tables in',
    arrange: closedSchema('GRANT CREATE, USAGE ON SCHEMA spacelift TO spacelift'),
  },
  {
    name: 'a table of another application called accounts',
    arrange: statement('CREATE TABLE public.accounts (id int)', 'DROP TABLE public.accounts', 'spacelift'),
    warn: DEDICATED,
    says: /^database "spacelift" contains 1 table owned by other roles\nIn schema public\. .*: public\.accounts is not Spacelift’s\.$/,
  },
  {
    name: 'a table called accounts of the role itself',
    arrange: statement(
      'CREATE TABLE public.accounts (); ALTER TABLE public.accounts OWNER TO spacelift',
      'DROP TABLE public.accounts',
      'spacelift',
    ),
    warn: DEDICATED,
    says: /^database "spacelift" contains public\.accounts of another application\n/,
  },
  {
    name: 'tables with both names of Spacelift’s, in two schemas',
    arrange: statement(
      'CREATE SCHEMA app; CREATE TABLE app.accounts (); CREATE TABLE public.message_queue_messages ()',
      'DROP SCHEMA app CASCADE; DROP TABLE public.message_queue_messages',
      'spacelift',
    ),
    warn: DEDICATED,
    says: /: app\.accounts, public\.message_queue_messages are not Spacelift’s\.$/,
  },
  { name: 'a database whose sessions can’t be listed', arrange: unreadable('SELECT ON pg_catalog.pg_stat_activity') },
  { name: 'a database whose settings can’t be listed', arrange: unreadable('SELECT ON pg_catalog.pg_settings') },
  { name: 'a database whose roles can’t be listed', arrange: unreadable('SELECT ON pg_catalog.pg_roles') },
];
