/** The rules about PostgreSQL (Spacelift docs, "External dependencies", "Database"). */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const docs = `${DOCS.dependencies}#database`;

export const RULES = {
  connect: {
    title: 'the database is reachable and the login succeeds',
    procedure:
      'Resolves the hosts in DATABASE_URL, connects, negotiates TLS according to sslmode, and logs in, with the same attempts and in the same order as Spacelift’s driver (pgx): `prefer` and `require` encrypt without verification, `verify-ca` and `verify-full` verify the certificate, and parameters unknown to the driver are sent to the server. `PG…` variables next to the URL count, too. Where versions of the driver (5.7 and 5.13) read the URL differently, both logins are tried, and a difference is a warning. All attempts together may take 30 s, because serverless databases take a while to resume.',
    rationale: 'Spacelift keeps all its state in this database and does not start without it.',
    permission: 'CONNECT on the database',
    fix: 'Correct DATABASE_URL (host, port, user, percent-encoded password, sslmode), pg_hba.conf on the server, or the network path.',
    example: {
      found: 'db.internal:5432 rejected the password of role "spacelift"',
      fix: "correct the password in DATABASE_URL, percent-encoded; or: ALTER ROLE spacelift PASSWORD '<password>';",
    },
    docs,
  },
  product: {
    title: 'the database is PostgreSQL',
    procedure:
      'Queries version(), because CockroachDB, Redshift, YugabyteDB and others also speak the PostgreSQL protocol.',
    rationale: 'Spacelift supports only PostgreSQL. On other products its migrations fail, sometimes halfway through.',
    fix: 'Use PostgreSQL: RDS, Aurora, Cloud SQL, AlloyDB, Azure Database for PostgreSQL, or a self-managed server.',
    example: {
      found: 'the database is CockroachDB, not PostgreSQL',
      fix: 'use PostgreSQL 14, 15 or 16, and point DATABASE_URL to its URL',
    },
    docs,
  },
  version: {
    title: 'the PostgreSQL version is supported',
    procedure:
      'Reads the major version: 13 and earlier fail, 14 to 16 pass, 17 and later produce a warning. With release 4.1.0 or later, 17 passes, too.',
    rationale:
      'PostgreSQL 13 and earlier do not work. Later versions than the supported ones may work, but Spacelift does not test or support them.',
    fix: 'Use PostgreSQL 14, 15 or 16; with release 4.1.0 or later, add `--release <version>` to use 17.',
    example: {
      found: 'PostgreSQL 18.1 is not officially supported',
      fix: "use PostgreSQL 16; or accept the finding with a reason for reviewers: --accept database/version --reason 'approved in OPS-123'",
    },
    docs,
  },
  writable: {
    title: 'the database is a primary that accepts writes',
    procedure:
      'Queries whether the server is a standby (pg_is_in_recovery), whether transactions are read-only by default, and where that default is set: in the server’s configuration or command line, for all roles, the role or the database, or for the session.',
    rationale:
      'Every Spacelift service writes to this database. A reader endpoint, or a read-only default left over from an upgrade, makes the first migration fail.',
    fix: 'Point DATABASE_URL to the primary, or reset default_transaction_read_only where it was set.',
    example: {
      found: 'DATABASE_URL points to a read-only replica',
      fix: 'set the host in DATABASE_URL to the primary',
    },
    docs,
  },
  ownership: {
    title: 'the role can use Spacelift’s tables',
    procedure:
      'Once Spacelift is installed: reads who owns its tables, whether the role has the privileges of the owner, and otherwise, whether it can read and write all of the owner’s tables in that schema. Fails if it can’t, and warns if it can but is not allowed to alter them. Passes before installation: the role will own them.',
    rationale:
      'After a rotation of database users, the new user often can’t use the tables of the old one, and Spacelift stops working. A user that can use but not alter them fails at the next upgrade, whose migrations alter tables.',
    fix: 'Make the role a member of the owner: GRANT … TO …; REASSIGN OWNED BY … instead would move every object of the old role in the database.',
    example: {
      found: 'role "spacelift_new" can’t use Spacelift’s tables, which belong to role "spacelift_old"',
      fix: 'GRANT spacelift_old TO spacelift_new;',
    },
    docs,
  },
  privileges: {
    title: 'the role can create roles, schemas and tables',
    procedure:
      'Reads whether the role has CREATEROLE, CREATE on the database (implied by ownership), and CREATE on schema public. If the role lacks CREATEROLE, tries to create a role in a transaction that is rolled back, because some managed services allow it by other means.',
    rationale:
      'Spacelift needs a dedicated database with full administrative permissions: its migrations create schemas, tables and roles. Since PostgreSQL 15, only the owner of a database can create objects in schema public by default.',
    permission: 'CREATEROLE; CREATE on the database; CREATE and USAGE on schema public',
    fix: 'Make the role the owner of the database and grant it CREATEROLE: ALTER DATABASE … OWNER TO …; ALTER ROLE … CREATEROLE;',
    example: {
      found: 'role "spacelift" lacks CREATE and USAGE on schema public',
      fix: 'GRANT CREATE, USAGE ON SCHEMA public TO spacelift;',
    },
    docs,
  },
  'create-table': {
    title: 'tables can be created and used',
    procedure:
      'Creates a table in schema public, alters it, indexes it, writes to it, reads it back, and drops it, all in one transaction that is rolled back. Skipped with --read-only.',
    rationale:
      'Spacelift does the same on its first start. Only this test detects full disks, event triggers, and poolers in statement mode.',
    permission: 'CREATE on schema public',
    fix: 'Look up the failed step and its SQLSTATE in the server log to find the reason.',
    example: {
      found: 'the database server’s disk is full',
      fix: 'free space on the server’s disk, or give it a larger one',
    },
    docs,
  },
  dedicated: {
    title: 'the database is dedicated to Spacelift',
    procedure:
      'Counts the tables, outside of system schemas and extensions, whose owner is neither this role nor a role that it is a member of, and the tables with a name of Spacelift’s. Always passes once Spacelift is installed: once the catalog shows both of its tables, message_queue_messages and accounts, in one schema. One of them alone belongs to another application.',
    rationale:
      'Spacelift needs a dedicated database. Tables with the same names make its migrations fail, and a restore affects both applications.',
    fix: 'Create a database for Spacelift that its role owns, and point DATABASE_URL to it. The administrator of a managed service must be a member of that role first.',
    example: {
      found: 'database "spacelift" contains 12 tables owned by other roles',
      fix: 'GRANT spacelift TO CURRENT_USER;\nCREATE DATABASE spacelift_2 OWNER spacelift;\n-- point DATABASE_URL to it',
    },
    docs,
  },
  plaintext: {
    title: 'the password is not sent over the network in cleartext',
    procedure:
      'Observes the authentication method that the server requests, for DATABASE_URL and DATABASE_READ_ONLY_URL. Warns if sslmode is prefer (the default) or allow, the connection does not use TLS, the server requests the cleartext password (`password` in pg_hba.conf), and its address is not loopback. Passes with TLS, SCRAM or MD5, on loopback, on a Unix socket, and with sslmode=disable, which is a deliberate choice.',
    rationale:
      'Anyone who can observe the traffic learns the password of the role that owns all of Spacelift’s state. `prefer` silently falls back to an unencrypted connection, even when an attacker on the network forces it to.',
    fix: 'Set sslmode=require or verify-full in DATABASE_URL, or use scram-sha-256 in pg_hba.conf.',
    example: {
      found: 'the password of role "spacelift" is sent to db.internal:5432 in cleartext',
      fix: 'enable TLS on the server and set sslmode=require or verify-full in DATABASE_URL, or use scram-sha-256 in pg_hba.conf',
    },
    docs,
  },
  encoding: {
    title: 'the database uses UTF-8',
    procedure: 'Reads the encoding of the database.',
    rationale:
      'Names, policies and logs can contain any character. Other encodings reject most of them, which breaks runs midway.',
    fix: "Create a new database: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 OWNER …. The encoding of an existing database can’t be changed.",
    example: {
      found: 'the encoding of database "spacelift" is SQL_ASCII',
      fix: "GRANT spacelift TO CURRENT_USER;\nCREATE DATABASE spacelift_2 ENCODING 'UTF8' TEMPLATE template0 OWNER spacelift;\n-- point DATABASE_URL to it",
    },
    docs,
  },
  pooler: {
    title: 'no transaction pooler is in use',
    procedure:
      'Compares the process ID that the server reported at login with the one that answers queries. If they differ, a second session holds a transaction open while the first queries again: behind a transaction pooler, its process ID changes.',
    rationale:
      'Migrations use session locks, which do not work through a transaction pooler: two services could then migrate at the same time.',
    fix: 'Connect directly, or switch the pooler to session mode.',
    example: {
      found: 'a transaction pooler is in front of the database',
      fix: 'in pgbouncer.ini: spacelift = host=db.internal pool_mode=session; or connect to db.internal:5432 directly',
    },
    docs,
  },
  connections: {
    title: 'at least 20 connections are free',
    procedure:
      'Compares max_connections (minus reserved connections) and the connection limits of the role and the database with the current sessions. Connections held by a running Spacelift do not count as used.',
    rationale:
      'Server, drain and scheduler each keep a connection pool. When connections run out, requests and runs fail at random.',
    fix: 'Raise max_connections, or the CONNECTION LIMIT of the role or the database.',
    example: {
      found: 'only 8 connections are free for role "spacelift" (limited by max_connections)',
      fix: 'ALTER SYSTEM SET max_connections = 200;\n-- restart the server',
    },
    docs,
  },
  settings: {
    title: 'timeouts, search_path and password expiry are compatible with Spacelift',
    procedure:
      'Reads statement_timeout (must be 0, which means no limit, or at least 120 s), whether the role can create tables in the first existing schema in search_path, and whether its password expires within 30 days.',
    rationale:
      'A short statement_timeout aborts migrations, a search_path without a usable schema makes them fail, and an expired password takes Spacelift down.',
    fix: "Run ALTER ROLE … IN DATABASE … SET …; or ALTER ROLE … VALID UNTIL 'infinity';",
    example: { found: 'statement_timeout is 5 s', fix: 'ALTER ROLE spacelift SET statement_timeout = 0;' },
    docs,
  },
  clock: {
    title: 'the server’s clock matches this machine’s',
    procedure:
      'Compares the server’s time with this machine’s time before the query and after the response. Warns if they differ by more than 5 s.',
    rationale:
      'Run timeouts, leases and schedules compare the time of the database with that of Spacelift’s services. This machine’s clock stands in for the latter.',
    fix: 'Synchronize both clocks over NTP.',
    example: {
      found: 'the database’s clock is 42 s behind this machine’s',
      fix: 'synchronize both clocks: timedatectl set-ntp true',
    },
    docs,
  },
  'read-only': {
    title: 'the read-only URL points to the same database',
    procedure:
      'Logs in to DATABASE_READ_ONLY_URL, if it is set and differs from DATABASE_URL, and compares the name, oid and major version of the database.',
    rationale:
      'Spacelift reads from this URL what it has written to DATABASE_URL. A different database returns no data or outdated data.',
    permission: 'CONNECT on the database',
    fix: 'Set DATABASE_READ_ONLY_URL to a reader endpoint of the same server, or leave it empty.',
    example: {
      found: 'DATABASE_READ_ONLY_URL points to a different database than DATABASE_URL',
      fix: 'set DATABASE_READ_ONLY_URL to the reader endpoint of the same server, or leave it empty',
    },
    docs,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type DatabaseRule = keyof typeof RULES;

export const databaseFinding = findingIds<DatabaseRule>('database');
