/** The rules that need nothing but the facts. */

import { advice, command, type Fix, identifier, type Sql, sql } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { span } from '../../src/util/format.ts';
import { lookup } from '../../src/util/lookup.ts';
import type { Load, Role, Server, Settings, Tables } from './facts.ts';

/** The oldest and newest major versions that Spacelift supports (Spacelift docs, "External dependencies", "Database"). */
const SUPPORTED = { oldest: 14, newest: 16 };
const CLOCK_MS = 5_000;
const FREE_CONNECTIONS = 20;
const STATEMENT_TIMEOUT_MS = 120_000;
const PASSWORD_DAYS = 30;

/** By the result of `version()`. Extensions of PostgreSQL (Aurora, AlloyDB, EDB, Citus, Timescale) are not listed. */
const OTHER_PRODUCTS: readonly (readonly [RegExp, string])[] = [
  [/CockroachDB/i, 'CockroachDB'],
  [/Redshift/i, 'Amazon Redshift'],
  [/-YB-|Yugabyte/i, 'YugabyteDB'],
  [/Greenplum/i, 'Greenplum'],
  [/Materialize/i, 'Materialize'],
  [/QuestDB/i, 'QuestDB'],
  [/CrateDB/i, 'CrateDB'],
  [/RisingWave/i, 'RisingWave'],
  [/openGauss|GaussDB/i, 'openGauss'],
  [/Spanner/i, 'Spanner'],
];

export function judgeProduct(answer: string): Outcome {
  const name = OTHER_PRODUCTS.find(([pattern]) => pattern.test(answer))?.[1];
  if (name === undefined && answer.startsWith('PostgreSQL ')) return pass('PostgreSQL');
  return fail(`the database is ${name ?? 'another product'}, not PostgreSQL`, {
    detail: 'It speaks the PostgreSQL protocol, but Spacelift’s schema requires PostgreSQL itself.',
    expected: `PostgreSQL ${SUPPORTED.oldest} to ${SUPPORTED.newest}`,
    fix: advice`create a database on PostgreSQL ${SUPPORTED.newest} and point DATABASE_URL to its URL`,
    evidence: name === undefined ? {} : { product: name },
  });
}

export function judgeVersion({ version, number }: Server): Outcome {
  const major = Math.floor(number / 10_000);
  const evidence = { version, major };
  const expected = `PostgreSQL ${SUPPORTED.oldest}, 15 or ${SUPPORTED.newest}`;
  if (major < SUPPORTED.oldest) {
    return fail(`PostgreSQL ${version} is too old for Spacelift`, {
      expected,
      fix: advice`upgrade the server to PostgreSQL ${SUPPORTED.newest} (pg_upgrade, or the provider’s major version upgrade)`,
      evidence,
    });
  }
  if (major > SUPPORTED.newest) {
    return warn(`PostgreSQL ${version} is not officially supported`, {
      detail: 'It may work, but Spacelift does not test or support it.',
      expected,
      fix: advice`use PostgreSQL ${SUPPORTED.newest} for a new installation`,
      evidence,
    });
  }
  return pass(`PostgreSQL ${version}`, { evidence });
}

/** How to reset `default_transaction_read_only`, by where it was set. */
function undoReadOnly({ readOnlySource, database }: Server, role: string): Fix {
  const reset = sql`RESET default_transaction_read_only;`;
  const [inDatabase, forRole] = [identifier(database), identifier(role)];
  const known: Readonly<Record<string, Fix>> = {
    database: command(sql`ALTER DATABASE ${inDatabase} ${reset}`),
    user: command(sql`ALTER ROLE ${forRole} ${reset}`),
    'database user': command(sql`ALTER ROLE ${forRole} IN DATABASE ${inDatabase} ${reset}`),
    client: advice`remove default_transaction_read_only from DATABASE_URL`,
  };
  return lookup(known, readOnlySource) ?? command([sql`ALTER SYSTEM ${reset}`, sql`SELECT pg_reload_conf();`]);
}

/** Where a setting comes from, by PostgreSQL's names for the sources. */
const ORIGINS: Readonly<Record<string, string>> = {
  database: 'a database setting',
  user: 'a role setting',
  'database user': 'a role setting in this database',
  client: 'a parameter in DATABASE_URL',
};

export function judgeWritable(server: Server, role: string): Outcome {
  if (server.recovery) {
    return fail('DATABASE_URL points to a read-only replica', {
      detail: 'pg_is_in_recovery() is true.',
      expected: 'the primary',
      fix: advice`set the host in DATABASE_URL to the primary (the writer endpoint); a replica belongs in DATABASE_READ_ONLY_URL`,
      evidence: { recovery: true },
    });
  }
  if (server.readOnly) {
    return fail(`transactions in database "${server.database}" are read-only by default`, {
      detail: `default_transaction_read_only is on, set by ${lookup(ORIGINS, server.readOnlySource) ?? 'the server configuration'}.`,
      expected: 'default_transaction_read_only = off',
      fix: undoReadOnly(server, role),
      evidence: { source: server.readOnlySource },
    });
  }
  return pass('a primary that accepts writes');
}

/** The privileges that a role lacks, each with the statement that grants it. `what` goes into the evidence. */
export function lackingPrivileges(role: Role, database: string): { what: string; named: string; statement: Sql }[] {
  const name = identifier(role.name);
  const lacks = [
    {
      has: role.createRole,
      what: 'create roles',
      named: 'CREATEROLE',
      statement: sql`ALTER ROLE ${name} CREATEROLE;`,
    },
    {
      has: role.createInDatabase,
      what: `create schemas in the database ${database}`,
      named: `CREATE on database "${database}"`,
      statement: sql`GRANT CREATE ON DATABASE ${identifier(database)} TO ${name};`,
    },
    {
      has: role.publicExists,
      what: 'find a schema public',
      named: 'a schema named public',
      statement: sql`CREATE SCHEMA public AUTHORIZATION ${name};`,
    },
    {
      has: role.createInPublic || !role.publicExists,
      what: 'create tables in schema public',
      named: 'CREATE and USAGE on schema public',
      statement: sql`GRANT CREATE, USAGE ON SCHEMA public TO ${name};`,
    },
  ];
  return lacks.filter(({ has }) => !has);
}

export function judgePrivileges(role: Role, { database }: Server): Outcome {
  const lacking = lackingPrivileges(role, database);
  if (lacking.length === 0) {
    return pass(`role "${role.name}" can create roles, schemas and tables`, {
      evidence: { superuser: role.superuser },
    });
  }
  return fail(`role "${role.name}" lacks ${lacking.map(({ named }) => named).join(', ')}`, {
    detail: `Run the fix in database "${database}" as its administrator.`,
    expected: 'a role that owns its database and has CREATEROLE',
    fix: command(lacking.map(({ statement }) => statement)),
    evidence: { role: role.name, database, lacking: lacking.map(({ what }) => what) },
  });
}

/** A name for a new database, and what to do once it exists. */
const another = (database: string) => identifier(database === 'spacelift' ? 'spacelift_2' : 'spacelift');
const NAME_IT = { after: 'point DATABASE_URL to it' };

export function judgeDedicated({ installed, others, schemas }: Tables, { database }: Server, role: string): Outcome {
  if (installed) return pass(`database "${database}" contains Spacelift’s tables`);
  if (others === 0) return pass(`database "${database}" contains no tables owned by other roles`);
  return warn(`database "${database}" contains ${others} ${others === 1 ? 'table' : 'tables'} owned by other roles`, {
    detail: `In ${schemas.length === 1 ? 'schema' : 'schemas'} ${schemas.join(', ')}.`,
    expected: 'a dedicated database for Spacelift',
    fix: command(sql`CREATE DATABASE ${another(database)} OWNER ${identifier(role)};`, NAME_IT),
    evidence: { tables: others, schemas },
  });
}

export function judgeEncoding({ encoding, database }: Server, role: string): Outcome {
  if (encoding === 'UTF8') return pass(`database "${database}" uses UTF-8`);
  return fail(`the encoding of database "${database}" is ${encoding}`, {
    detail: 'The encoding of an existing database can’t be changed: create a new one.',
    expected: 'UTF8',
    fix: command(
      sql`CREATE DATABASE ${another(database)} ENCODING 'UTF8' TEMPLATE template0 OWNER ${identifier(role)};`,
      NAME_IT,
    ),
    evidence: { encoding },
  });
}

export function judgeConnections(load: Load, { installed }: Tables, role: Role, { database }: Server): Outcome {
  const { maximum, reserved, roleLimit, databaseLimit } = load;
  // Connections that a running Spacelift already holds remain available to it.
  const own = installed ? { all: load.usedByRole, here: load.usedByRoleInDatabase } : { all: 0, here: 0 };
  const limits = [
    {
      of: 'max_connections',
      free: maximum - (role.superuser ? 0 : reserved) - (load.used - own.all),
      fix: command(sql`ALTER SYSTEM SET max_connections = ${Math.max(100, maximum + FREE_CONNECTIONS)};`, {
        after: 'restart the server',
      }),
    },
    {
      of: `the role ${role.name}`,
      free: unlimited(roleLimit, role) ?? roleLimit - (load.usedByRole - own.all),
      fix: command(sql`ALTER ROLE ${identifier(role.name)} CONNECTION LIMIT -1;`),
    },
    {
      of: `the database ${database}`,
      free: unlimited(databaseLimit, role) ?? databaseLimit - (load.usedInDatabase - own.here),
      fix: command(sql`ALTER DATABASE ${identifier(database)} CONNECTION LIMIT -1;`),
    },
  ];
  const free = Math.max(0, Math.min(...limits.map((limit) => limit.free)));
  const tightest = limits.find((limit) => limit.free <= free);
  const evidence = { free, limit: tightest?.of ?? '', maximum, used: load.used };
  if (free >= FREE_CONNECTIONS) return pass(`${free} connections are free`, { evidence });
  return warn(`only ${free} connections are free for role "${role.name}" (limited by ${tightest?.of})`, {
    expected: `${FREE_CONNECTIONS} or more: server, drain and scheduler each keep a connection pool`,
    ...(tightest !== undefined && { fix: tightest.fix }),
    evidence,
  });
}

/** Only the server-wide limit applies to superusers; -1 means no limit. */
const unlimited = (limit: number, role: Role): number | undefined =>
  limit < 0 || role.superuser ? Number.POSITIVE_INFINITY : undefined;

/** A setting that is not compatible with Spacelift. */
interface Unsuited {
  readonly title: string;
  readonly expected: string;
  /** A statement, or an instruction to remove something. */
  readonly fix: Sql | string;
}

export function judgeSettings(settings: Settings, role: Role, { database }: Server): Outcome {
  const alter = sql`ALTER ROLE ${identifier(role.name)} IN DATABASE ${identifier(database)} SET`;
  const found: Unsuited[] = [];
  const { statementTimeout: timeout, schema, validDays } = { ...settings, ...role };
  if (timeout > 0 && timeout < STATEMENT_TIMEOUT_MS) {
    found.push({
      title: `statement_timeout is ${timeout / 1000} s`,
      expected: 'no statement_timeout, or at least 120 s: migrations can be slow',
      fix: inUrl(settings.statementTimeoutSource, 'statement_timeout') ?? sql`${alter} statement_timeout = '120s';`,
    });
  }
  // If CREATE on schema public is missing, that is the cause, and `privileges` reports it.
  if (!settings.createInSchema && role.createInPublic) {
    found.push({
      title:
        schema === null
          ? 'search_path contains no existing schema'
          : `role "${role.name}" lacks CREATE on schema "${schema}", the first existing schema in search_path`,
      expected:
        'a search_path whose first existing schema is one on which the role has CREATE, such as "$user", public',
      fix: inUrl(settings.searchPathSource, 'search_path') ?? sql`${alter} search_path = "$user", public;`,
    });
  }
  if (validDays !== null && validDays < PASSWORD_DAYS) {
    found.push({
      title: `the password of role "${role.name}" expires in ${Math.max(0, Math.floor(validDays))} days`,
      expected: 'a password that does not expire',
      fix: sql`ALTER ROLE ${identifier(role.name)} VALID UNTIL 'infinity';`,
    });
  }
  return settingsOutcome(found);
}

function settingsOutcome(found: readonly Unsuited[]): Outcome {
  if (found.length === 0) return pass('timeouts, search_path and password expiry are compatible with Spacelift');
  const fixes = found.map(({ fix }) => fix);
  const statements = fixes.filter((fix) => typeof fix !== 'string');
  const removals = fixes.filter((fix) => typeof fix === 'string');
  return warn(found.map(({ title }) => title).join('; '), {
    expected: found.map(({ expected }) => expected).join('\n'),
    fix:
      statements.length === 0
        ? advice`${removals.join('\n')}`
        : command(statements, removals.length === 0 ? {} : { after: removals.join(', ') }),
    evidence: { settings: found.length },
  });
}

const inUrl = (source: string, name: string) => (source === 'client' ? `remove ${name} from DATABASE_URL` : undefined);

/** The server's time must lie between request and response; the distance outside is the minimum clock difference. */
export function judgeClock({ clock }: Server, { sent, received }: { sent: number; received: number }): Outcome {
  const ahead = clock > received ? clock - received : Math.min(0, clock - sent);
  const evidence = { differenceMs: Math.round(ahead) };
  if (Math.abs(ahead) <= CLOCK_MS) return pass('the server’s clock matches this machine’s', { evidence });
  return warn(`the database’s clock is ${span(ahead)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s`, {
    expected: 'a difference of less than 5 s',
    fix: advice`compare both clocks with "date -u", and synchronize the wrong one over NTP (timedatectl set-ntp true)`,
    evidence,
  });
}
