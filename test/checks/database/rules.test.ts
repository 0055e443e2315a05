import { describe, expect, test } from 'vitest';
import { startWire } from '../../services/postgres-wire.ts';
import { startProxy } from '../../services/tcp.ts';
import { check, install, installed, PASSWORD, remains, started } from './support.ts';

describe('product', () => {
  test.for([
    ['CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu, built 2024/05/20, go1.22.2)', 'CockroachDB'],
    ['PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.77467', 'Amazon Redshift'],
    ['PostgreSQL 11.2-YB-2.21.0.1-b0 on x86_64-pc-linux-gnu', 'YugabyteDB'],
    ['Some server 1.0', 'another product'],
  ] as const)('%s', async ([version, name]) => {
    const answer = (sql: string) => (sql === 'SELECT version() AS version' ? { row: { version } } : undefined);
    const server = await started(startWire({ answer }));
    const result = await check(`postgres://u:p@${server.host}:${server.port}/d`);
    expect(result.troubles).toEqual(['fail database/product']);
    expect(result.finding('database/product').title).toContain(name);
    expect(result.ids('pass')).toEqual(['database/connect']);
  });
});

describe('privileges', () => {
  test.for([
    ['ALTER ROLE spacelift NOCREATEROLE', 'ALTER ROLE spacelift CREATEROLE;'],
    [
      'ALTER DATABASE spacelift OWNER TO postgres',
      'GRANT CREATE ON DATABASE spacelift TO spacelift;\nGRANT CREATE, USAGE ON SCHEMA public TO spacelift;',
    ],
    [
      'ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM public, spacelift',
      'GRANT CREATE, USAGE ON SCHEMA public TO spacelift;',
    ],
    ['DROP SCHEMA public', 'GRANT spacelift TO CURRENT_USER;\nCREATE SCHEMA public AUTHORIZATION spacelift;'],
  ] as const)('%s', async ([statement, fix]) => {
    const { server, url } = await installed();
    await server.query(statement, [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual(['fail database/privileges']);
    expect(result.finding('database/privileges').fix).toBe(fix);
    for (const line of fix.split('\n')) await server.query(line, [], 'spacelift');
    expect((await check(url)).troubles).toEqual([]);
    expect(await remains(server)).toEqual([]);
  });

  test('a superuser lacks nothing', async () => {
    const { server } = await installed();
    expect((await check(server.url())).troubles).toEqual([]);
  });

  test('a role that works as another', async () => {
    const { server, url } = await installed();
    await server.query('CREATE ROLE administrators CREATEROLE; GRANT administrators TO spacelift');
    await server.query('ALTER ROLE spacelift NOCREATEROLE; ALTER ROLE spacelift SET role = administrators');
    await server.query('ALTER DATABASE spacelift OWNER TO administrators');
    expect((await check(url)).troubles).toEqual([]);
  });

  test('a role without the attribute that a managed service lets create roles all the same', async () => {
    const { server, url } = await installed();
    await server.query('ALTER ROLE spacelift NOCREATEROLE');
    // Stands for the hooks of such services: the statement reaches the server as one that is allowed.
    const corrupt = (chunk: Buffer, direction: 'up' | 'down') =>
      direction === 'up'
        ? Buffer.from(chunk.toString('latin1').replace(/CREATE ROLE \w+ NOLOGIN/, replaced), 'latin1')
        : chunk;
    const replaced = (statement: string) => 'SELECT 1'.padEnd(statement.length);
    const proxy = await started(startProxy({ target: server, corrupt }));
    expect((await check(url)).troubles).toEqual(['fail database/privileges']);
    expect((await check(url.replace(`:${server.port}/`, `:${proxy.port}/`))).troubles).toEqual([]);
  });
});

describe('create-table', () => {
  const refusing = `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF tg_tag = 'CREATE INDEX' THEN RAISE 'no index today' USING ERRCODE = 'insufficient_privilege'; END IF; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()`;

  test('an event trigger that refuses a statement', async () => {
    const { server, url } = await installed();
    await server.query(refusing, [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual(['fail database/create-table']);
    expect(result.finding('database/create-table')).toMatchObject({
      title: 'role "spacelift" could not create an index on its table (SQLSTATE 42501)',
      evidence: { code: '42501' },
    });
    expect(result.finding('message-queues/postgres').status).toBe('skip');
    expect(await remains(server)).toEqual([]);
  });

  test('--read-only writes nothing', async () => {
    const { server, url } = await installed({ settings: { log_statement: 'all' } });
    const result = await check(url, {}, { readOnly: true });
    expect(result.troubles).toEqual(['skip database/create-table', 'skip message-queues/postgres']);
    expect(server.logs()).not.toMatch(/spacelift_preflight_/);
    expect(server.logs()).not.toMatch(/BEGIN/);

    await server.query('ALTER ROLE spacelift NOCREATEROLE');
    expect((await check(url, {}, { readOnly: true })).ids('fail')).toEqual(['database/privileges']);
    expect(server.logs()).not.toMatch(/spacelift_preflight_/);
  });

  test('nothing is left when the run ends in the middle of it', async () => {
    const { server, url } = await installed();
    // The table's creation waits for this lock until the run is over.
    const lock = 'BEGIN; LOCK TABLE pg_class IN SHARE MODE; SELECT pg_sleep(1); ROLLBACK';
    const locked = server.query(lock, [], 'spacelift');
    await expect
      .poll(() =>
        server.query(
          `SELECT FROM pg_locks WHERE relation = 'pg_class'::regclass AND mode = 'ShareLock'`,
          [],
          'spacelift',
        ),
      )
      .toHaveLength(1);
    const result = await check(url, {}, { timeoutMs: 400 });
    expect(result.ids('fail')).toEqual(['database/create-table']);
    expect(result.finding('database/create-table').title).toBe('did not finish within 0.4 s');
    expect(result.run.leftovers).toEqual([]);
    await locked;
    await expect.poll(() => remains(server)).toEqual([]);
  });

  test('a table that waits for somebody’s lock says so', async () => {
    const { server, url } = await installed();
    const lock = 'BEGIN; LOCK TABLE pg_class IN SHARE MODE; SELECT pg_sleep(4); ROLLBACK';
    const locked = server.query(lock, [], 'spacelift');
    await expect
      .poll(() =>
        server.query(
          `SELECT FROM pg_locks WHERE relation = 'pg_class'::regclass AND mode = 'ShareLock'`,
          [],
          'spacelift',
        ),
      )
      .toHaveLength(1);
    const result = await check(url);
    expect(result.troubles).toEqual(['fail database/create-table']);
    expect(result.finding('database/create-table').evidence.code).toBe('55P03');
    await locked;
  });
});

describe('dedicated', () => {
  test('tables of others, but not those of extensions, systems or roles that it belongs to', async () => {
    const { server, url } = await installed();
    await server.query('CREATE ROLE team; GRANT team TO spacelift');
    const own = 'CREATE TABLE public.own (); ALTER TABLE public.own OWNER TO spacelift';
    const team = 'CREATE TABLE public.team (); ALTER TABLE public.team OWNER TO team';
    for (const statement of [own, team]) await server.query(statement, [], 'spacelift');
    expect((await check(url)).troubles).toEqual([]);

    await server.query('CREATE SCHEMA grafana; CREATE TABLE grafana.a (); CREATE TABLE public.b ()', [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual(['warn database/dedicated']);
    expect(result.finding('database/dedicated')).toMatchObject({
      title: 'database "spacelift" contains 2 tables owned by other roles',
      evidence: { tables: 2, schemas: ['grafana', 'public'] },
    });
    // A superuser belongs to no role by being one.
    const superuser = await check(server.url({ database: 'spacelift' }));
    expect(superuser.finding('database/dedicated').evidence).toMatchObject({ tables: 2 });
  });

  test('an installation’s own tables', async () => {
    const { server, url } = await installed();
    await install(server);
    await server.query('CREATE TABLE public.b ()', [], 'spacelift');
    expect((await check(url)).troubles).toEqual([]);
  });
});

test('encoding', async () => {
  const { server } = await installed();
  await server.query(`CREATE DATABASE latin OWNER spacelift ENCODING 'LATIN1' TEMPLATE template0`);
  const result = await check(server.url({ user: 'spacelift', password: PASSWORD, database: 'latin' }));
  expect(result.troubles).toEqual(['fail database/encoding']);
  expect(result.finding('database/encoding').title).toBe('the encoding of database "latin" is LATIN1');
});
