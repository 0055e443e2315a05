/** Who pastes SQL: the superuser of a server, or the master user of a managed service, who is none. */
import pg from 'pg';
import type { PostgresServer } from '../../services/postgres.ts';

export type Administrator = 'superuser' | 'master';

const MASTER = 'master';

/**
 * Makes the role that managed services give to their customers: CREATEROLE and CREATEDB, no superuser. Since PostgreSQL
 * 16 it has the admin option on the roles that it created, and nothing else of them (manual, 22.3 "Role Membership");
 * databases that the superuser owns here are the master's there.
 */
export async function makeMaster(server: PostgresServer): Promise<void> {
  await write(server, `CREATE ROLE ${MASTER} LOGIN CREATEROLE CREATEDB`);
  if (server.version >= 16) {
    const roles = await server.query<{ name: string }>(
      `SELECT quote_ident(rolname) AS name FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_' AND rolname <> '${MASTER}'`,
    );
    for (const { name } of roles) {
      await write(server, `GRANT ${name} TO ${MASTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
    }
  }
  const owned = await server.query<{ name: string }>(
    `SELECT quote_ident(datname) AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
      WHERE r.rolsuper AND NOT datistemplate`,
  );
  for (const { name } of owned) await write(server, `ALTER DATABASE ${name} OWNER TO ${MASTER}`);
}

/** Also where transactions are read-only. */
const write = (server: PostgresServer, statement: string) => server.query(`BEGIN READ WRITE; ${statement}; COMMIT`);

/** Runs statements in one session, each in a transaction of its own, as psql does. */
export async function runStatements(
  server: PostgresServer,
  who: Administrator,
  database: string,
  statements: readonly string[],
): Promise<void> {
  const client = await connectTo(server, database).catch(() => connectTo(server, 'postgres'));
  try {
    if (who === 'master') await client.query(`SET SESSION AUTHORIZATION ${MASTER}`);
    for (const statement of statements) {
      await client.query(statement).catch((cause: Error) => {
        throw new Error(`as the ${who}, "${statement}": ${cause.message}`, { cause });
      });
    }
  } finally {
    await client.end();
  }
}

async function connectTo(server: PostgresServer, database: string): Promise<pg.Client> {
  const { user, password } = server.superuser;
  const client = new pg.Client({ host: server.socketDirectory, port: server.port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  return client;
}
