import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { transactionIssue } from '../../../checks/database/rolled-back-transaction.ts';
import { ServerError } from '../../../checks/database/server-error.ts';
import { startPooler } from '../../services/pooler.ts';
import type { PostgresOptions } from '../../services/postgres.ts';
import { check, install, installed, postgres, spacelift, started, withParameters } from './support.ts';

describe('pooler', () => {
  const behind = async (mode: 'session' | 'transaction') => {
    const server = await postgres({ hba: ['host all all all trust'] });
    const url = await spacelift(server);
    const pooler = await started(startPooler({ target: server, mode }));
    return { server, url: url.replace(`:${server.port}/`, `:${pooler.port}/`) };
  };

  test('in transaction mode', async () => {
    const { server, url } = await behind('transaction');
    const result = await check(url);
    expect(result.troubles).toEqual(['warn database/pooler']);
    expect(
      await server.query(`SELECT relname FROM pg_class WHERE relname LIKE 'spacelift_pre%'`, [], 'spacelift'),
    ).toEqual([]);
  });

  test('in session mode', async () => {
    const { url } = await behind('session');
    const result = await check(url);
    expect(result.troubles).toEqual([]);
    expect(result.finding('database/pooler').evidence).toEqual({ transactionPooler: false });
  });

  test('one that refuses a parameter', async () => {
    const { url } = await behind('transaction');
    const result = await check(withParameters(url, { statement_timeout: '0' }));
    expect(result.troubles).toEqual(['fail database/connect']);
    expect(result.finding('database/connect').fix).toContain('ignore_startup_parameters = statement_timeout');
  });

  test('none opens no second session', async () => {
    const { server, url } = await installed({ settings: { log_connections: 'on' } });
    await check(url);
    expect(server.logs().match(/connection authorized: user=spacelift/g)).toHaveLength(1);
  });
});

describe('connections', () => {
  const cases: Record<string, [string, string]> = {
    'ALTER ROLE spacelift CONNECTION LIMIT 20': ['only 19', 'ALTER ROLE spacelift CONNECTION LIMIT -1;'],
    'ALTER DATABASE spacelift CONNECTION LIMIT 20': [
      'only 19',
      'GRANT spacelift TO CURRENT_USER;\nALTER DATABASE spacelift CONNECTION LIMIT -1;',
    ],
  };
  const hold = async (url: string) => {
    const { default: pg } = await import('pg');
    const client = new pg.Client(url);
    await client.connect();
    onTestFinished(() => client.end());
  };

  test.for(Object.entries(cases))('%s', async ([statement, [title, fix]]) => {
    const { server, url } = await installed();
    await server.query(statement);
    expect((await check(url)).troubles).toEqual([]);
    await hold(url);
    const result = await check(url);
    expect(result.troubles).toEqual(['warn database/connections']);
    expect(result.finding('database/connections')).toMatchObject({ title: expect.stringContaining(title), fix });
    // A running Spacelift's own sessions are what the limit is there for.
    await install(server);
    expect((await check(url)).troubles).toEqual([]);
  });

  test.for([
    [23, 'pass'],
    [22, 'warn'],
  ] as const)('max_connections = %i, of which 3 are reserved', async ([maximum, status]) => {
    const { url, server } = await installed({ settings: { max_connections: String(maximum) } });
    expect((await check(url)).finding('database/connections').status).toBe(status);
    expect((await check(server.url())).finding('database/connections').status).toBe('pass');
  });
});

describe('a small max_connections', () => {
  const STATEMENT = /^ALTER SYSTEM SET max_connections = 100;\n-- restart the server, on a managed service/;
  const fixOf = async (options: PostgresOptions) => {
    const { url } = await installed(options);
    const result = await check(url);
    expect(result.troubles.filter((trouble) => !trouble.endsWith('/version'))).toEqual(['warn database/connections']);
    return result.finding('database/connections').fix;
  };

  test('in a file', async () => {
    expect(await fixOf({ settings: { max_connections: '20' } })).toMatch(STATEMENT);
  });
  test('on the command line, which outranks the files', async () => {
    expect(await fixOf({ flags: { max_connections: '20' } })).toBe(
      'as an administrator of the server, set max_connections=100 in its command line, and restart it',
    );
  });
  test('where ALTER SYSTEM is not allowed', async () => {
    expect(await fixOf({ version: 17, settings: { max_connections: '20', allow_alter_system: 'off' } })).toMatch(
      /^as an administrator of the server, set max_connections = 100 in postgresql\.conf or in the server’s operator/,
    );
  });

  test('beside the limits of the role and the database: one fix for all', async () => {
    const { server, url } = await installed({ settings: { max_connections: '20' } });
    await server.query('ALTER ROLE spacelift CONNECTION LIMIT 10');
    await server.query('ALTER DATABASE spacelift CONNECTION LIMIT 5');
    expect((await check(url)).finding('database/connections')).toMatchObject({
      title: 'only 5 connections are free for role "spacelift" (limited by the database spacelift)',
      fix: expect.stringMatching(
        /^GRANT spacelift TO CURRENT_USER;\nALTER DATABASE spacelift CONNECTION LIMIT -1;\nALTER ROLE spacelift CONNECTION LIMIT -1;\nALTER SYSTEM SET max_connections = 100;\n-- restart/,
      ),
    });
  });
});

describe('settings', () => {
  const cases: Record<string, [string, string]> = {
    "ALTER ROLE spacelift SET statement_timeout = '119s'": [
      'statement_timeout is 119 s',
      "ALTER ROLE spacelift IN DATABASE spacelift SET statement_timeout = '120s';",
    ],
    "ALTER ROLE spacelift SET search_path = 'nowhere'": [
      'search_path contains no existing schema',
      'ALTER ROLE spacelift IN DATABASE spacelift SET search_path = "$user", public;',
    ],
    'CREATE SCHEMA closed; ALTER ROLE spacelift SET search_path = closed, public; GRANT USAGE ON SCHEMA closed TO spacelift':
      [
        'role "spacelift" lacks CREATE on schema "closed", the first existing schema in search_path',
        'ALTER ROLE spacelift IN DATABASE spacelift SET search_path = "$user", public;',
      ],
    "DO $$ BEGIN EXECUTE format('ALTER ROLE spacelift VALID UNTIL %L', now() + '29 days 1 hour'); END $$": [
      'the password of role "spacelift" expires in 29 days',
      "ALTER ROLE spacelift VALID UNTIL 'infinity';",
    ],
  };
  test.for(Object.entries(cases))('%s', async ([statement, [title, fix]]) => {
    const { server, url } = await installed();
    for (const part of statement.startsWith('DO') ? [statement] : statement.split('; '))
      await server.query(part, [], 'spacelift');
    const result = await check(url);
    expect(result.troubles).toEqual(['warn database/settings']);
    expect(result.finding('database/settings')).toMatchObject({ title, fix });
    await server.query(fix);
    expect((await check(url)).troubles).toEqual([]);
  });

  test('all at once, and from the URL', async () => {
    const { server, url } = await installed();
    await server.query(`ALTER ROLE spacelift VALID UNTIL '2999-01-01'`);
    const result = await check(withParameters(url, { statement_timeout: '1000', search_path: 'nowhere' }));
    expect(result.troubles).toEqual(['warn database/settings']);
    expect(result.finding('database/settings')).toMatchObject({
      title: 'statement_timeout is 1 s; search_path contains no existing schema',
      fix: 'remove statement_timeout from DATABASE_URL\nremove search_path from DATABASE_URL',
    });
  });
});

describe('clock', () => {
  test.for([
    [6_000, 'behind'],
    [-6_000, 'ahead of'],
  ] as const)('this machine’s is %i ms off', async ([offset, title]) => {
    const { url } = await installed();
    vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    vi.setSystemTime(Date.now() + offset);
    const result = await check(url);
    expect(result.troubles).toEqual(['warn database/clock']);
    expect(result.finding('database/clock').title).toContain(`6 s ${title}`);
  });
});

test('a transaction_timeout that ends the test is named', () => {
  const error = new ServerError({ kind: 'sql', code: '25P04', reason: undefined, setting: undefined });
  const issue = transactionIssue({ does: 'drop its table', sql: 'DROP TABLE t' }, error, 'spacelift');
  expect(issue.title).toBe('transaction_timeout ends transactions too early');
  expect(issue.fix?.text).toContain('remove transaction_timeout where it is set');
});
