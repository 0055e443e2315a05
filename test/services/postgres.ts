/** Real PostgreSQL servers, 13 to 18, each with its own cluster on a free port of the loopback interface. */
import { randomBytes } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  copyDirectory,
  installation,
  type PostgresVersion,
  serverDirectory,
  templatePassword,
  writePrivate,
} from './postgres-install.ts';
import { connect, type Launch, launch, superuser, writable } from './postgres-process.ts';

export { type PostgresVersion, postgresVersions } from './postgres-install.ts';

export interface PostgresOptions {
  /** Major version; 16 unless told. */
  version?: PostgresVersion;
  /** Turns TLS on. PEM; `cert` may be a chain, the server's own certificate first. */
  tls?: { key: string; cert: string };
  /** PEM of the authority whose client certificates the server accepts; needs `tls`, and `clientcert=…` in `hba`. */
  ca?: string;
  /** Lines of `postgresql.conf` beyond this module's; the port, addresses and socket directory can't be changed. */
  settings?: Record<string, string>;
  /** Settings on the server's command line. */
  flags?: Record<string, string>;
  /** Lines of `pg_hba.conf`; unless told, every connection needs a password that is really checked (SCRAM). */
  hba?: string[];
  superuserPassword?: string;
  /** Listen on ::1 too. */
  ipv6?: boolean;
}

export interface UrlOptions {
  user?: string;
  password?: string;
  database?: string;
  /** Name in the URL instead of 127.0.0.1, such as `localhost`. */
  host?: string;
  /** Query of the URL, such as `{ sslmode: 'require' }`. */
  params?: Record<string, string>;
}

export interface DatabaseOptions {
  name: string;
  owner: string;
  password: string;
  /** Words of CREATE ROLE beside LOGIN, such as `CREATEROLE`. */
  roleOptions?: string;
}

export interface PostgresServer {
  version: PostgresVersion;
  host: string;
  port: number;
  superuser: { user: string; password: string };
  /** Directory of the Unix socket; only the server's user, and root, can enter it. */
  socketDirectory: string;
  dataDirectory: string;
  /** A connection URL; the superuser and the database `postgres` unless told. */
  url(options?: UrlOptions): string;
  /** Runs one statement as superuser, whatever `hba` and `tls` say, and resolves to its rows. Rejects with `pg`'s errors. */
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[], database?: string): Promise<Row[]>;
  /**
   * Makes a role that may log in, unless it exists, and a database that it owns; resolves to the owner's URL.
   * The schema `public` stays as the version makes it: since 15 only the database's owner may create in it.
   */
  createDatabase(options: DatabaseOptions): Promise<string>;
  /** Reads `postgresql.conf`, ALTER SYSTEM's settings and `pg_hba.conf` again; resolves when they hold. */
  reload(): Promise<void>;
  /**
   * Stops it, and starts it again on its port: settings that are read at the start hold then.
   * @param meanwhile while it is down
   */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Everything that the server has logged, also after it stopped. */
  logs(): string;
  /** Stops it as a crash would, and removes its directory. Can be called again. */
  stop(): Promise<void>;
}

// The harness's own way in, by a socket, first: it must hold whatever a test's own lines say.
// The method is called md5 but takes SCRAM too, whichever way the password is stored.
const ownHba = [`local all ${superuser} md5`, `local replication ${superuser} md5`];
const defaultHba = ['local all all scram-sha-256', 'host all all all scram-sha-256'];

// Durability costs time, and nobody needs these data tomorrow.
const fastSettings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', shared_buffers: '16MB' };

const host = '127.0.0.1';

async function serve(launched: Launch): Promise<PostgresServer> {
  const running = await launch(launched);
  const { port, password: superuserPassword, socketDirectory, logs, restart, stop } = running;

  const session = async <T>(database: string, options: string | undefined, run: (client: pg.Client) => Promise<T>) => {
    const client = await connect(running, database, options);
    try {
      return await run(client);
    } finally {
      await client.end();
    }
  };

  const server: PostgresServer = {
    version: launched.installed.version,
    host,
    port,
    superuser: { user: superuser, password: superuserPassword },
    socketDirectory,
    dataDirectory: join(launched.directory, 'data'),
    url: (options = {}) => {
      const url = new URL(`postgres://${options.host ?? host}:${port}`);
      url.username = encodeURIComponent(options.user ?? superuser);
      url.password = encodeURIComponent(options.password ?? superuserPassword);
      url.pathname = `/${encodeURIComponent(options.database ?? 'postgres')}`;
      // A + is a space only for older versions of pgx.
      url.search = new URLSearchParams(options.params).toString().replaceAll('+', '%20');
      return url.href;
    },
    query: (sql, params, database = 'postgres') =>
      session(database, undefined, async (client) => (await client.query(sql, params)).rows),
    createDatabase: ({ name, owner, password, roleOptions = '' }) =>
      session('postgres', writable, async (client) => {
        const role = pg.escapeIdentifier(owner);
        const known = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [owner]);
        if (known.rowCount === 0) {
          await client.query(`CREATE ROLE ${role} LOGIN ${roleOptions} PASSWORD ${pg.escapeLiteral(password)}`);
        }
        await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER ${role}`);
        return server.url({ user: owner, password, database: name });
      }),
    reload: async () => {
      const loaded = async () => (await server.query<{ at: string }>('SELECT pg_conf_load_time()::text AS at'))[0]?.at;
      const before = await loaded();
      await server.query('SELECT pg_reload_conf()');
      for (const deadline = Date.now() + 60_000; (await loaded()) === before; await sleep(5)) {
        if (Date.now() > deadline) throw new Error(`PostgreSQL did not accept its settings\n${logs().slice(-2000)}`);
      }
    },
    logs,
    restart,
    stop,
  };
  return server;
}

/**
 * Starts a server and resolves once it answers: about 0.1 s, and a second more for the first of a version on a day.
 * Rejects with the last lines of the server's log. As root, the server runs as `postgres` or `nobody`.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { tls, ca } = options;
  const installed = await installation(options.version ?? 16);
  const { user } = installed;
  const directory = await serverDirectory(installed);
  const data = join(directory, 'data');
  const settings: Record<string, string> = { ...fastSettings };
  try {
    await copyDirectory(installed.template, data);
    if (tls) {
      await writePrivate(join(data, 'server.crt'), tls.cert, user);
      await writePrivate(join(data, 'server.key'), tls.key, user);
      settings.ssl = 'on';
    }
    if (ca !== undefined) {
      await writePrivate(join(data, 'root.crt'), ca, user);
      settings.ssl_ca_file = 'root.crt';
    }
    await appendSettings(data, { ...settings, ...options.settings });
    await writePrivate(join(data, 'pg_hba.conf'), `${[...ownHba, ...(options.hba ?? defaultHba)].join('\n')}\n`, user);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return serve({
    installed,
    directory,
    addresses: options.ipv6 ? '127.0.0.1,::1' : '127.0.0.1',
    password: templatePassword,
    newPassword: options.superuserPassword ?? randomBytes(12).toString('hex'),
    ...(options.flags !== undefined && { flags: options.flags }),
  });
}

function appendSettings(data: string, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  return appendFile(join(data, 'postgresql.conf'), `\n${lines.join('')}`);
}

/**
 * Starts a hot standby that streams from a running server: it answers queries, is in recovery and refuses writes.
 * Roles, databases, TLS and `pg_hba.conf` are the primary's (PostgreSQL manual, 25.3.2 and 26.2.4).
 */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const { version, port, socketDirectory, superuser: account } = primary;
  const installed = await installation(version);
  const directory = await serverDirectory(installed);
  const data = join(directory, 'data');
  const [start, stop] =
    version >= 15
      ? ["pg_backup_start('standby', true)", 'pg_backup_stop(false)']
      : ["pg_start_backup('standby', true, false)", 'pg_stop_backup(false, false)'];
  try {
    const client = await connect({ socketDirectory, port, password: account.password }, 'postgres', writable);
    try {
      await client.query(`SELECT ${start}`);
      await copyDirectory(primary.dataDirectory, data);
      const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
      await writePrivate(join(data, 'backup_label'), rows[0]?.labelfile ?? '', installed.user);
    } finally {
      await client.end();
    }
    await rm(join(data, 'postmaster.pid'), { force: true });
    await writePrivate(join(data, 'standby.signal'), '', installed.user);
    const quoted = `'${account.password.replaceAll(/[\\']/g, '\\$&')}'`;
    const primary_conninfo = `host=${socketDirectory} port=${port} user=${account.user} password=${quoted}`;
    await appendSettings(data, { primary_conninfo });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return serve({ installed, directory, addresses: '127.0.0.1', password: account.password });
}
