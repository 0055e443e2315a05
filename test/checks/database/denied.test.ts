/** Whatever the role is not allowed to read is not verified, with the permission that is missing; nothing is broken by that. */
import { expect, test } from 'vitest';
import type { PostgresServer } from '../../services/postgres.ts';
import { apply, check, install, installed, PASSWORD, postgres, spacelift, withParameters } from './support.ts';

interface CatalogObject {
  readonly name: string;
  /** With its arguments, quoted. */
  readonly signatures: readonly string[];
  readonly isFunction: boolean;
}

/** Every catalog, view and function of the server that a run's statements name, according to the server's own log. */
async function objectsUsed(server: PostgresServer): Promise<CatalogObject[]> {
  const all = server
    .logs()
    .split(/LOG: {2}statement: /)
    .slice(1);
  const isTrial = (statement: string) => /spacelift_preflight_|^(BEGIN|ROLLBACK)/.test(statement);
  // What is cast to `regclass` is only named, and not read.
  const statements = all
    .filter((statement) => !isTrial(statement))
    .map((statement) => statement.replace(/'\w+'::regclass/g, ''));
  const words = [...new Set(statements.flatMap((statement) => statement.match(/[a-z_]+/g) ?? []))];
  const sql = `SELECT relname AS name, false AS "isFunction", ARRAY['pg_catalog.' || relname] AS signatures FROM pg_class
      WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND relname = ANY ($1)
    UNION ALL SELECT proname, true, array_agg('pg_catalog.' || oid::regprocedure::text) FROM pg_proc
      WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ($2) GROUP BY proname ORDER BY 1`;
  // What the test table needs, Spacelift needs: without it, the failure is real.
  const isCalled = (word: string) => (statement: string) => statement.includes(`${word}(`);
  const called = words.filter((word) => statements.some(isCalled(word)) && !all.filter(isTrial).some(isCalled(word)));
  return server.query<CatalogObject>(sql, [words, called]);
}

test('every catalog, view and function that a run reads', { timeout: 120_000 }, async () => {
  const server = await postgres({ settings: { log_statement: 'all', log_destination: 'stderr' } });
  const url = await spacelift(server);
  await install(server);
  const reading = { DATABASE_READ_ONLY_URL: withParameters(url, { application_name: 'reading' }) };
  expect((await check(url, reading)).troubles).toEqual([]);
  const objects = await objectsUsed(server);
  const names = objects.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['pg_stat_activity', 'pg_settings', 'pg_roles', 'pg_class', 'version']));

  const onlyForFixes: string[] = [];
  for (const { name, signatures, isFunction } of objects) {
    const what = isFunction ? `EXECUTE ON FUNCTION ${signatures}` : `SELECT ON ${signatures}`;
    await server.query(`REVOKE ${what} FROM PUBLIC`, [], 'spacelift');
    const result = await check(url, reading);
    expect([result.ids('fail'), result.ids('warn')], name).toEqual([[], []]);
    const permission = `${isFunction ? 'EXECUTE' : 'SELECT'} on ${name}`;
    const skips = result.findings.filter(({ status }) => status === 'skip');
    if (skips.length === 0) onlyForFixes.push(name);
    for (const { title } of skips) expect(title).toBe(`not verified: role "spacelift" lacks ${permission}`);
    const [first] = skips;
    if (!isFunction && first !== undefined) {
      expect(first.fix).toBe(`GRANT SELECT ON pg_catalog.${name} TO spacelift;`);
      await apply(server, first.fix);
      expect((await check(url, reading)).troubles, name).toEqual([]);
      await server.query(`REVOKE ${what} FROM spacelift`, [], 'spacelift');
    }
    await server.query(`GRANT ${what} TO PUBLIC`, [], 'spacelift');
  }
  expect(onlyForFixes).toEqual(['pg_db_role_setting', 'strpos', 'substr', 'unnest']);
  expect((await check(url, reading)).troubles).toEqual([]);
});

test('a function that a view calls', async () => {
  const { server, url } = await installed({});
  await server.query('REVOKE EXECUTE ON FUNCTION pg_show_all_settings() FROM PUBLIC', [], 'spacelift');
  expect((await check(url)).finding('database/settings').title).toBe(
    'not verified: role "spacelift" lacks EXECUTE on pg_show_all_settings',
  );
});

test('the role of the other URL is named, where it is another', async () => {
  const { server, url } = await installed({});
  await server.query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`);
  await server.query(
    'REVOKE SELECT ON pg_database FROM PUBLIC; GRANT SELECT ON pg_database TO spacelift',
    [],
    'spacelift',
  );
  const reading = { DATABASE_READ_ONLY_URL: url.replace('//spacelift:', '//reader:') };
  const result = await check(url, reading);
  expect(result.troubles).toEqual(['skip database/read-only']);
  const { title, fix } = result.finding('database/read-only');
  expect(title).toBe('not verified: role "reader" lacks SELECT on pg_database');
  await apply(server, fix);
  expect((await check(url, reading)).troubles).toEqual([]);
});

test('a failure is still a failure, without what would improve its fix', async () => {
  const { server, url } = await installed({});
  await server.query('REVOKE SELECT ON pg_settings, pg_db_role_setting FROM PUBLIC', [], 'spacelift');
  await server.query('ALTER ROLE spacelift SET default_transaction_read_only = on');
  const result = await check(url);
  expect(result.ids('fail')).toEqual(['database/writable']);
  expect(result.finding('database/writable')).toMatchObject({
    fixKind: 'advice',
    detail: expect.stringContaining('a source that the role is not allowed to read'),
  });
});

test('a role that is not allowed to use the catalog can’t create tables either, which is one failure', async () => {
  const { server, url } = await installed();
  await server.query('REVOKE USAGE ON SCHEMA pg_catalog FROM PUBLIC', [], 'spacelift');
  const result = await check(url);
  expect([result.ids('fail'), result.ids('warn')]).toEqual([['database/create-table'], []]);
  expect(result.finding('database/create-table').title).toBe(
    'role "spacelift" could not create a table in schema public (SQLSTATE 42501)',
  );
});
