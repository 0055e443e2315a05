/** The role in the URL, the role that is logged in, and the role that acts, where they are not one and the same. */
import { describe, expect, test } from 'vitest';
import { startPooler } from '../../services/pooler.ts';
import type { PostgresServer } from '../../services/postgres.ts';
import { apply, check, install, PASSWORD, postgres, spacelift, started, statementsIn } from './support.ts';

interface Case {
  /** With `login` and `spacelift` as the roles. */
  readonly breaks: string;
  readonly id: string;
  readonly title: RegExp;
  readonly statements: readonly string[];
}

const CASES: Record<string, Case> = {
  'no CREATEROLE': {
    breaks: 'ALTER ROLE spacelift NOCREATEROLE',
    id: 'fail database/privileges',
    title: /^role "spacelift" lacks CREATEROLE$/,
    statements: ['ALTER ROLE spacelift CREATEROLE;'],
  },
  'no CREATE': {
    breaks: 'ALTER DATABASE spacelift OWNER TO postgres',
    id: 'fail database/privileges',
    title: /^role "spacelift" lacks CREATE on database "spacelift", CREATE and USAGE on schema public$/,
    statements: [
      'GRANT CREATE ON DATABASE spacelift TO spacelift;',
      'GRANT CREATE, USAGE ON SCHEMA public TO spacelift;',
    ],
  },
  'few connections': {
    breaks: 'ALTER ROLE login CONNECTION LIMIT 10',
    id: 'warn database/connections',
    title: /^only (9|10) connections are free for role "login" \(limited by the role login\)$/,
    statements: ['ALTER ROLE login CONNECTION LIMIT -1;'],
  },
  'a password that ends': {
    breaks: `DO $$ BEGIN EXECUTE format('ALTER ROLE login VALID UNTIL %L', now() + '3 days 1 hour'); END $$`,
    id: 'warn database/settings',
    title: /^the password of role "login" expires in 3 days$/,
    statements: [`ALTER ROLE login VALID UNTIL 'infinity';`],
  },
  'a short timeout': {
    breaks: 'ALTER ROLE login SET statement_timeout = 5000',
    id: 'warn database/settings',
    title: /^statement_timeout is 5 s$/,
    statements: [`ALTER ROLE login IN DATABASE spacelift SET statement_timeout = '120s';`],
  },
  'a schema of the role that acts': {
    breaks: 'CREATE SCHEMA spacelift; GRANT USAGE ON SCHEMA spacelift TO spacelift',
    id: 'warn database/settings',
    title: /^role "spacelift" lacks CREATE on schema "spacelift", the first existing schema in search_path$/,
    statements: ['GRANT CREATE ON SCHEMA spacelift TO spacelift;'],
  },
  'tables of a former owner': {
    breaks: 'CREATE ROLE former',
    id: 'fail database/ownership',
    title: /^role "spacelift" can’t use Spacelift’s tables, which belong to role "former"$/,
    statements: ['GRANT former TO spacelift;'],
  },
};

async function broken(server: PostgresServer, { breaks, id }: Case): Promise<void> {
  await server.query(breaks, [], 'spacelift');
  if (id.endsWith('ownership')) await install(server, { owner: 'former' });
}

/** @param renew the URL once existing sessions of a pooler have ended */
async function expectMended(
  server: PostgresServer,
  url: string,
  { id, title, statements }: Case,
  acting: RegExp,
  renew: () => Promise<string> = async () => url,
) {
  const result = await check(url);
  expect(result.troubles).toEqual([id]);
  const found = result.finding(id.split(' ')[1] ?? '');
  expect(found.title).toMatch(title);
  if (!id.endsWith('connections')) expect(found.detail).toMatch(acting);
  expect(statementsIn(found.fix)).toEqual(statements);
  const isStored = statements.some((statement) => statement.includes(' SET '));
  expect((found.fix ?? '').includes('RECONNECT')).toBe(acting.source.includes('pooler') && isStored);
  await apply(server, found.fix);
  expect((await check(await renew())).troubles).toEqual([]);
}

describe('a login with SET role, as Vault makes them', () => {
  const loggedIn = async (server: PostgresServer) => {
    const url = await spacelift(server);
    await server.query(`CREATE ROLE login LOGIN NOINHERIT PASSWORD '${PASSWORD}' IN ROLE spacelift`);
    await server.query('ALTER ROLE login SET role = spacelift');
    return url.replace('//spacelift:', '//login:');
  };

  test.for(Object.entries(CASES))('%s', async ([, one]) => {
    const server = await postgres();
    const url = await loggedIn(server);
    await broken(server, one);
    await expectMended(server, url, one, /Role "login" acts as role "spacelift" \(SET role\)\./);
  });

  test('the tables of an installation belong to the role that acts', async () => {
    const server = await postgres();
    const url = await loggedIn(server);
    await install(server);
    expect((await check(url)).troubles).toEqual([]);
    expect((await check(url)).finding('database/connect').evidence).toMatchObject({ user: 'login', role: 'spacelift' });
  });

  test('a database that somebody else uses is replaced by one of the role that acts', async () => {
    const server = await postgres();
    const url = await loggedIn(server);
    await server.query('CREATE TABLE public.foreigner ()', [], 'spacelift');
    const { fix } = (await check(url)).finding('database/dedicated');
    expect(statementsIn(fix)).toEqual([
      'GRANT spacelift TO CURRENT_USER;',
      'CREATE DATABASE spacelift_2 OWNER spacelift;',
    ]);
    await apply(server, fix);
    expect((await check(url.replace(/\w+$/, 'spacelift_2'))).troubles).toEqual([]);
  });
});

describe('a pooler that logs in as another role', () => {
  const behind = async (user: string) => {
    const server = await postgres({ hba: ['host all all all trust'] });
    const url = await spacelift(server);
    await server.query('CREATE ROLE login LOGIN IN ROLE spacelift; ALTER ROLE login SET role = spacelift');
    const pool = async () => {
      const { port } = await started(startPooler({ target: server, mode: 'session', user }));
      return url.replace(`:${server.port}/`, `:${port}/`).replace('//spacelift:', '//client:');
    };
    return { server, pool, url: await pool() };
  };

  test.for(Object.entries(CASES))('which acts as a third one: %s', async ([, one]) => {
    const { server, pool, url } = await behind('login');
    await broken(server, one);
    const acting =
      /A pooler logs in as role "login" for user "client" in DATABASE_URL\. Role "login" acts as role "spacelift"/;
    await expectMended(server, url, one, acting, pool);
  });

  test('which acts itself', async () => {
    const { server, url } = await behind('spacelift');
    await server.query('ALTER ROLE spacelift NOCREATEROLE');
    const { detail } = (await check(url)).finding('database/privileges');
    expect(detail).toBe(
      'A pooler logs in as role "spacelift" for user "client" in DATABASE_URL. Run the fix in database "spacelift" as its administrator.',
    );
  });
});
