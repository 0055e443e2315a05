/** Every place where a database can be made read-only by default, and that the printed statement undoes it there. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PostgresOptions, PostgresServer } from '../../services/postgres.ts';
import { apply, check, installed, PASSWORD, postgres, spacelift, statementsIn, withParameters } from './support.ts';

const NAME = 'default_transaction_read_only';
const ON = `${NAME} = on`;
/** Makes the administrator of a managed service a member of the owner. */
const AS_OWNER = 'BEGIN READ WRITE; GRANT spacelift TO CURRENT_USER; COMMIT;';

interface Place {
  options?: PostgresOptions;
  set?: (server: PostgresServer) => Promise<unknown>;
  source: string;
  says: RegExp;
  statements: readonly string[];
}

const PLACES: Record<string, Place> = {
  'postgresql.conf': {
    options: { settings: { [NAME]: 'on' } },
    source: 'configuration file',
    says: /set by the server configuration\.$/,
    statements: [`ALTER SYSTEM SET ${NAME} = off;`, 'SELECT pg_reload_conf();'],
  },
  'a file that postgresql.conf includes': {
    options: {},
    set: async (server) => {
      await appendFile(join(server.dataDirectory, 'postgresql.conf'), "\ninclude_if_exists 'more.conf'\n");
      await server.query(`COPY (SELECT '${ON}') TO '${join(server.dataDirectory, 'more.conf')}'`);
    },
    source: 'configuration file',
    says: /set by the server configuration\.$/,
    statements: [`ALTER SYSTEM SET ${NAME} = off;`, 'SELECT pg_reload_conf();'],
  },
  'ALTER SYSTEM': {
    set: (server) => server.query(`ALTER SYSTEM SET ${ON}`),
    source: 'configuration file',
    says: /set by the server configuration\.$/,
    statements: [`ALTER SYSTEM SET ${NAME} = off;`, 'SELECT pg_reload_conf();'],
  },
  'ALTER SYSTEM and postgresql.conf': {
    options: { settings: { [NAME]: 'on' } },
    set: (server) => server.query(`ALTER SYSTEM SET ${ON}`),
    source: 'configuration file',
    says: /set by the server configuration\.$/,
    statements: [`ALTER SYSTEM SET ${NAME} = off;`, 'SELECT pg_reload_conf();'],
  },
  'the command line': {
    options: { flags: { [NAME]: 'on' } },
    source: 'command line',
    says: /set by the command line of the server\.$/,
    statements: [AS_OWNER, `BEGIN READ WRITE; ALTER DATABASE spacelift SET ${NAME} = off; COMMIT;`],
  },
  'ALTER ROLE ALL': {
    options: {},
    set: (server) => server.query(`ALTER ROLE ALL SET ${ON}`),
    source: 'global',
    says: /set by a setting for all roles\.$/,
    statements: [`BEGIN READ WRITE; ALTER ROLE ALL RESET ${NAME}; COMMIT;`],
  },
  'ALTER DATABASE': {
    set: (server) => server.query(`ALTER DATABASE spacelift SET ${ON}`),
    source: 'database',
    says: /set by a database setting\.$/,
    statements: [AS_OWNER, `BEGIN READ WRITE; ALTER DATABASE spacelift RESET ${NAME}; COMMIT;`],
  },
  'ALTER ROLE': {
    set: (server) => server.query(`ALTER ROLE spacelift SET ${NAME} = yes`),
    source: 'user',
    says: /set by a role setting\.$/,
    statements: [`ALTER ROLE spacelift RESET ${NAME};`],
  },
  'ALTER ROLE IN DATABASE': {
    set: (server) => server.query(`ALTER ROLE spacelift IN DATABASE spacelift SET ${NAME} = 1`),
    source: 'database user',
    says: /set by a role setting in this database\.$/,
    statements: [`ALTER ROLE spacelift IN DATABASE spacelift RESET ${NAME};`],
  },
  'all of the catalog at once': {
    options: {},
    set: async (server) => {
      for (const whose of ['ALL', 'spacelift', 'spacelift IN DATABASE spacelift'])
        await server.query(`BEGIN READ WRITE; ALTER ROLE ${whose} SET ${ON}; COMMIT`);
      await server.query(`BEGIN READ WRITE; ALTER DATABASE spacelift SET ${ON}; COMMIT`);
    },
    source: 'database user',
    says: /set by a role setting in this database\.$/,
    statements: [
      AS_OWNER,
      `BEGIN READ WRITE; ALTER ROLE spacelift IN DATABASE spacelift RESET ${NAME}; COMMIT;`,
      `BEGIN READ WRITE; ALTER ROLE spacelift RESET ${NAME}; COMMIT;`,
      `BEGIN READ WRITE; ALTER DATABASE spacelift RESET ${NAME}; COMMIT;`,
      `BEGIN READ WRITE; ALTER ROLE ALL RESET ${NAME}; COMMIT;`,
    ],
  },
  'a role, whose database is hidden by the role’s own setting': {
    set: async (server) => {
      await server.query(`ALTER DATABASE spacelift SET ${ON}`);
      await server.query(`ALTER ROLE spacelift SET ${NAME} = off`);
      await server.query(`ALTER ROLE spacelift IN DATABASE spacelift SET ${ON}`);
    },
    source: 'database user',
    says: /set by a role setting in this database\.$/,
    statements: [`BEGIN READ WRITE; ALTER ROLE spacelift IN DATABASE spacelift RESET ${NAME}; COMMIT;`],
  },
};

describe('the printed statements undo it', () => {
  test.for(Object.entries(PLACES))('%s', async ([, { options, set, source, says, statements }]) => {
    const { server, url } = await installed(options);
    await set?.(server);
    await server.reload();
    const result = await check(url);
    expect(result.troubles).toEqual(['fail database/writable']);
    const { fix, fixKind, detail, evidence } = result.finding('database/writable');
    expect([fixKind, evidence]).toEqual(['command', { source }]);
    expect(detail).toMatch(says);
    expect(result.ids('skip')).toEqual(['database/privileges', 'database/create-table', 'message-queues/postgres']);
    expect(statementsIn(fix)).toEqual(statements);
    await apply(server, fix);
    await server.reload();
    expect((await check(url)).troubles).toEqual([]);
  });
});

test('a role that is allowed to see it is told the file', async () => {
  const { server } = await installed({ settings: { [NAME]: 'on' } });
  const result = await check(server.url({ database: 'spacelift' }));
  expect(result.finding('database/writable').detail).toContain(join(server.dataDirectory, 'postgresql.conf'));
});

test('an administrator of the files has to do it where ALTER SYSTEM is not allowed', async () => {
  const { url } = await installed({ version: 17, settings: { [NAME]: 'on', allow_alter_system: 'off' } });
  const { fix, fixKind } = (await check(url)).finding('database/writable');
  expect(fixKind).toBe('advice');
  expect(fix).toMatch(new RegExp(`^set ${NAME} = off in postgresql\\.conf, as an administrator of the server’s files`));
});

test('a superuser of Spacelift’s own', async () => {
  const { server } = await installed();
  await server.query(`ALTER DATABASE spacelift SET ${ON}`);
  const url = server.url({ database: 'spacelift' });
  await apply(server, (await check(url)).finding('database/writable').fix);
  expect((await check(url)).troubles).toEqual([]);
});

describe('in the URL', () => {
  const parameters = {
    'as a parameter': { [NAME]: 'on' },
    'in options': { options: `-c ${NAME}=on` },
    'in options, as a long one': { options: '--default-transaction-read-only=on' },
  };
  test.for(Object.entries(parameters))('%s', async ([, named]) => {
    const { server, url } = await installed();
    const result = await check(withParameters(url, named));
    expect(result.troubles).toEqual(['fail database/writable']);
    expect(result.finding('database/writable')).toMatchObject({
      fix: `remove ${NAME} from DATABASE_URL`,
      detail: `${NAME} is on, set by a parameter in DATABASE_URL.`,
    });
    // What would take effect without it is part of the fix.
    await server.query(`ALTER ROLE spacelift SET ${ON}`);
    expect((await check(withParameters(url, named))).finding('database/writable').fix).toBe(
      `remove ${NAME} from DATABASE_URL, and run: ALTER ROLE spacelift RESET ${NAME};`,
    );
  });
});

test('a login that acts as another role: settings are those of the login', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  await server.query(`CREATE ROLE login LOGIN PASSWORD '${PASSWORD}'; GRANT spacelift TO login`);
  await server.query(`ALTER ROLE login SET role = spacelift; ALTER ROLE login SET ${ON}`);
  const asLogin = url.replace('//spacelift:', '//login:');
  const found = (await check(asLogin)).finding('database/writable');
  expect(found).toMatchObject({
    fix: `ALTER ROLE login RESET ${NAME};`,
    detail: `${NAME} is on, set by a role setting. Role "login" acts as role "spacelift" (SET role).`,
  });
  await apply(server, found.fix);
  expect((await check(asLogin)).troubles).toEqual([]);
});
