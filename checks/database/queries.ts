/**
 * The queries for the facts. Each one is a statement of its own, so that one that the role is not allowed to run costs only
 * the rules that need it.
 */

/** Other products answer this query too, and not much else. */
export const PRODUCT = 'SELECT version() AS version';

/** Functions only: no catalog has to be readable for it. */
export const SERVER = `SELECT json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'number', current_setting('server_version_num')::int,
  'database', current_database(),
  'encoding', current_setting('server_encoding'),
  'recovery', pg_is_in_recovery(),
  'readOnly', current_setting('transaction_read_only')::bool,
  'role', current_user,
  'login', session_user,
  'superuser', current_setting('is_superuser')::bool,
  'process', pg_backend_pid(),
  'clock', extract(epoch FROM clock_timestamp()) * 1000) AS facts`;

/** The names that a new database can get. */
const NAMES =
  "SELECT CASE n WHEN 1 THEN 'spacelift' ELSE 'spacelift_' || n END AS name, n FROM generate_series(1, 99) n";

export const DATABASES = `SELECT json_build_object(
  'oid', (SELECT oid::text FROM pg_database WHERE datname = current_database()),
  'free', (SELECT name FROM (${NAMES}) names WHERE name NOT IN (SELECT datname FROM pg_database) ORDER BY n LIMIT 1),
  'mayCreate', (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
  'template', (SELECT json_build_object('encoding', pg_encoding_to_char(encoding), 'locale', datctype)
    FROM pg_database WHERE datname = 'template0')) AS facts`;

export const ROLE = `SELECT json_build_object(
  'name', current_user,
  'superuser', r.rolsuper,
  'createRole', r.rolcreaterole OR r.rolsuper,
  'inherits', r.rolinherit,
  'createInDatabase', has_database_privilege(current_database(), 'CREATE'),
  'publicExists', to_regnamespace('public') IS NOT NULL,
  'createInPublic', coalesce((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
    FROM pg_namespace WHERE nspname = 'public'), false),
  'validDays', (SELECT CASE WHEN isfinite(l.rolvaliduntil) THEN extract(epoch FROM l.rolvaliduntil - now()) / 86400 END
    FROM pg_roles l WHERE l.rolname = session_user)) AS facts
FROM pg_roles r WHERE r.rolname = current_user`;

/** Both of them, in one schema, are an installation; other applications have one of these names too. */
const SPACELIFT = "'message_queue_messages', 'accounts'";

/** Roles of managed platforms, which keep their own tables in every database. */
const PLATFORM = "'rdsadmin', 'cloudsqladmin', 'alloydbadmin', 'azuresu'";

/**
 * The tables with a condition, outside of system schemas and extensions, whoever may use them. The condition is in the query, and the
 * extensions are found by an index, since a database can have a hundred thousand tables: to list them all takes a file on the server.
 */
const tablesWith = (condition: string): string => `
  SELECT c.oid, c.relname AS name, n.nspname AS schema, n.oid AS namespace, c.relowner AS owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND ${condition}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass
      AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** Spacelift's own tables, and their schema. */
const OWN_TABLES = `named AS (${tablesWith(`c.relname IN (${SPACELIFT})`)}
), home AS (
  SELECT schema FROM named GROUP BY schema HAVING count(*) = 2
  ORDER BY array_position(current_schemas(false), schema), schema LIMIT 1
)`;

/**
 * Since PostgreSQL 16, whoever creates a role is a member of it that can neither use nor assume it; earlier versions have no
 * such columns.
 */
const IS_REAL = `coalesce((to_jsonb(m) ->> 'inherit_option')::bool OR (to_jsonb(m) ->> 'set_option')::bool, true)`;

export const TABLES = `WITH RECURSIVE mine(oid) AS (
  SELECT oid FROM pg_roles WHERE rolname IN (current_user, session_user)
  UNION SELECT m.roleid FROM pg_auth_members m JOIN mine ON m.member = mine.oid WHERE ${IS_REAL}
), ${OWN_TABLES}, others AS (${tablesWith(`c.relowner NOT IN (SELECT oid FROM mine) AND pg_get_userbyid(c.relowner) NOT IN (${PLATFORM})`)}
), alone AS (
  SELECT schema || '.' || name AS name FROM named WHERE pg_get_userbyid(owner) NOT IN (${PLATFORM})
)
SELECT json_build_object(
  'installed', EXISTS (SELECT FROM home),
  'schema', (SELECT schema FROM home),
  'others', (SELECT count(*) FROM others),
  'schemas', (SELECT coalesce(json_agg(schema), '[]') FROM (SELECT DISTINCT schema FROM others ORDER BY 1 LIMIT 5) s),
  'alone', (SELECT coalesce(json_agg(name), '[]') FROM (SELECT name FROM alone ORDER BY 1 LIMIT 5) a)) AS facts`;

/** The owners of Spacelift's own tables that the role can't act as, and whether it can use their tables all the same. */
export const OWNERS = `WITH ${OWN_TABLES}, owners AS (
  SELECT DISTINCT owner FROM named WHERE schema = (SELECT schema FROM home) AND NOT pg_has_role(owner, 'USAGE')
)
SELECT json_build_object(
  'schema', (SELECT schema FROM home),
  'usable', (SELECT coalesce(bool_and(has_schema_privilege(namespace, 'USAGE')
      AND has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
      AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')), true)
    FROM (${tablesWith('n.nspname = (SELECT schema FROM home) AND c.relowner IN (SELECT owner FROM owners)')}) theirs),
  'owners', (SELECT coalesce(json_agg(json_build_object(
      'name', r.rolname,
      'superuser', r.rolsuper,
      'isMember', pg_has_role(r.oid, 'MEMBER'),
      'hasMember', pg_has_role(r.oid, current_user, 'MEMBER'),
      'createInDatabase', has_database_privilege(r.oid, current_database(), 'CREATE'),
      'createInPublic', coalesce((SELECT has_schema_privilege(r.oid, n.oid, 'CREATE') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
        FROM pg_namespace n WHERE nspname = 'public'), false)) ORDER BY r.rolname), '[]')
    FROM owners JOIN pg_roles r ON r.oid = owners.owner)) AS facts`;

/** A role without access to other sessions' details still sees that they exist, their database and their role. */
export const LOAD = `WITH sessions AS (
  SELECT datname = current_database() AS here, usename = session_user AS own FROM pg_stat_activity
  WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend'
)
SELECT json_build_object(
  'maximum', current_setting('max_connections')::int,
  'reserved', current_setting('superuser_reserved_connections')::int
    + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
  'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = session_user),
  'roleLimit', (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user),
  'databaseLimit', (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
  'used', count(*),
  'usedByRole', count(*) FILTER (WHERE own),
  'usedInDatabase', count(*) FILTER (WHERE here),
  'usedByRoleInDatabase', count(*) FILTER (WHERE here AND own)) AS facts
FROM sessions`;

export const SETTINGS = `SELECT json_build_object(
  'alterSystem', coalesce(nullif(current_setting('allow_alter_system', true), '')::bool, true),
  'named', json_object_agg(name, json_build_object('setting', setting, 'source', source, 'file', sourcefile))) AS facts
FROM pg_settings
WHERE name IN ('default_transaction_read_only', 'max_connections', 'search_path', 'statement_timeout')`;

/** The settings that are stored for all roles, this login, this database, or both. */
export const OVERRIDES = `SELECT coalesce(json_agg(json_build_object(
    'name', split_part(word, '=', 1), 'value', substr(word, strpos(word, '=') + 1),
    'ofRole', s.setrole <> 0, 'ofDatabase', s.setdatabase <> 0)
  ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC), '[]') AS facts
FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) word
WHERE s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
  AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND split_part(word, '=', 1) IN ('default_transaction_read_only', 'search_path', 'statement_timeout', 'role')`;

/** Where an unqualified CREATE TABLE creates the table, and whether `"$user"` leads to a schema where it can't. */
export const PATH = `SELECT json_build_object(
  'schema', current_schema(),
  'createInSchema', coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
  'owner', (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = current_schema()),
  'userSchemaIsClosed', EXISTS (SELECT FROM pg_namespace WHERE nspname = current_user
    AND has_schema_privilege(oid, 'USAGE') AND NOT has_schema_privilege(oid, 'CREATE'))) AS facts`;
