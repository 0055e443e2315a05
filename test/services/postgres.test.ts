import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  type PostgresOptions,
  type PostgresServer,
  postgresVersions,
  startPostgres,
  startStandby,
} from './postgres.ts';
import { type CertificateAuthority, makeCa } from './tls.ts';

let ca: CertificateAuthority;
let other: CertificateAuthority;
beforeAll(async () => {
  [ca, other] = await Promise.all([makeCa(), makeCa({ name: 'Another authority' })]);
});

async function postgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

async function ask(config: pg.ClientConfig, sql = 'SELECT current_user AS it'): Promise<unknown> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows[0]?.it;
  } finally {
    await client.end();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const pidOf = ({ dataDirectory }: PostgresServer) =>
  Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);

describe('PostgreSQL', () => {
  test.for(postgresVersions)(
    '%i starts, checks passwords, keeps its rule for public, has a standby',
    async (version) => {
      const server = await postgres({ version });
      const [shown] = await server.query<{ server_version: string }>('SHOW server_version');
      expect(shown?.server_version).toMatch(new RegExp(`^${version}\\.`));

      const owner = await server.createDatabase({ name: "d'b", owner: 'Owner', password: 'p@ss/w%rd' });
      expect(await ask({ connectionString: owner })).toBe('Owner');
      expect(await ask({ connectionString: server.url() })).toBe('postgres');
      await expect(ask({ connectionString: server.url({ password: 'wrong' }) })).rejects.toMatchObject({
        code: '28P01',
      });

      await server.createDatabase({ name: 'x', owner: 'guest', password: 'g', roleOptions: 'CREATEROLE' });
      const guest = server.url({ user: 'guest', password: 'g', database: "d'b" });
      const creation = ask({ connectionString: guest }, 'CREATE TABLE t ()');
      await (version < 15 ? creation : expect(creation).rejects.toMatchObject({ code: '42501' }));

      const standby = await startStandby(server);
      onTestFinished(() => standby.stop());
      expect(await standby.query('SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);
      expect(await ask({ connectionString: standby.url({ user: 'guest', password: 'g', database: 'x' }) })).toBe(
        'guest',
      );
      await expect(standby.query('CREATE TABLE t ()')).rejects.toMatchObject({ code: '25006' });
      await server.query('CREATE TABLE streamed ()');
      await expect
        .poll(() => standby.query("SELECT to_regclass('streamed')::text AS it"))
        .toEqual([{ it: 'streamed' }]);
    },
  );

  test('stops without a process or a directory left', async () => {
    const server = await startPostgres();
    const pid = pidOf(server);
    expect(isRunning(pid)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(dirname(server.dataDirectory))).toBe(false);
    expect(server.logs()).toContain('immediate shutdown');
  });

  test('goes when the process that started it is killed', async () => {
    const module = JSON.stringify(new URL('./postgres.ts', import.meta.url));
    const script = `import { startPostgres } from ${module};
      console.log((await startPostgres()).dataDirectory);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const dataDirectory = line.toString().trim();
    const pid = pidOf({ dataDirectory } as PostgresServer);
    expect(isRunning(pid)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => existsSync(dirname(dataDirectory))).toBe(false);
    expect(isRunning(pid)).toBe(false);
  });

  test('takes settings, reloads them, and stays manageable when everything is refused', async () => {
    const server = await postgres({
      version: 13,
      settings: { max_connections: '21', default_transaction_read_only: 'on', password_encryption: 'md5' },
      hba: ['host all all all reject'],
      superuserPassword: "it's",
    });
    expect(await server.query('SHOW max_connections')).toEqual([{ max_connections: '21' }]);
    await expect(server.query('CREATE TABLE t ()')).rejects.toMatchObject({ code: '25006' });
    await server.createDatabase({ name: 'x', owner: 'x', password: 'x' });
    await expect(ask({ connectionString: server.url() })).rejects.toMatchObject({ code: '28000' });
    await server.query("ALTER SYSTEM SET work_mem = '5MB'");
    await server.reload();
    expect(await server.query('SHOW work_mem')).toEqual([{ work_mem: '5MB' }]);
    expect(server.superuser.password).toBe("it's");
  });

  test('surfaces its log when it cannot start', async () => {
    await expect(startPostgres({ settings: { no_such_setting: '1' } })).rejects.toThrow(
      /PostgreSQL 16 did not start.*unrecognized configuration parameter "no_such_setting"/s,
    );
  });

  test('speaks TLS that verifies with the private authority only', async () => {
    const { chainPem, keyPem } = await ca.issue({ names: ['localhost', '127.0.0.1'] });
    const server = await postgres({
      version: 18,
      tls: { cert: chainPem, key: keyPem },
      hba: ['hostssl all all all scram-sha-256'],
    });
    const { host, port } = server;
    const login = { host, port, ...server.superuser, database: 'postgres' };
    const isEncrypted = 'SELECT ssl AS it FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    expect(await ask({ ...login, ssl: { ca: ca.certPem } }, isEncrypted)).toBe(true);
    await expect(ask({ ...login, ssl: { ca: other.certPem } })).rejects.toThrow(/certificate/);
    const wrongName = { ...login, ssl: { ca: ca.certPem, servername: 'db.internal' } };
    await expect(ask(wrongName)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(ask(login)).rejects.toMatchObject({ code: '28000' });
  });

  test('asks for client certificates', async () => {
    const { chainPem, keyPem } = await ca.issue({ names: ['localhost'] });
    const server = await postgres({
      tls: { cert: chainPem, key: keyPem },
      ca: ca.certPem,
      hba: ['hostssl all all all scram-sha-256 clientcert=verify-full'],
    });
    const login = { host: 'localhost', port: server.port, ...server.superuser, database: 'postgres' };
    const [good, bad] = await Promise.all(
      [ca, other].map((from) => from.issue({ names: [], commonName: 'postgres', clientAuth: true })),
    );
    const ssl = (from: typeof good) => ({ ca: ca.certPem, ...(from && { cert: from.certPem, key: from.keyPem }) });
    expect(await ask({ ...login, ssl: ssl(good) })).toBe('postgres');
    await expect(ask({ ...login, ssl: ssl(bad) })).rejects.toThrow();
    await expect(ask({ ...login, ssl: ssl(undefined) })).rejects.toMatchObject({ code: '28000' });
  });

  test('starts many at once', async () => {
    const servers = await Promise.all([16, 16, 17, 17].map((version) => postgres({ version: version as 16 | 17 })));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
  });
});
