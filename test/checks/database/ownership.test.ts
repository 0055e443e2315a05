/** Installed, and the user in the URL is not the one that installed it. */
import { describe, expect, test } from 'vitest';
import { type PostgresServer, type PostgresVersion, postgresVersions } from '../../services/postgres.ts';
import { apply, check, install, installed, managed, PASSWORD, postgres, spacelift, statementsIn } from './support.ts';

const ID = 'database/ownership';
const MANAGED: readonly PostgresVersion[] = [16, 17, 18];
/** Whether the release is supported has nothing to do with it. */
const others = (troubles: readonly string[]) => troubles.filter((trouble) => !trouble.endsWith(' database/version'));

/** A user that takes the place of `spacelift`, and its URL. */
async function rotated(server: PostgresServer, url: string, options = 'CREATEROLE'): Promise<string> {
  await server.query(`CREATE ROLE rotated LOGIN ${options} PASSWORD '${PASSWORD}'`);
  return url.replace('//spacelift:', '//rotated:');
}

test('before installation there is nothing to use', async () => {
  const { url } = await installed();
  expect((await check(url)).finding(ID)).toMatchObject({
    status: 'pass',
    title: 'Spacelift’s tables do not exist yet: role "spacelift" will own them',
  });
});

test('the owner, a member of it, and a superuser', async () => {
  const { server, url } = await installed();
  await install(server);
  const member = await rotated(server, url);
  await server.query('GRANT spacelift TO rotated');
  for (const one of [url, member, server.url({ database: 'spacelift' })]) {
    const result = await check(one);
    expect(result.troubles).toEqual([]);
    expect(result.finding(ID).title).toMatch(/^role "\w+" can use and alter Spacelift’s tables$/);
  }
});

describe('a rotated user without a grant', () => {
  test.for(postgresVersions)('PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const url = await spacelift(server);
    await install(server);
    const next = await rotated(server, url);
    const result = await check(next);
    expect(others(result.troubles)).toEqual([`fail ${ID}`]);
    const { title, fix, detail } = result.finding(ID);
    expect(title).toBe('role "rotated" can’t use Spacelift’s tables, which belong to role "spacelift"');
    expect(detail).toBe('In schema public.');
    expect(statementsIn(fix)).toEqual(['GRANT spacelift TO rotated;']);
    expect(fix).toContain('REASSIGN OWNED BY spacelift TO rotated instead would move every object of that role');
    await apply(server, fix);
    expect(others((await check(next)).troubles)).toEqual([]);
  });

  test.for(MANAGED)('as the administrator of a managed service, PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const { master, url } = await managed(server);
    await install(server);
    await apply(server, `CREATE ROLE rotated LOGIN CREATEROLE PASSWORD '${PASSWORD}';`, master);
    const next = url.replace('//spacelift:', '//rotated:');
    const result = await check(next);
    expect(others(result.troubles)).toEqual([`fail ${ID}`]);
    await apply(server, result.finding(ID).fix, master);
    expect(others((await check(next)).troubles)).toEqual([]);
  });

  test.for([14, 16] as const)('that lacks everything else too, PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const url = await spacelift(server);
    await install(server, { schema: 'app' });
    // The tables belong to one role, the database to another.
    await server.query(
      'ALTER DATABASE spacelift OWNER TO postgres; REVOKE CREATE ON SCHEMA public FROM public',
      [],
      'spacelift',
    );
    const next = await rotated(server, url, '');
    const result = await check(next);
    expect(result.troubles).toEqual([`fail ${ID}`]);
    expect(result.ids('skip')).toEqual(['database/privileges', 'database/create-table', 'message-queues/postgres']);
    expect(statementsIn(result.finding(ID).fix)).toEqual([
      'GRANT spacelift TO rotated;',
      'ALTER ROLE rotated CREATEROLE;',
      'GRANT CREATE ON DATABASE spacelift TO rotated;',
      'GRANT CREATE, USAGE ON SCHEMA public TO rotated;',
    ]);
    await apply(server, result.finding(ID).fix);
    expect((await check(next)).troubles).toEqual([]);
  });
});

describe('a member that does not inherit', () => {
  test.for([15, 16] as const)('as an attribute of the role, PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const url = await spacelift(server);
    await install(server);
    const next = await rotated(server, url, 'CREATEROLE NOINHERIT');
    await server.query('GRANT spacelift TO rotated');
    const result = await check(next);
    expect(result.troubles).toEqual([`fail ${ID}`]);
    await apply(server, result.finding(ID).fix);
    expect((await check(next)).troubles).toEqual([]);
  });

  test.for(MANAGED)('because it only created the owner, PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const { master } = await managed(server);
    await install(server);
    const result = await check(master);
    expect(others(result.troubles)).toEqual([`fail ${ID}`]);
    await apply(server, result.finding(ID).fix, master);
    expect(others((await check(master)).troubles)).toEqual([]);
  });
});

describe('tables that the owner can’t share by membership', () => {
  test('a superuser’s, as after a restore: they move, and nothing of that role elsewhere', async () => {
    const { server, url } = await installed();
    await install(server, { owner: 'postgres' });
    const rest = `CREATE TYPE public.kind AS ENUM ('a'); CREATE VIEW public.seen AS SELECT id FROM public.runs;
      CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE public.numbers;
      CREATE TABLE public.parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE public.part PARTITION OF public.parts DEFAULT;
      CREATE TABLE public."Odd ""name" (id int GENERATED ALWAYS AS IDENTITY);
      CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.stays ()`;
    await server.query(rest, [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual([`fail ${ID}`]);
    await apply(server, result.finding(ID).fix);
    expect((await check(url)).troubles).toEqual([]);
    const left = `SELECT o.oid::regclass::text AS name FROM pg_class o WHERE relowner = 'postgres'::regrole
        AND relnamespace IN ('public'::regnamespace, 'elsewhere'::regnamespace)
      UNION ALL SELECT proname FROM pg_proc WHERE proowner = 'postgres'::regrole AND pronamespace = 'public'::regnamespace
      UNION ALL SELECT typname FROM pg_type WHERE typowner = 'postgres'::regrole AND typnamespace = 'public'::regnamespace`;
    expect(await server.query(left, [], 'spacelift')).toEqual([{ name: 'elsewhere.stays' }]);
  });

  test('its owner is a member of the role itself', async () => {
    const { server, url } = await installed();
    await server.query('CREATE ROLE old; GRANT spacelift TO old');
    await install(server, { owner: 'old' });
    const result = await check(url);
    expect(result.troubles).toEqual([`fail ${ID}`]);
    await apply(server, result.finding(ID).fix);
    expect((await check(url)).troubles).toEqual([]);
  });

  test('names that could end a quote', async () => {
    const { server, url } = await installed();
    const name = `a'$$"; DROP ROLE bystander; --`;
    await server.query(`CREATE ROLE bystander; CREATE ROLE "${name.replaceAll('"', '""')}" SUPERUSER`);
    await install(server, { owner: `"${name.replaceAll('"', '""')}"` });
    await apply(server, (await check(url)).finding(ID).fix);
    expect((await check(url)).troubles).toEqual([]);
    expect(await server.query(`SELECT FROM pg_roles WHERE rolname = 'bystander'`)).toHaveLength(1);
  });
});

test('a user that can read and write the tables, but not alter them', async () => {
  const { server, url } = await installed();
  await install(server);
  const next = await rotated(server, url);
  await server.query(
    `GRANT CREATE ON DATABASE spacelift TO rotated; GRANT CREATE, USAGE ON SCHEMA public TO rotated;
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rotated`,
    [],
    'spacelift',
  );
  const result = await check(next);
  expect(result.troubles).toEqual([`warn ${ID}`]);
  expect(result.finding(ID).title).toBe(
    'role "rotated" can use but not alter Spacelift’s tables, which belong to role "spacelift"',
  );
  await apply(server, result.finding(ID).fix);
  expect((await check(next)).troubles).toEqual([]);

  await server.query('REVOKE spacelift FROM rotated; REVOKE DELETE ON public.runs FROM rotated', [], 'spacelift');
  expect((await check(next)).troubles).toEqual([`fail ${ID}`]);
});

test('tables of another application in the same schema are not Spacelift’s', async () => {
  const { server, url } = await installed();
  await install(server);
  await server.query('CREATE TABLE public.foreigner ()', [], 'spacelift');
  expect((await check(url)).troubles).toEqual([]);
});
