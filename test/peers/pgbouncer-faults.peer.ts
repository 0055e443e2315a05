/** PgBouncer that can't serve: each state is one failure with its own cause. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { makeCa } from '../services/tls.ts';
import { type PoolerChanges, startPgbouncer } from './pgbouncer.ts';
import { judged, startWorld, type World } from './world.ts';

const OWNER = { name: 'spacelift', owner: 'spacelift', password: 'pool-er-8Zk2', roleOptions: 'CREATEROLE' };

let world: World;
let server: PostgresServer;
let direct: string;
beforeAll(async () => {
  [world, server] = await Promise.all([startWorld(), startPostgres()]);
  direct = await server.createDatabase(OWNER);
  await server.query(`CREATE ROLE lookup LOGIN SUPERUSER PASSWORD 'look-up-8Zk2'`);
});
afterAll(async () => void (await Promise.all([world?.stop(), server?.stop()])));

/** The rest of the installation is healthy, and of no interest. */
const database = (url: string) => world.check({ DATABASE_URL: url }, { only: ['database/*'] });

interface State extends PoolerChanges {
  readonly name: string;
  readonly settings?: readonly string[];
  /** Changes the URL of the client. */
  readonly url?: (url: URL) => void;
  /** Before the run, with the pooler's URL. */
  readonly before?: (url: string) => Promise<unknown>;
  readonly title: RegExp;
  /** What only this cause's fix says. */
  readonly fix: RegExp;
}

/** One statement in the admin console. */
async function administer(url: string, statement: string): Promise<void> {
  const console = new URL(url);
  console.pathname = '/pgbouncer';
  const client = new pg.Client(console.href);
  await client.connect();
  await client.query(statement);
  await client.end();
}
const ADMIN = 'admin_users = spacelift';

/** A session that stays until the pooler stops. The connection that showed that it is up may still count for a moment. */
const hold = (url: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const client = new pg.Client(url);
      client.on('error', () => {});
      await client.connect();
    },
    { timeout: 60_000 },
  );

const impatient = (url: URL) => {
  url.search = '?connect_timeout=5';
};

const STATES: readonly State[] = [
  {
    name: 'a database that is missing behind *',
    entry: '*',
    url: (url) => {
      url.pathname = '/nowhere';
    },
    title: /^database "nowhere" does not exist on the server behind the pooler at /,
    fix: /CREATE DATABASE nowhere OWNER spacelift;$/,
  },
  {
    name: 'a database of another name that is missing',
    server: 'dbname=elsewhere',
    title: /uses a database for "spacelift" that does not exist on its server$/,
    fix: /^correct dbname= /,
  },
  {
    name: 'a wrong password for the server',
    server: 'dbname=spacelift user=spacelift password=wrong',
    title: /^the server behind the pooler at .* rejected the pooler’s password$/,
    fix: /^correct password= .* that of role "spacelift"/,
  },
  {
    name: 'a user that the server does not know',
    server: 'dbname=spacelift user=ghost password=wrong',
    title: /^the server behind the pooler at .* rejected the pooler’s password$/,
    fix: /^correct password= .* the role that the pooler logs in with/,
  },
  {
    name: 'a hash that is no good for SCRAM',
    settings: ['auth_type = trust'],
    listed: `md5${'0'.repeat(32)}`,
    title: /its copy of the password has the wrong form$/,
    fix: /rolpassword from pg_authid/,
  },
  {
    name: 'no free client connection',
    settings: ['max_client_conn = 1'],
    before: hold,
    title: /has no free client connection \(max_client_conn\)$/,
    fix: /^raise max_client_conn in pgbouncer\.ini/,
  },
  {
    name: 'a wrong password of the client',
    url: (url) => {
      url.password = 'quite-another';
    },
    title: /^the pooler at .* rejected the password of role "spacelift"$/,
    fix: /correct the password in DATABASE_URL/,
  },
  {
    name: 'an unknown user, by auth_query',
    settings: ['auth_user = lookup', 'auth_type = scram-sha-256'],
    users: { lookup: 'look-up-8Zk2' },
    url: (url) => {
      url.username = 'nobody';
    },
    title: /^the pooler at .* does not know user "nobody"$/,
    fix: /^add "nobody" to PgBouncer’s auth_file/,
  },
  {
    name: 'an unknown user, by trust',
    settings: ['auth_type = trust'],
    url: (url) => {
      url.username = 'nobody';
    },
    title: /^the pooler at .* does not know user "nobody"$/,
    fix: /^add "nobody" to PgBouncer’s auth_file/,
  },
  {
    name: 'an auth_query that fails',
    settings: ['auth_user = lookup', 'auth_query = SELECT usename, passwd FROM nowhere($1)'],
    users: { lookup: 'look-up-8Zk2' },
    url: (url) => {
      url.username = 'another';
    },
    title: /could not look up the user, or is misconfigured$/,
    fix: /^run the query in auth_query/,
  },
  {
    name: 'a wrong password of auth_user: silent at first, then it tells another session',
    settings: ['auth_user = lookup'],
    users: { lookup: 'wrong' },
    url: (url) => {
      url.username = 'another';
    },
    title: /can’t log in to its server to look up user "another"$/,
    fix: /correct the password of the user that auth_user names/,
  },
  {
    name: 'a database that is disabled',
    settings: [ADMIN],
    before: (url) => administer(url, 'DISABLE spacelift'),
    title: /^database "spacelift" is disabled in the pooler at /,
    fix: /ENABLE spacelift;$/,
  },
  {
    name: 'nothing where the server should be',
    server: 'dbname=spacelift port=1',
    title: /began the login, then was silent for 30 s, like a pooler without a server$/,
    fix: /SHOW DATABASES .* correct host and port under \[databases\], or run RESUME/,
  },
  {
    name: 'nothing where the server should be, and little patience of its own',
    server: 'dbname=spacelift port=1',
    settings: ['query_wait_timeout = 2'],
    title: /can’t connect to its PostgreSQL server$/,
    fix: /^start the server, or correct host and port/,
  },
  {
    name: 'a pool that is paused',
    settings: [ADMIN],
    before: (url) => administer(url, 'PAUSE'),
    url: impatient,
    title: /began the login, then was silent for 5 s, like a pooler without a server$/,
    fix: /or run RESUME/,
  },
  {
    name: 'a server that requires TLS from the pooler, which has none',
    settings: ['server_tls_sslmode = require'],
    url: impatient,
    title: /began the login, then was silent for 5 s, like a pooler without a server$/,
    fix: /the pooler’s log/,
  },
];

async function through(
  { settings = [], url: change, before, ...changes }: State,
  onTestFinished: (stop: () => Promise<void>) => void,
) {
  const { url, stop } = await startPgbouncer(direct, 'session', settings, changes);
  onTestFinished(stop);
  await before?.(url);
  const changed = new URL(url);
  change?.(changed);
  return database(changed.href);
}

test.concurrent.for(STATES)('$name', async (state, { onTestFinished }) => {
  const result = await through(state, onTestFinished);
  expect(judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
  const { title, fix, detail } = result.finding('database/connect');
  expect(title).toMatch(state.title);
  expect(fix).toMatch(state.fix);
  expect(`${detail} ${fix}`).not.toMatch(/drops packets|nc -vz|add it under \[databases\]/);
});

test('TLS that it requires from its clients', async () => {
  const { certPem, keyPem } = await (await makeCa()).issue({ names: ['127.0.0.1'] });
  const { url, stop } = await startPgbouncer(direct, 'session', ['client_tls_sslmode = require'], {
    tls: { certPem, keyPem },
  });
  onTestFinished(stop);
  const by = (mode: string) => database(`${url}?sslmode=${mode}`);
  const refused = await by('disable');
  expect(judged(refused)).toEqual({ fail: ['database/connect'], warn: [] });
  expect(refused.finding('database/connect')).toMatchObject({
    title: expect.stringMatching(/^the pooler at .* requires TLS, but the connection was not encrypted$/),
    fix: 'set sslmode=require in DATABASE_URL',
  });
  for (const mode of ['allow', 'prefer', 'require']) {
    expect(judged(await by(mode)), mode).toEqual({ fail: [], warn: [] });
  }
});

/** The first process of a server. */
const postmasterOf = (server: PostgresServer) =>
  Number(readFileSync(join(server.dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);

test.concurrent('a server that hangs, behind a pooler that is new and behind one that knows it', async ({
  onTestFinished,
}) => {
  const hanging = await startPostgres();
  onTestFinished(() => hanging.stop());
  const url = await hanging.createDatabase(OWNER);
  const fresh = await startPgbouncer(`${url}?connect_timeout=5`, 'session');
  const warm = await startPgbouncer(url, 'session', [ADMIN]);
  onTestFinished(async () => void (await Promise.all([fresh.stop(), warm.stop()])));
  const client = new pg.Client(warm.url);
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
  await administer(warm.url, 'PAUSE');
  process.kill(postmasterOf(hanging), 'SIGSTOP');
  onTestFinished(() => void process.kill(postmasterOf(hanging), 'SIGCONT'));
  const [first, second] = await Promise.all([fresh, warm].map(({ url }) => database(url)));
  for (const result of [first, second]) {
    expect(result && judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
  }
  expect(first?.finding('database/connect').title).toMatch(/then was silent for 5 s, like a pooler without a server$/);
  expect(second?.finding('database/connect').title).toBe('the database did not answer a query within 20 s');
});
