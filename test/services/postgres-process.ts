/** One PostgreSQL process: started on a free port, watched, and taken away with its directory whatever happens to us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { environment, giveTo, type Installation, spawnAs } from './postgres-install.ts';

export const superuser = 'postgres';

/**
 * Runs beside a server and outlives this process: when the pipe to it closes without a word, however this process
 * ended, it kills the server and removes its directory.
 */
const guardScript = `
read -r word && exit 0
[ "$(head -n 1 "$2/data/postmaster.pid")" = "$1" ] && kill -QUIT "$1"
tries=0
while kill -0 "$1" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$2"`;

/** The pipe's end that we hold must not keep this process alive, nor the server: a test that forgets it still ends. */
function startGuard(pid: number, directory: string): () => Promise<void> {
  const guard = spawn('/bin/sh', ['-c', guardScript, 'guard', String(pid), directory], {
    cwd: '/',
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as Socket).unref();
  return async () => {
    if (hasExited(guard)) return;
    const exited = once(guard, 'exit');
    guard.ref();
    guard.stdin.on('error', () => {}).end('stopped\n');
    await exited;
  };
}

const hasExited = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Access {
  socketDirectory: string;
  port: number;
  password: string;
}

/** The flags of a session that may write even where transactions are read-only unless told otherwise. */
export const writable = '-c default_transaction_read_only=off';

/** Opens a superuser's session by the socket; `options` are flags as in the variable PGOPTIONS. */
export async function connect(access: Access, database = 'postgres', options?: string): Promise<pg.Client> {
  const { socketDirectory, port, password } = access;
  const common = { host: socketDirectory, port, user: superuser, password, database, ssl: false };
  const client = new pg.Client(options === undefined ? common : { ...common, options });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const startMilliseconds = 120_000;

/** The socket or its listener is not there yet; or the server says that it is starting, or recovering (57P03). */
const notYet = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P03']);

/** Resolves to undefined when the process ends first. */
async function firstSession(child: ChildProcess, access: Access): Promise<pg.Client | undefined> {
  const deadline = Date.now() + startMilliseconds;
  while (!hasExited(child)) {
    try {
      return await connect(access, 'postgres', writable);
    } catch (error) {
      if (!notYet.has((error as { code?: string }).code ?? '') && !hasExited(child)) throw error;
      if (Date.now() > deadline) throw new Error('it took too long to answer', { cause: error });
    }
    await sleep(10);
  }
  return undefined;
}

export interface Launch {
  installed: Installation;
  /** Holds the cluster in `data`; the log and the socket join it. */
  directory: string;
  /** `listen_addresses`. */
  addresses: string;
  /** The password that the cluster's superuser has. */
  password: string;
  /** The password to give to it. */
  newPassword?: string;
  /** Settings on its command line, which outranks its files. */
  flags?: Readonly<Record<string, string>>;
}

export interface Running extends Access {
  /** Stops it, and starts it on the same port: settings that are read at the start hold then. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  logs(): string;
  stop(): Promise<void>;
}

/** Starts a server and resolves when it answers. Rejects with the end of its log; then nothing is left of it. */
export async function launch({
  installed,
  directory,
  addresses,
  password,
  newPassword,
  flags: own = {},
}: Launch): Promise<Running> {
  const { version, bin, user } = installed;
  const logFile = join(directory, 'log');
  closeSync(openSync(logFile, 'a', 0o600));
  giveTo(logFile, user);
  let child: ChildProcess | undefined;
  let releaseGuard = async () => {};
  let lastLogs: string | undefined;
  const logs = () => lastLogs ?? readFileSync(logFile, 'utf8');

  const kill = async (signal: NodeJS.Signals) => {
    if (child?.pid === undefined || hasExited(child)) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    await exited;
  };
  const end = async () => {
    await kill('SIGQUIT');
    lastLogs = logs();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    await releaseGuard();
  };

  const access: Access = { socketDirectory: directory, port: 0, password };
  const start = async (port?: number) => {
    access.port = port ?? (await freePort());
    const log = openSync(logFile, 'a', 0o600);
    const settings = { ...own, listen_addresses: addresses, unix_socket_directories: directory, port: access.port };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Its own session: Ctrl-C is for this process, which then stops the server in order.
    child = spawn(join(bin, 'postgres'), ['-D', join(directory, 'data'), ...flags], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', log, log],
      detached: true,
      ...spawnAs(user),
    });
    closeSync(log);
    await once(child, 'spawn');
    child.unref();
    releaseGuard = startGuard(child.pid as number, directory);
    return firstSession(child, access);
  };

  try {
    let session = await start();
    // Another process may take the port between the search and its use.
    for (let tries = 1; !session && tries < 5 && logs().includes('could not bind'); tries++) {
      await releaseGuard();
      session = await start();
    }
    if (!session) throw new Error('it exited');
    if (newPassword !== undefined) {
      await session.query(`ALTER ROLE ${superuser} PASSWORD ${pg.escapeLiteral(newPassword)}`);
      access.password = newPassword;
    }
    await session.end();
  } catch (cause) {
    await end();
    const lines = logs().trim().split('\n').slice(-20).join('\n');
    throw new Error(`PostgreSQL ${version} did not start: ${(cause as Error).message}\n${lines}`, { cause });
  }

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end();
    return stopped;
  };
  const restart = async (meanwhile = async () => {}) => {
    await kill('SIGINT');
    await releaseGuard();
    await meanwhile();
    const session = await start(access.port);
    if (!session) throw new Error(`PostgreSQL ${version} did not start again\n${logs().slice(-2000)}`);
    await session.end();
  };
  return { ...access, logs, restart, stop };
}
