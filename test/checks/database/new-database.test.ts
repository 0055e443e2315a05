/** Databases that can't be used as they are, and that the printed statements create one that can. */
import { describe, expect, test } from 'vitest';
import type { PostgresServer } from '../../services/postgres.ts';
import { apply, check, install, installed, managed, PASSWORD, postgres, statementsIn } from './support.ts';

const GRANT = 'GRANT spacelift TO CURRENT_USER;';
/** Whether the release is supported has nothing to do with it. */
const others = (troubles: readonly string[]) => troubles.filter((trouble) => !trouble.endsWith(' database/version'));

/** Runs the fix, as the superuser or another administrator, and checks the database that it creates. */
async function mend(server: PostgresServer, url: string, fix: string | undefined, as?: string) {
  await apply(server, fix, as);
  const [, name] = /CREATE DATABASE (\w+)/.exec(fix ?? '') ?? [];
  return check(url.replace(/\/\w+$/, `/${name}`));
}

const foreigner = (server: PostgresServer) => server.query('CREATE TABLE public.foreigner ()', [], 'spacelift');
const latin = async (server: PostgresServer, url: string) => {
  await server.query(`CREATE DATABASE latin OWNER spacelift ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  return url.replace(/\/\w+$/, '/latin');
};

describe('dedicated', () => {
  const ID = 'database/dedicated';

  test('as the superuser, with the first name that is free', async () => {
    const { server, url } = await installed();
    await server.query('CREATE DATABASE spacelift_2');
    await foreigner(server);
    const { fix } = (await check(url)).finding(ID);
    expect(statementsIn(fix)).toEqual([GRANT, 'CREATE DATABASE spacelift_3 OWNER spacelift;']);
    expect((await mend(server, url, fix)).troubles).toEqual([]);
  });

  test.for([14, 16, 17, 18] as const)('as the administrator of a managed service, PostgreSQL %i', async (version) => {
    const server = await postgres({ version });
    const { master, url } = await managed(server);
    await foreigner(server);
    const result = await check(url);
    expect(others(result.troubles)).toEqual([`warn ${ID}`]);
    const { fix } = result.finding(ID);
    expect(statementsIn(fix)).toEqual([GRANT, 'CREATE DATABASE spacelift_2 OWNER spacelift;']);
    expect(others((await mend(server, url, fix, master)).troubles)).toEqual([]);
  });

  test.for(['the role itself', 'the superuser', 'another administrator'] as const)(
    'a role that can create databases: %s runs it',
    async (who) => {
      const server = await postgres();
      const { master, url } = await managed(server);
      await server.query('ALTER ROLE spacelift CREATEDB');
      await foreigner(server);
      const { fix } = (await check(url)).finding(ID);
      const as = { 'the role itself': url, 'the superuser': undefined, 'another administrator': master }[who];
      expect((await mend(server, url, fix, as)).troubles).toEqual([]);
    },
  );

  test('a superuser of Spacelift’s own', async () => {
    const { server } = await installed();
    await server.query(
      'CREATE ROLE other; CREATE TABLE public.a (); ALTER TABLE public.a OWNER TO other',
      [],
      'spacelift',
    );
    const url = server.url({ database: 'spacelift' });
    const { fix } = (await check(url)).finding(ID);
    expect((await mend(server, url, fix)).troubles).toEqual([]);
  });

  test('a login that acts as another role, in this database alone', async () => {
    const { server, url } = await installed();
    await server.query(`CREATE ROLE login LOGIN PASSWORD '${PASSWORD}'; GRANT spacelift TO login`);
    const asLogin = url.replace('//spacelift:', '//login:');
    for (const whose of ['ROLE login IN DATABASE spacelift', 'DATABASE spacelift']) {
      await foreigner(server);
      await server.query(`ALTER ${whose} SET role = spacelift`);
      const { fix } = (await check(asLogin)).finding(ID);
      expect(statementsIn(fix)).toContain(`ALTER ${whose.replace(/spacelift$/, 'spacelift_2')} SET role = spacelift;`);
      // In the database itself, the superuser would act as that role too.
      for (const statement of statementsIn(fix)) await server.query(statement);
      expect((await check(asLogin.replace(/\/\w+$/, '/spacelift_2'))).troubles).toEqual([]);
      await server.query(`ALTER ${whose} RESET role`);
      await server.query('DROP DATABASE spacelift_2');
      await server.query('DROP TABLE public.foreigner', [], 'spacelift');
    }
  });
});

describe('encoding', () => {
  const ID = 'database/encoding';

  test('as the superuser', async () => {
    const { server, url } = await installed();
    const { fix } = (await check(await latin(server, url))).finding(ID);
    expect(statementsIn(fix)).toEqual([
      GRANT,
      `CREATE DATABASE spacelift_2 ENCODING 'UTF8' TEMPLATE template0 OWNER spacelift;`,
    ]);
    expect((await mend(server, url, fix)).troubles).toEqual([]);
  });

  test('as the administrator of a managed service', async () => {
    const server = await postgres();
    const { master, url } = await managed(server);
    const { fix } = (await check(await latin(server, url))).finding(ID);
    expect((await mend(server, url, fix, master)).troubles).toEqual([]);
  });
});

test('a missing database, as the administrator of a managed service', async () => {
  const server = await postgres();
  const { master, url } = await managed(server);
  const missing = url.replace(/\/\w+$/, '/missing');
  const { fix } = (await check(missing)).finding('database/connect');
  await apply(server, fix, master);
  expect((await check(missing)).troubles).toEqual([]);
});

describe('tables with names of Spacelift’s', () => {
  const ID = 'database/dedicated';
  const named = 'are not Spacelift’s';
  const cases: Record<string, { sql: string; title: string; detail: string }> = {
    'accounts of another role': {
      sql: 'CREATE TABLE public.accounts ()',
      title: 'database "spacelift" contains 1 table owned by other roles',
      detail: 'public.accounts is not Spacelift’s',
    },
    'accounts of another role, in another schema': {
      sql: 'CREATE SCHEMA app; CREATE TABLE app.accounts ()',
      title: 'database "spacelift" contains 1 table owned by other roles',
      detail: 'app.accounts is not Spacelift’s',
    },
    'accounts of the role itself': {
      sql: 'CREATE TABLE public.accounts (); ALTER TABLE public.accounts OWNER TO spacelift',
      title: 'database "spacelift" contains public.accounts of another application',
      detail: 'public.accounts is not Spacelift’s',
    },
    'a queue of the role itself, in another schema': {
      sql: 'CREATE SCHEMA app; CREATE TABLE app.message_queue_messages (); ALTER TABLE app.message_queue_messages OWNER TO spacelift',
      title: 'database "spacelift" contains app.message_queue_messages of another application',
      detail: 'app.message_queue_messages is not Spacelift’s',
    },
    'both, in two schemas': {
      sql: 'CREATE SCHEMA app; CREATE TABLE app.accounts (); CREATE TABLE public.message_queue_messages ()',
      title: 'database "spacelift" contains 2 tables owned by other roles',
      detail: `app.accounts, public.message_queue_messages ${named}`,
    },
  };
  test.for(Object.entries(cases))('%s', async ([, { sql, title, detail }]) => {
    const { server, url } = await installed();
    await server.query(sql, [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual([`warn ${ID}`]);
    expect(result.finding(ID)).toMatchObject({ title, detail: expect.stringContaining(detail) });
    expect((await mend(server, url, result.finding(ID).fix)).troubles).toEqual([]);
  });

  test('both in one schema are an installation, whatever the role is allowed to do with them', async () => {
    for (const owner of ['spacelift', 'postgres']) {
      const { server, url } = await installed(owner === 'postgres' ? {} : undefined);
      await install(server, { schema: 'app', owner });
      await server.query('CREATE TABLE public.accounts ()', [], 'spacelift');
      expect((await check(url)).finding(ID)).toMatchObject({
        status: 'pass',
        title: 'database "spacelift" contains Spacelift’s tables',
      });
    }
  });
});
