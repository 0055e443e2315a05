/** Parameters that are no driver's, and settings that the server rejects: the server's own cause, and the form for pgx. */
import { expect, test } from 'vitest';
import { NEWER, OLDER } from '../../../checks/database/drivers.ts';
import { meant } from '../../../checks/database/parameters.ts';
import { check, expectOne, postgres, spacelift, withParameters } from './support.ts';

/** By the parameter: its client, and the fix. */
const FOREIGN: Record<string, [value: string, of: string, fix: string]> = {
  schema: ['public', 'Prisma', 'replace schema with search_path=public in DATABASE_URL'],
  pgbouncer: ['true', 'Prisma', 'remove pgbouncer from DATABASE_URL'],
  connection_limit: ['1', 'Prisma', 'replace connection_limit with pool_max_conns=1 in DATABASE_URL'],
  sslaccept: ['strict', 'Prisma', 'replace sslaccept with sslmode=verify-full in DATABASE_URL'],
  currentSchema: ['a,b', 'the JDBC driver', 'replace currentSchema with search_path=a,b in DATABASE_URL'],
  targetServerType: ['primary', 'the JDBC driver', 'replace targetServerType with target_session_attrs=primary'],
  reWriteBatchedInserts: ['true', 'the JDBC driver', 'remove reWriteBatchedInserts from DATABASE_URL'],
  keepalives: ['1', 'libpq', 'remove keepalives from DATABASE_URL'],
  gssencmode: ['disable', 'libpq', 'remove gssencmode from DATABASE_URL'],
  scram_client_key: ['c2VjcmV0LTha', 'libpq', 'remove scram_client_key from DATABASE_URL'],
  binary_parameters: ['yes', 'lib/pq', 'remove binary_parameters from DATABASE_URL'],
  prefer_simple_protocol: [
    'true',
    'pgx 4',
    'replace prefer_simple_protocol with default_query_exec_mode=simple_protocol in DATABASE_URL',
  ],
  statement_cache_mode: ['describe', 'pgx 4', 'with default_query_exec_mode=cache_describe'],
  uselibpqcompat: ['true', 'node-postgres', 'remove uselibpqcompat from DATABASE_URL'],
};

test('parameters of other clients are named as such, with the form for pgx or their removal', async () => {
  const url = await spacelift(await postgres());
  for (const [name, [value, of, fix]] of Object.entries(FOREIGN)) {
    const found = expectOne(await check(withParameters(url, { [name]: value })));
    expect(found.title).toContain(`${name} in DATABASE_URL is a parameter of ${of}`);
    expect(found.fix).toContain(fix);
  }
});

test('a value that could be a secret is not repeated', async () => {
  const url = withParameters(await spacelift(await postgres()), { schema: 'hunter2 hunter2' });
  const { text } = await check(url);
  expect(text).not.toContain('hunter2');
});

test.each([
  ['sslmod', 'sslmode'],
  ['aplication_name', 'application_name'],
  ['serch_path', 'search_path'],
  ['pool_max_con', 'pool_max_conns'],
  ['schema', undefined],
  ['keepalives', undefined],
  ['foo', undefined],
  ['x', undefined],
])('%s is meant as %s', (name, expected) => {
  expect(meant(name)).toBe(expected);
});

/** By the parameters: what the finding must say, and must not. */
const OWN_CAUSE: Record<string, [parameters: Record<string, string>, title: RegExp, fix: RegExp]> = {
  'an unknown setting in options': [
    { options: '-c foo=1' },
    /rejected the parameter foo in the parameter options in DATABASE_URL$/,
    /correct or remove foo/,
  ],
  'a long option': [
    { options: '--work_mem=soon' },
    /rejected the value of work_mem in the parameter options/,
    /work_mem/,
  ],
  'options that are none': [{ options: 'x' }, /could not read the parameter options/, /options/],
  'a setting of the server alone': [
    { shared_buffers: '1MB' },
    /does not allow a session to set shared_buffers/,
    /remove/,
  ],
  'a setting for superusers': [
    { log_statement: 'all' },
    /is not permitted to set log_statement/,
    /remove log_statement/,
  ],
  'a role that does not exist': [
    { role: 'nobody' },
    /^role "nobody", which role in DATABASE_URL names, does not exist/,
    /CREATE ROLE nobody;/,
  ],
  'a role that it is no member of': [
    { role: 'postgres' },
    /^role "spacelift" is not permitted to act as role "postgres"/,
    /^GRANT postgres TO spacelift;$/,
  ],
  'a role in options that it is no member of': [
    { options: '-c work_mem=8MB -c role=postgres' },
    /^role "spacelift" is not permitted to act as role "postgres"/,
    /^GRANT postgres TO spacelift;$/,
  ],
};

test.for(Object.entries(OWN_CAUSE))('%s', async ([, [parameters, title, fix]]) => {
  const found = expectOne(await check(withParameters(await spacelift(await postgres()), parameters)));
  expect(found.title).toMatch(title);
  expect(found.fix).toMatch(fix);
});

test('a role that is not permitted to log in is the cause, not the parameter role', async () => {
  const server = await postgres();
  const url = withParameters(await spacelift(server), { role: 'spacelift' });
  await server.query('ALTER ROLE spacelift NOLOGIN');
  const { title, fix } = expectOne(await check(url));
  expect(title).toMatch(/^role "spacelift" is not permitted to log in at /);
  expect(fix).toBe('ALTER ROLE spacelift LOGIN;');
});

test('every parameter that the older version knows is known to the newer one', () => {
  expect(Object.keys(NEWER.parameters)).toEqual(expect.arrayContaining(Object.keys(OLDER.parameters)));
});
