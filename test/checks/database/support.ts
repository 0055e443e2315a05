/** Checks of one database, as its part of an otherwise healthy config. */
import { expect, onTestFinished } from 'vitest';
import { database } from '../../../checks/database/index.ts';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import type { Party } from '../../../src/config/options.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { ONPREM } from '../../support/onprem.ts';
import { type Options, preflight, type Result, source } from '../../support/preflight.ts';

export const PASSWORD = 'p%r/o#b:e@long?&=+"';

/** What the tests look at beside the findings themselves. */
export interface Checked extends Result {
  /** `<status> <id>` of all that did not pass and does not merely point to a failure. */
  readonly troubles: string[];
  /** Everything that a report would hold. */
  readonly text: string;
}

/** Runs the database check, and that of the queue in it; the URL is in a config unless it is the caller's own word. */
export async function check(
  url: string,
  variables: Record<string, string> = {},
  { trust = 'config', ...options }: Options & { trust?: Party } = {},
): Promise<Checked> {
  const config = source({ ...ONPREM, DATABASE_URL: url, ...variables }, 'all', { trust });
  const result = await preflight([database, messageQueues], [config], options);
  return {
    ...result,
    troubles: result.findings
      .filter(({ status, dependsOn }) => status !== 'pass' && dependsOn === undefined)
      .map(({ status, id }) => `${status} ${id}`),
    text: JSON.stringify([result.findings, result.run.leftovers]),
  };
}

/** What the tests of this worker share, one after the other; it ends with the worker. */
let shared: Promise<PostgresServer> | undefined;
let isTaken = false;

/**
 * A server for the rest of the test: of its own where anything is asked of it, and for a second one at once; otherwise the
 * shared one, of which databases, roles and settings are taken away after the test.
 */
export async function postgres(options?: PostgresOptions): Promise<PostgresServer> {
  if (options !== undefined || isTaken) {
    const server = await startPostgres(options);
    onTestFinished(() => server.stop());
    return server;
  }
  isTaken = true;
  onTestFinished(() => {
    isTaken = false;
  });
  shared ??= startPostgres();
  const server = await shared;
  onTestFinished(async () => {
    try {
      await empty(server);
    } catch {
      // The test stopped it, or made of it what nobody can use.
      shared = undefined;
      await server.stop();
    }
  });
  return server;
}

async function empty(server: PostgresServer): Promise<void> {
  const isSet = await server.query("SELECT FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'");
  if (isSet.length > 0) {
    await server.query('ALTER SYSTEM RESET ALL');
    await server.reload();
  }
  const named = async (sql: string) => (await server.query<{ name: string }>(sql)).map(({ name }) => name);
  const databases = await named(
    "SELECT quote_ident(datname) AS name FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'",
  );
  for (const name of databases) await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  const roles = await named(
    "SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname <> 'postgres' AND rolname NOT LIKE 'pg\\_%'",
  );
  if (roles.length > 0) await server.query(`DROP OWNED BY ${roles} CASCADE; DROP ROLE ${roles}`);
}

/** The database of a healthy installation: its URL as the role that owns it. */
export const spacelift = (server: PostgresServer): Promise<string> =>
  server.createDatabase({ name: 'spacelift', owner: 'spacelift', password: PASSWORD, roleOptions: 'CREATEROLE' });

/** A healthy installation on a server of its own. */
export async function installed(options?: PostgresOptions): Promise<{ server: PostgresServer; url: string }> {
  const server = await postgres(options);
  return { server, url: await spacelift(server) };
}

/** A service that lives as long as the test. */
export async function started<T extends { close(): Promise<void> }>(service: Promise<T>): Promise<T> {
  const running = await service;
  onTestFinished(() => running.close());
  return running;
}

/** The same URL with another query. */
export function withParameters(url: string, parameters: Record<string, string>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  changed.search = changed.search.replaceAll('+', '%20');
  return changed.href;
}

/** Whatever a run must not leave: tables, roles. */
export async function remains(server: PostgresServer, database = 'spacelift'): Promise<unknown[]> {
  const tables = `SELECT relname AS name FROM pg_class WHERE relname LIKE 'spacelift_preflight%'`;
  const roles = `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'spacelift_preflight%'`;
  return server.query(`${tables} UNION ALL ${roles}`, [], database);
}

/** A URL that leads to a service of the tests. */
export const urlOf = ({ host, port }: { host: string; port: number }, query = ''): string =>
  `postgres://spacelift:${encodeURIComponent(PASSWORD)}@${host}:${port}/spacelift${query}`;

/** One failure, under the right id, with the way out, and everything else pointing to it. */
export function expectOne(result: Checked): { title: string; fix: string; text: string } {
  expect(result.troubles).toEqual(['fail database/connect']);
  expect(result.ids('pass')).toEqual([]);
  expect(result.finding('message-queues/postgres').dependsOn).toBe('database/connect');
  const { title, fix = '', expected, docs, ...rest } = result.finding('database/connect');
  expect([fix, expected, docs]).toEqual([
    expect.stringMatching(/./),
    expect.stringMatching(/./),
    expect.stringMatching(/./),
  ]);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(result.text).not.toContain(secret);
  return { title, fix, text: JSON.stringify([title, fix, expected, rest]) };
}

/** Spacelift's tables as its first start creates them: both that it is known by, and one more. */
export async function install(
  server: PostgresServer,
  { database = 'spacelift', schema = 'public', owner = 'spacelift' } = {},
): Promise<void> {
  const tables = ['accounts', 'message_queue_messages', 'runs'].map(
    (name) => `CREATE TABLE ${schema}.${name} (id serial, body text); ALTER TABLE ${schema}.${name} OWNER TO ${owner}`,
  );
  await server.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; ${tables.join('; ')}`, [], database);
}

/** The statements of a fix, without comments. */
export const statementsIn = (fix: string | undefined): string[] =>
  (fix ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('--'));

/** Runs the statements of a fix one by one as printed: as the superuser, or as the role of a URL. */
export async function apply(server: PostgresServer, fix: string | undefined, as?: string): Promise<void> {
  const statements = statementsIn(fix);
  expect(statements).not.toEqual([]);
  if (as === undefined) {
    for (const statement of statements) await server.query(statement, [], 'spacelift');
    return;
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client(as);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A managed service's administrator, who is no superuser, in the database `spacelift`; and the role that it created. */
export async function managed(server: PostgresServer): Promise<{ master: string; url: string }> {
  const master = await server.createDatabase({
    name: 'mastered',
    owner: 'master',
    password: PASSWORD,
    roleOptions: 'CREATEROLE CREATEDB',
  });
  await apply(server, `CREATE ROLE spacelift LOGIN CREATEROLE PASSWORD '${PASSWORD}';`, master);
  const url = await spacelift(server);
  return { master: master.replace(/mastered$/, 'spacelift'), url };
}
