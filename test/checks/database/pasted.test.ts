/** Statements that a report prints do what they say, to exactly the role and database that they are about. */
import pg from 'pg';
import { expect, test } from 'vitest';
import type { Role, Server } from '../../../checks/database/facts.ts';
import { judgePrivileges } from '../../../checks/database/privileges.ts';
import { postgres } from './support.ts';

const HOSTILE = [
  'spacelift',
  'Spacelift',
  'select',
  'a"; DROP ROLE bystander; --',
  `a'b`,
  '$(touch x)',
  '`id`',
  'back\\slash',
  '-o',
  'ünï"cödé\\',
  '😀',
  'U&"x"',
  '::set-output',
];

const lacking = (name: string): Role => ({
  name,
  superuser: false,
  createRole: false,
  inherits: true,
  createInDatabase: false,
  publicExists: true,
  createInPublic: false,
  validDays: null,
});
const fixOf = (name: string, database: string) => {
  const found = judgePrivileges(lacking(name), { database } as Server, undefined);
  return 'fix' in found ? found.fix : undefined;
};

test('whatever the role and the database are called', async () => {
  const server = await postgres();
  await server.query('CREATE ROLE bystander');
  for (const name of HOSTILE) {
    const quoted = pg.escapeIdentifier(name);
    await server.query(`CREATE ROLE ${quoted}`);
    await server.query(`CREATE DATABASE ${quoted}`);
    const fix = fixOf(name, name);
    expect(fix).toMatchObject({ kind: 'command', language: 'sql', text: expect.stringMatching(/^[\n -~]*$/) });
    for (const statement of fix?.text.split('\n') ?? []) await server.query(statement, [], name);
    const may = `SELECT rolcreaterole AS roles, has_database_privilege(rolname, $1, 'CREATE') AS schemas,
      has_schema_privilege(rolname, 'public', 'CREATE') AS tables FROM pg_roles WHERE rolname = $1`;
    expect(await server.query(may, [name], name)).toEqual([{ roles: true, schemas: true, tables: true }]);
  }
  const others = `SELECT rolname FROM pg_roles WHERE rolcreaterole AND NOT rolsuper ORDER BY 1`;
  const changed = (await server.query<{ rolname: string }>(others)).map(({ rolname }) => rolname);
  expect(new Set(changed)).toEqual(new Set(HOSTILE));
  expect(await server.query(`SELECT FROM pg_roles WHERE rolname = 'bystander'`)).toHaveLength(1);
});

test('a name that no statement can be given is done by hand', () => {
  for (const name of ['a\nb', 'a\u2028b', 'a\u202eb', '\u0007', '']) {
    expect(fixOf(name, 'spacelift')?.kind).toBe('advice');
    expect(fixOf(name, 'spacelift')?.text).not.toContain('ALTER');
  }
});
