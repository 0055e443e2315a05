/** Everything the rules ask a server, in one round trip. */
import type { Run } from '../../src/engine/check.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { openDatabase } from './open.ts';
import type { Session } from './session.ts';

export interface Server {
  /** "16.4" */
  readonly version: string;
  /** 160004 */
  readonly number: number;
  readonly database: string;
  readonly oid: string;
  readonly encoding: string;
  /** Whether the server is a standby. */
  readonly recovery: boolean;
  readonly readOnly: boolean;
  /** Where `default_transaction_read_only` was set: `default`, `configuration file`, `database`, `user` … */
  readonly readOnlySource: string;
  /** The PID of the server process that serves this session. */
  readonly process: number;
  /** The server's clock, ms since 1970. */
  readonly clock: number;
}

export interface Role {
  readonly name: string;
  readonly superuser: boolean;
  readonly createRole: boolean;
  readonly createInDatabase: boolean;
  readonly publicExists: boolean;
  readonly createInPublic: boolean;
  /** Days until the password expires; `null` when it does not expire. */
  readonly validDays: number | null;
}

export interface Tables {
  /** Whether Spacelift's own tables exist. */
  readonly installed: boolean;
  /** Number of tables that belong to other applications. */
  readonly others: number;
  /** Up to five schemas that contain them. */
  readonly schemas: readonly string[];
}

export interface Load {
  readonly maximum: number;
  /** Reserved for superusers and for `pg_use_reserved_connections`. */
  readonly reserved: number;
  /** -1: no limit. */
  readonly roleLimit: number;
  readonly databaseLimit: number;
  /** Sessions other than this one: all, by this role, in this database, by this role in this database. */
  readonly used: number;
  readonly usedByRole: number;
  readonly usedInDatabase: number;
  readonly usedByRoleInDatabase: number;
}

export interface Settings {
  /** In ms; 0: no timeout. */
  readonly statementTimeout: number;
  readonly statementTimeoutSource: string;
  /** The schema in which an unqualified CREATE TABLE creates the table. */
  readonly schema: string | null;
  readonly createInSchema: boolean;
  readonly searchPath: string;
  readonly searchPathSource: string;
}

/** Other products answer this query too, and not much else. */
const PRODUCT = 'SELECT version() AS version';

const SERVER = `SELECT json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'number', current_setting('server_version_num')::int,
  'database', d.datname,
  'oid', d.oid::text,
  'encoding', pg_encoding_to_char(d.encoding),
  'recovery', pg_is_in_recovery(),
  'readOnly', current_setting('transaction_read_only')::bool,
  'readOnlySource', (SELECT source FROM pg_settings WHERE name = 'default_transaction_read_only'),
  'process', pg_backend_pid(),
  'clock', extract(epoch FROM clock_timestamp()) * 1000) AS facts
FROM pg_database d WHERE d.datname = current_database()`;

const ROLE = `SELECT json_build_object(
  'name', current_user,
  'superuser', r.rolsuper,
  'createRole', r.rolcreaterole OR r.rolsuper,
  'createInDatabase', has_database_privilege(current_database(), 'CREATE'),
  'publicExists', to_regnamespace('public') IS NOT NULL,
  'createInPublic', coalesce((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
    FROM pg_namespace WHERE nspname = 'public'), false),
  'validDays', (SELECT CASE WHEN isfinite(l.rolvaliduntil) THEN extract(epoch FROM l.rolvaliduntil - now()) / 86400 END
    FROM pg_roles l WHERE l.rolname = session_user)) AS facts
FROM pg_roles r WHERE r.rolname = current_user`;

/** Roles of managed platforms, which keep their own tables in every database. */
const PLATFORM = "'rdsadmin', 'cloudsqladmin', 'alloydbadmin', 'azuresu'";

const TABLES = `WITH RECURSIVE mine(oid) AS (
  SELECT oid FROM pg_roles WHERE rolname IN (current_user, session_user)
  UNION SELECT m.roleid FROM pg_auth_members m JOIN mine ON m.member = mine.oid
), tables AS (
  SELECT c.relname AS name, n.nspname AS schema, c.relowner AS owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), others AS (
  SELECT schema FROM tables
  WHERE owner NOT IN (SELECT oid FROM mine) AND pg_get_userbyid(owner) NOT IN (${PLATFORM})
)
SELECT json_build_object(
  'installed', EXISTS (SELECT FROM tables WHERE name IN ('message_queue_messages', 'accounts')),
  'others', (SELECT count(*) FROM others),
  'schemas', (SELECT coalesce(json_agg(schema), '[]') FROM (SELECT DISTINCT schema FROM others ORDER BY 1 LIMIT 5) s)) AS facts`;

/** A role without access to other sessions' details still sees that they exist, their database and their role. */
const LOAD = `WITH sessions AS (
  SELECT datname = current_database() AS here, usename = session_user AS own FROM pg_stat_activity
  WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend'
)
SELECT json_build_object(
  'maximum', current_setting('max_connections')::int,
  'reserved', current_setting('superuser_reserved_connections')::int
    + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
  'roleLimit', (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user),
  'databaseLimit', (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
  'used', count(*),
  'usedByRole', count(*) FILTER (WHERE own),
  'usedInDatabase', count(*) FILTER (WHERE here),
  'usedByRoleInDatabase', count(*) FILTER (WHERE here AND own)) AS facts
FROM sessions`;

const SETTINGS = `SELECT json_build_object(
  'statementTimeout', t.setting::bigint,
  'statementTimeoutSource', t.source,
  'schema', current_schema(),
  'createInSchema', coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
  'searchPath', p.setting,
  'searchPathSource', p.source) AS facts
FROM pg_settings t, pg_settings p WHERE t.name = 'statement_timeout' AND p.name = 'search_path'`;

export interface Facts {
  readonly session: Session;
  readonly product: Promise<string>;
  readonly server: Promise<Server>;
  readonly role: Promise<Role>;
  readonly tables: Promise<Tables>;
  readonly load: Promise<Load>;
  readonly settings: Promise<Settings>;
  /** When the queries were sent and when the server's answer arrived, in ms since 1970 on this machine's clock. */
  readonly asked: Promise<{ readonly sent: number; readonly received: number }>;
  /** Resolves when all answers have arrived: a statement sent earlier could make them fail with it. Never rejects. */
  readonly answered: Promise<void>;
}

/**
 * The facts about `DATABASE_URL`, queried once per run. Each one can fail on its own, with a ServerError or a NetworkError.
 * @throws CheckStopped when there is no session
 */
export const factsOf = oncePerRun(askFacts);

async function askFacts(run: Run): Promise<Facts> {
  const opened = await openDatabase(run);
  if ('outcome' in opened) throw new CheckStopped(opened.outcome);
  const { session } = opened;
  const sent = Date.now();
  const [product, ...answers] = session.send<Record<string, unknown>>(run, [
    PRODUCT,
    SERVER,
    ROLE,
    TABLES,
    LOAD,
    SETTINGS,
  ]);
  const [server, role, tables, load, settings] = answers;
  const answered = Promise.allSettled(answers);
  return {
    session,
    product: read(product, (row) => String(row?.version ?? '')),
    server: read(server, (row) => row?.facts as Server),
    role: read(role, (row) => row?.facts as Role),
    tables: read(tables, (row) => row?.facts as Tables),
    load: read(load, (row) => row?.facts as Load),
    settings: read(settings, (row) => row?.facts as Settings),
    asked: read(server, () => ({ sent, received: Date.now() })),
    answered: answered.then(() => {}),
  };
}

type Row = Record<string, unknown>;

function read<T>(rows: Promise<Row[]> | undefined, pick: (row: Row | undefined) => T): Promise<T> {
  const result = (rows ?? Promise.resolve<Row[]>([])).then(([row]) => pick(row));
  // A caller that awaits it sees the failure; when an earlier rule has failed, nobody awaits it.
  result.catch(() => {});
  return result;
}
