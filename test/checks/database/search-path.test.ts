/** Where an unqualified CREATE TABLE leads, and that the printed statements lead it to where the role can create tables. */
import { describe, expect, test } from 'vitest';
import { apply, check, install, installed, managed, postgres, statementsIn, withParameters } from './support.ts';

const ID = 'database/settings';
const GRANT = 'GRANT CREATE ON SCHEMA spacelift TO spacelift;';
const PUBLIC = 'ALTER ROLE spacelift IN DATABASE spacelift SET search_path = public;';
const DEFAULT = 'ALTER ROLE spacelift IN DATABASE spacelift SET search_path = "$user", public;';
/** Somebody else's schema with the name of the role, which the role can look into. */
const CLOSED = 'CREATE SCHEMA spacelift; GRANT USAGE ON SCHEMA spacelift TO spacelift';

const CASES: Record<string, { sql: string; statements: readonly string[]; installedIn?: string }> = {
  'the default path, to a closed schema named like the role': { sql: CLOSED, statements: [GRANT] },
  'the same path, set for the role': {
    sql: `${CLOSED}; ALTER ROLE spacelift SET search_path = "$user", public`,
    statements: [GRANT],
  },
  'the same path, set for the role in the database': {
    sql: `${CLOSED}; ALTER ROLE spacelift IN DATABASE spacelift SET search_path = "$user", public`,
    statements: [GRANT],
  },
  'the same path, set for the database': {
    sql: `${CLOSED}; ALTER DATABASE spacelift SET search_path = "$user", public`,
    statements: [GRANT],
  },
  'the schema by its name': { sql: `${CLOSED}; ALTER ROLE ALL SET search_path = spacelift`, statements: [GRANT] },
  'a closed schema named like the role, and Spacelift’s tables in it': {
    sql: CLOSED,
    statements: [GRANT],
    installedIn: 'spacelift',
  },
  'a closed schema named like the role, and Spacelift’s tables in public': {
    sql: CLOSED,
    statements: [PUBLIC],
    installedIn: 'public',
  },
  'nowhere, with a closed schema named like the role': {
    sql: `${CLOSED}; ALTER ROLE spacelift SET search_path = nowhere`,
    statements: [PUBLIC],
  },
  'another closed schema, with one named like the role': {
    sql: `${CLOSED}; CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO spacelift; ALTER ROLE spacelift SET search_path = other`,
    statements: [PUBLIC],
  },
  'another closed schema': {
    sql: 'CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO spacelift; ALTER ROLE spacelift SET search_path = other',
    statements: [DEFAULT],
  },
  'Spacelift’s tables in a schema that the role can’t look into': {
    sql: 'CREATE SCHEMA app; ALTER ROLE spacelift SET search_path = app',
    statements: ['GRANT USAGE, CREATE ON SCHEMA app TO spacelift;'],
    installedIn: 'app',
  },
  'Spacelift’s tables in a schema in which the role can’t create more': {
    sql: 'CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO spacelift; ALTER DATABASE spacelift SET search_path = app',
    statements: ['GRANT CREATE ON SCHEMA app TO spacelift;'],
    installedIn: 'app',
  },
  'nowhere, with Spacelift’s tables in a schema of its own': {
    sql: 'CREATE SCHEMA app AUTHORIZATION spacelift; ALTER ROLE spacelift SET search_path = nowhere',
    statements: ['ALTER ROLE spacelift IN DATABASE spacelift SET search_path = app;'],
    installedIn: 'app',
  },
  'the system catalog': { sql: 'ALTER ROLE spacelift SET search_path = pg_catalog, public', statements: [DEFAULT] },
};

test.for(Object.entries(CASES))('%s', async ([, { sql, statements, installedIn }]) => {
  const { server, url } = await installed(sql.includes('ROLE ALL') ? {} : undefined);
  for (const one of sql.split('; ')) await server.query(one, [], 'spacelift');
  if (installedIn !== undefined) await install(server, { schema: installedIn });
  const result = await check(url);
  expect(result.troubles).toEqual([`warn ${ID}`]);
  expect(statementsIn(result.finding(ID).fix)).toEqual(statements);
  await apply(server, result.finding(ID).fix);
  expect((await check(url)).troubles).toEqual([]);
});

test('a schema of another role, with Spacelift’s tables, is the fault of the owner alone', async () => {
  const { server, url } = await installed();
  await server.query('CREATE ROLE old; CREATE SCHEMA app AUTHORIZATION old', [], 'spacelift');
  await server.query('ALTER ROLE spacelift SET search_path = app', [], 'spacelift');
  await install(server, { schema: 'app', owner: 'old' });
  const result = await check(url);
  expect(result.troubles).toEqual(['fail database/ownership']);
  await apply(server, result.finding('database/ownership').fix);
  expect((await check(url)).troubles).toEqual([]);
});

test('the owner of the schema is named, and the other choice', async () => {
  const { server, url } = await installed();
  await server.query('CREATE ROLE team; CREATE SCHEMA spacelift AUTHORIZATION team', [], 'spacelift');
  await server.query('GRANT USAGE ON SCHEMA spacelift TO spacelift', [], 'spacelift');
  const { fix } = (await check(url)).finding(ID);
  expect(fix).toMatch(/^-- run it as role team, which owns the schema/m);
  expect(fix).toContain('ALTER ROLE spacelift IN DATABASE spacelift SET search_path = public');
});

test('as the administrator of a managed service, who owns the schema', async () => {
  const server = await postgres();
  const { master, url } = await managed(server);
  await server.query(`${CLOSED}; ALTER SCHEMA spacelift OWNER TO master`, [], 'spacelift');
  await apply(server, (await check(url)).finding(ID).fix, master);
  expect((await check(url)).troubles).toEqual([]);
});

describe('in the URL', () => {
  test('it is removed, and what takes effect then is changed', async () => {
    const { server, url } = await installed();
    const nowhere = withParameters(url, { search_path: 'nowhere' });
    expect((await check(nowhere)).finding(ID).fix).toBe('remove search_path from DATABASE_URL');
    await server.query(CLOSED, [], 'spacelift');
    const { fix } = (await check(nowhere)).finding(ID);
    expect(fix).toBe(`${PUBLIC}\n-- remove search_path from DATABASE_URL`);
    await apply(server, fix);
    expect((await check(url)).troubles).toEqual([]);
  });
});

test('schemas that the role can’t look into are passed over, and its own can be used', async () => {
  const { server, url } = await installed();
  await server.query('CREATE SCHEMA spacelift', [], 'spacelift');
  expect((await check(url)).troubles).toEqual([]);
  await server.query('ALTER SCHEMA spacelift OWNER TO spacelift', [], 'spacelift');
  expect((await check(url)).troubles).toEqual([]);
});
