/** The rules about PostgreSQL (vendor: external dependencies, "Database"). */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const docs = `${DOCS.dependencies}#database`;

export const RULES = {
  connect: {
    title: 'the database can be reached and logged in to',
    procedure:
      'Resolves the hosts of DATABASE_URL, connects, negotiates TLS as sslmode asks and logs in, with the attempts and in the order of Spacelift’s own driver (pgx): `prefer` and `require` encrypt without verifying, `verify-ca` and `verify-full` verify, parameters that the driver does not know go to the server. All attempts together have 30 s, since serverless databases take their time to resume.',
    rationale: 'Spacelift keeps all its state in this database: without it nothing starts.',
    permission: 'CONNECT on the database',
    fix: 'Correct DATABASE_URL (host, port, user, percent-encoded password, sslmode), the server’s pg_hba.conf, or the network in between.',
    example: {
      found: 'db.internal:5432 does not accept the password of spacelift',
      fix: "correct the password in DATABASE_URL, percent-encoded; or: ALTER ROLE spacelift PASSWORD '<password>';",
    },
    docs,
  },
  product: {
    title: 'it is PostgreSQL',
    procedure: 'Asks for version(): CockroachDB, Redshift, YugabyteDB and others speak PostgreSQL’s protocol too.',
    rationale: 'Spacelift supports PostgreSQL only; its migrations fail on other products, some of them halfway.',
    fix: 'Use PostgreSQL: RDS, Aurora, Cloud SQL, AlloyDB, Azure Database for PostgreSQL, or your own.',
    example: {
      found: 'the database is CockroachDB, not PostgreSQL',
      fix: 'use PostgreSQL 14, 15 or 16, and put its URL into DATABASE_URL',
    },
    docs,
  },
  version: {
    title: 'the version is supported',
    procedure: 'Reads the major version: 13 and older fail, 14 to 16 pass, 17 and later are a warning.',
    rationale: 'Versions up to 13 do not work. Later ones than 16 may, but Spacelift neither tests nor supports them.',
    fix: 'Use PostgreSQL 14, 15 or 16.',
    example: {
      found: 'PostgreSQL 17.2 is not officially supported',
      fix: "use PostgreSQL 16; or accept it where reviewers see it: --accept 'database/version=approved in OPS-123'",
    },
    docs,
  },
  writable: {
    title: 'it is a primary that takes writes',
    procedure:
      'Asks whether the server is a standby (pg_is_in_recovery) and whether transactions are read-only by default, and where that was set.',
    rationale:
      'Every service writes to this database. A reader endpoint, or a read-only default left over from an upgrade, stops the first migration.',
    fix: 'Put the primary into DATABASE_URL, or reset default_transaction_read_only where it was set.',
    example: {
      found: 'DATABASE_URL leads to a read-only replica',
      fix: 'put the primary’s host into DATABASE_URL',
    },
    docs,
  },
  privileges: {
    title: 'the role may create what Spacelift creates',
    procedure:
      'Reads whether the role may create roles, may create in the database (its owner may), and may create in the schema public. A role without CREATEROLE is given the chance to create one in a transaction that is rolled back, since managed services have their own ways.',
    rationale:
      'Spacelift needs a dedicated database with full administrative permissions: its migrations create schemas, tables and roles. Since PostgreSQL 15 only the owner of a database may create in its schema public.',
    permission: 'CREATEROLE; CREATE on the database; CREATE and USAGE on the schema public',
    fix: 'Let the role own the database, and give it CREATEROLE: ALTER DATABASE … OWNER TO …; ALTER ROLE … CREATEROLE;',
    example: {
      found: 'spacelift may not create tables in the schema public',
      fix: 'GRANT CREATE, USAGE ON SCHEMA public TO spacelift;',
    },
    docs,
  },
  'create-table': {
    title: 'tables can be created and used',
    procedure:
      'Creates a table in the schema public, alters it, indexes it, writes to it, reads it back and drops it, all in one transaction that is rolled back. Not done with --read-only.',
    rationale:
      'It is what the first start does. Full disks, event triggers and poolers in statement mode show up here and nowhere else.',
    permission: 'CREATE on the schema public',
    fix: 'See the step that failed and its SQLSTATE, and the server’s log for the reason.',
    example: {
      found: 'the database server’s disk is full',
      fix: 'free space on the server’s disk, or give it a larger one',
    },
    docs,
  },
  dedicated: {
    title: 'the database is Spacelift’s alone',
    procedure:
      'Counts the tables, outside of system schemas and extensions, whose owner is neither this role nor a role that it belongs to. Not judged once Spacelift’s own tables are there.',
    rationale:
      'Spacelift asks for a database of its own. Tables of the same names stop its migrations, and a restore brings back both applications at once.',
    fix: 'Create a database for Spacelift, and name it in DATABASE_URL.',
    example: {
      found: 'spacelift holds 12 tables of somebody else',
      fix: 'CREATE DATABASE spacelift_2 OWNER spacelift;\n-- name it in DATABASE_URL',
    },
    docs,
  },
  plaintext: {
    title: 'the password is not sent over a network in clear text',
    procedure:
      'Sees what the server asks for at login, also at that of DATABASE_READ_ONLY_URL. A warning when sslmode is prefer (which it is unless set) or allow, the connection has no TLS, and the server asks for the password itself (`password` in pg_hba.conf) at an address that is not loopback. With TLS, SCRAM or MD5, on loopback or at a Unix socket, it passes; so does sslmode=disable, which is a decision.',
    rationale:
      'Whoever sees the traffic has the password of the role that owns all of Spacelift’s state. `prefer` gives TLS up without a word, also where somebody in between sees to it.',
    fix: 'Set sslmode=require or verify-full in DATABASE_URL, or let pg_hba.conf ask for scram-sha-256.',
    example: {
      found: 'the password of spacelift is sent to db.internal:5432 in clear text',
      fix: 'turn TLS on at the server and set sslmode=verify-full in DATABASE_URL, or let pg_hba.conf ask for scram-sha-256',
    },
    docs,
  },
  encoding: {
    title: 'the database is in UTF-8',
    procedure: 'Reads the encoding of the database.',
    rationale:
      'Names, policies and logs hold any character; another encoding refuses most of them, in the middle of a run.',
    fix: 'Create the database anew: CREATE DATABASE … ENCODING ‘UTF8’ TEMPLATE template0. It can’t be changed later.',
    example: {
      found: 'the encoding of spacelift is SQL_ASCII',
      fix: "CREATE DATABASE spacelift_2 ENCODING 'UTF8' TEMPLATE template0 OWNER spacelift;\n-- name it in DATABASE_URL",
    },
    docs,
  },
  pooler: {
    title: 'no transaction pooler is in between',
    procedure:
      'Compares the process that the server named at login with the one that answers. Where they differ, a second session holds a transaction open while the first asks again: behind a transaction pooler its process changes.',
    rationale:
      'Migrations take session locks, which a transaction pooler gives to somebody else: two services may then migrate at once.',
    fix: 'Connect directly, or set the pooler to session mode.',
    example: {
      found: 'a transaction pooler stands between Spacelift and the database',
      fix: 'in pgbouncer.ini: spacelift = host=db.internal pool_mode=session; or connect to db.internal:5432 directly',
    },
    docs,
  },
  connections: {
    title: '20 connections or more are free',
    procedure:
      'Compares max_connections (less the reserved ones), the role’s and the database’s limit with the sessions that are there. What a running Spacelift itself holds does not count.',
    rationale:
      'Server, drain and scheduler each keep a pool. When connections run out, requests and runs fail at random.',
    fix: 'Raise max_connections, or the CONNECTION LIMIT of the role or database.',
    example: {
      found: 'only 8 connections are free for spacelift: the limit of the server',
      fix: 'ALTER SYSTEM SET max_connections = 200;\n-- restart the server',
    },
    docs,
  },
  settings: {
    title: 'timeouts, search_path and the password’s end suit Spacelift',
    procedure:
      'Reads statement_timeout (none, or 120 s or more), whether tables can be created in the first schema of search_path, and whether the role’s password ends within 30 days.',
    rationale:
      'A short statement_timeout breaks off migrations, a search_path without a usable schema sends tables nowhere, and a password that ends takes Spacelift down on that day.',
    fix: 'ALTER ROLE … IN DATABASE … SET …; ALTER ROLE … VALID UNTIL ‘infinity’.',
    example: { found: 'statement_timeout is 5 s', fix: 'ALTER ROLE spacelift SET statement_timeout = 0;' },
    docs,
  },
  clock: {
    title: 'the server’s clock agrees with this machine’s',
    procedure:
      'Compares the server’s time with this machine’s, from before the question to after the answer. A difference above 5 s is a warning.',
    rationale:
      'Timeouts of runs, leases and schedules compare times of both. This machine’s clock stands for those of Spacelift’s services.',
    fix: 'Let NTP set both clocks.',
    example: {
      found: 'the database’s clock is 42 s behind this machine’s',
      fix: 'set both clocks: timedatectl set-ntp true',
    },
    docs,
  },
  'read-only': {
    title: 'the read-only URL leads to the same database',
    procedure:
      'When DATABASE_READ_ONLY_URL is set and another than DATABASE_URL: logs in there, and compares the name, oid and major version of the database.',
    rationale:
      'Spacelift reads from it what it has just written elsewhere. Another database answers with nothing, or with old data.',
    permission: 'CONNECT on the database',
    fix: 'Put a reader endpoint of the same server there, or leave it empty.',
    example: {
      found: 'DATABASE_READ_ONLY_URL leads to another database than DATABASE_URL',
      fix: 'put the reader endpoint of the same server into DATABASE_READ_ONLY_URL, or leave it empty',
    },
    docs,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type DatabaseRule = keyof typeof RULES;

export const databaseFinding = findingIds<DatabaseRule>('database');
