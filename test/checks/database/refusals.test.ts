import { describe, expect, onTestFinished, test } from 'vitest';
import type { PostgresServer } from '../../services/postgres.ts';
import { startWire, type WireOptions } from '../../services/postgres-wire.ts';
import { check, expectOne, PASSWORD, postgres, spacelift, started, urlOf, withParameters } from './support.ts';

const same = (url: string) => url;

/** Changes to a healthy installation, each with what the report must say. */
const REFUSALS: Record<
  string,
  {
    server?: (server: PostgresServer) => Promise<unknown>;
    url?: (url: string) => string;
    title: RegExp;
    fix: RegExp;
    detail?: string;
  }
> = {
  'a wrong password': {
    url: (url) => url.replace(encodeURIComponent(PASSWORD), 'another-password'),
    title: /rejected the password of role "spacelift"/,
    fix: /ALTER ROLE spacelift PASSWORD '…';/,
  },
  'a missing role': {
    url: (url) => url.replace('//spacelift:', '//nobody%40home:'),
    title: /rejected the password of role "nobody@home"/,
    fix: /ALTER ROLE "nobody@home"/,
  },
  'a missing password': {
    url: (url) => url.replace(/:[^:@/]+@/, '@'),
    title: /has no password, but 127\.0\.0\.1:\d+ requires one/,
    fix: /Auth Proxy/,
  },
  'a role that may not log in': {
    server: (server) => server.query('ALTER ROLE spacelift NOLOGIN'),
    title: /role "spacelift" is not permitted to log in at /,
    fix: /^ALTER ROLE spacelift LOGIN;$/,
  },
  'a missing database': {
    url: (url) => url.replace(/\/spacelift$/, '/spaceleft'),
    title: /database "spaceleft" does not exist/,
    fix: /^GRANT spacelift TO CURRENT_USER;\nCREATE DATABASE spaceleft OWNER spacelift;$/,
    detail: 'If this is not the name that is meant, correct it in DATABASE_URL instead.',
  },
  'a database that admits no connections': {
    server: (server) => server.query('ALTER DATABASE spacelift ALLOW_CONNECTIONS false'),
    title: /database "spacelift" .* does not accept connections/,
    fix: /^GRANT spacelift TO CURRENT_USER;\nALTER DATABASE spacelift ALLOW_CONNECTIONS true;$/,
  },
  'no permission to connect': {
    server: async (server) => {
      await server.query('CREATE DATABASE closed');
      await server.query('REVOKE CONNECT ON DATABASE closed FROM public');
    },
    url: (url) => url.replace(/\/spacelift$/, '/closed'),
    title: /role "spacelift" lacks CONNECT on database "closed"/,
    fix: /^GRANT spacelift TO CURRENT_USER;\nGRANT CONNECT ON DATABASE closed TO spacelift;$/,
  },
  'no connection left for the role': {
    server: (server) => server.query('ALTER ROLE spacelift CONNECTION LIMIT 0'),
    title: /^role "spacelift" has no free connection at /,
    fix: /^ALTER ROLE spacelift CONNECTION LIMIT -1;$/,
  },
  'a misspelled parameter': {
    url: (url) => withParameters(url, { ssl_mode: 'require' }),
    title: /rejected the parameter ssl_mode in DATABASE_URL/,
    fix: /replace ssl_mode with sslmode/,
  },
  'a setting with a value that is none': {
    url: (url) => withParameters(url, { statement_timeout: 'soon' }),
    title: /rejected the value of statement_timeout in DATABASE_URL/,
    fix: /correct or remove statement_timeout/,
  },
  'a setting that can’t be changed': {
    url: (url) => withParameters(url, { ssl: 'true' }),
    title: /^ssl in DATABASE_URL is a parameter of the JDBC driver, Prisma and node-postgres, and .* rejected it$/,
    fix: /replace ssl with sslmode=require/,
  },
};

test.for(Object.entries(REFUSALS))('%s', async ([, { server: prepare, url: change = same, title, fix, detail }]) => {
  const server = await postgres();
  const url = await spacelift(server);
  await prepare?.(server);
  const found = expectOne(await check(change(url)));
  expect(found.title).toMatch(title);
  expect(found.fix).toMatch(fix);
  if (detail !== undefined) expect(found.text).toContain(detail);
});

test('no line in pg_hba.conf', async () => {
  const server = await postgres({ hba: ['host postgres all all scram-sha-256'] });
  const { title, fix } = expectOne(await check(await spacelift(server)));
  expect(title).toMatch(
    /^no pg_hba\.conf rule at .* allows role "spacelift" for database "spacelift" from here without TLS/,
  );
  expect(fix).toContain('host spacelift spacelift <address of this host>/32 scram-sha-256');
});

test('settings that the server knows are no failure', async () => {
  const server = await postgres();
  const url = withParameters(await spacelift(server), {
    application_name: 'spacelift',
    search_path: 'public',
    timezone: 'UTC',
    options: '-c work_mem=8MB',
    statement_cache_capacity: '0',
    default_query_exec_mode: 'simple_protocol',
    pool_max_conns: '4',
    'spacelift.custom': 'x',
  });
  expect((await check(url)).troubles).toEqual([]);
});

test('variables of this process change nothing', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  const own = {
    PGSSLMODE: 'verify-full',
    PGSSLNEGOTIATION: 'direct',
    PGPASSWORD: 'other',
    PGOPTIONS: '-c search_path=x',
    PGUSER: 'x',
  };
  onTestFinished(() => {
    for (const name of Object.keys(own)) delete process.env[name];
  });
  Object.assign(process.env, own);
  expect((await check(url)).troubles).toEqual([]);
  const without = await check(url.replace(/:[^:@/]+@/, '@'));
  expect(without.finding('database/connect').title).toContain('has no password');
});

describe('what a scripted server refuses with', () => {
  const cases: Record<string, [WireOptions, RegExp]> = {
    'starting up': [{ refuse: { code: '57P03' } }, /is starting up/],
    'a pooler’s protocol violation': [
      { refuse: { code: '08P01', message: 'something that nobody knows' } },
      /protocol violation/,
    ],
    'a pooler that does not know the database': [
      { refuse: { code: '08P01', message: 'no such database: spacelift' } },
      /database "spacelift" does not exist in the pooler at .*/,
    ],
    'a pooler that does not accept the password': [
      { refuse: { code: '08P01', message: 'SASL authentication failed' } },
      /the pooler at .* rejected the password of role "spacelift"/,
    ],
    'a role that a server in another language does not let in': [
      { refuse: { code: '28000', routine: 'InitializeSessionUserId' } },
      /role "spacelift" does not exist at .*, or is not permitted to log in/,
    ],
    'an identity provider': [
      { refuse: { code: '28000', routine: 'auth_failed' } },
      /does not allow role "spacelift" to log in/,
    ],
    'a library that is not there': [
      { refuse: { code: '58P01', routine: 'internal_load_library' } },
      /can’t load a library for the session of role "spacelift"/,
    ],
    'a login trigger': [
      { refuse: { code: 'P0001', routine: 'exec_stmt_raise' } },
      /^an event trigger at .* rejects the login of role "spacelift"/,
    ],
    'a code that nobody knows': [{ refuse: { code: 'XX000' } }, /SQLSTATE XX000/],
    GSSAPI: [{ authentication: 7 }, /not supported here: GSSAPI/],
    SSPI: [{ authentication: 9 }, /not supported here: SSPI/],
    'an error instead of an answer about TLS': [
      { tls: 'E\0\0\0\x20SFATAL', refuse: { code: '53300' } },
      /has no free connection/,
    ],
  };
  test.for(Object.entries(cases))('%s', async ([, [options, title]]) => {
    const server = await started(startWire(options));
    expect(expectOne(await check(urlOf(server))).title).toMatch(title);
  });

  test('PgBouncer and a parameter that it does not track', async () => {
    const refuse = { code: '08P01', message: 'unsupported startup parameter: statement_timeout' };
    const server = await started(startWire({ refuse }));
    const { title, fix } = expectOne(await check(urlOf(server, '?statement_timeout=5')));
    expect(title).toMatch(/rejected the parameter statement_timeout/);
    expect(fix).toContain('ignore_startup_parameters = statement_timeout');
  });

  test('no login sends what the driver keeps for itself', async () => {
    const server = await started(startWire({ refuse: { code: 'XX000' } }));
    await check(urlOf(server, '?sslmode=disable&pool_max_conns=3&statement_cache_capacity=0&search_path=x'));
    expect(server.logins).toEqual([
      {
        user: 'spacelift',
        database: 'spacelift',
        application_name: 'spacelift-preflight',
        client_encoding: 'UTF8',
        search_path: 'x',
      },
    ]);
  });
});
