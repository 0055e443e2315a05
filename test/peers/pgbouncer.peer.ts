import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPgbouncer } from './pgbouncer.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** As the vendor's guide has URLs, and without its parameter for poolers. */
const direct = () => world.variables.DATABASE_URL ?? '';

async function behind(mode: 'session' | 'transaction' | 'statement', settings: string[] = [], change = (_: URL) => {}) {
  const { url, stop } = await startPgbouncer(direct(), mode, settings);
  onTestFinished(stop);
  const changed = new URL(url);
  change(changed);
  return world.check({ DATABASE_URL: changed.href });
}

const withQuery = (query: string) => (url: URL) => {
  url.search = query;
};

test('session mode passes', async () => {
  const result = await behind('session');
  expect(judged(result)).toEqual(HEALTHY);
  expect(result.finding('database/pooler').evidence).toEqual({ transactionPooler: false });
});

test('transaction mode is one warning', async () => {
  const result = await behind('transaction');
  expect(judged(result)).toEqual({ fail: [], warn: ['database/pooler'] });
  expect(result.finding('database/pooler').evidence).toEqual({ transactionPooler: true });
});

test('transaction mode with one connection for all is no failure', async () => {
  expect((await behind('transaction', ['default_pool_size = 1'])).ids('fail')).toEqual([]);
});

test('statement mode runs no transaction: one failure', async () => {
  expect((await behind('statement')).ids('fail')).toHaveLength(1);
});

test('a parameter that it does not know is named, and so is the setting that lets it through', async () => {
  const parameter = withQuery('?statement_timeout=0');
  const result = await behind('session', [], parameter);
  expect(judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
  const { fix = '' } = result.finding('database/connect');
  const setting = fix.slice(fix.indexOf('ignore_startup_parameters'));
  expect(judged(await behind('session', [setting], parameter))).toEqual(HEALTHY);
});

test('the driver’s parameters never reach it', async () => {
  expect(judged(await behind('session', [], withQuery('?statement_cache_capacity=0&pool_max_conns=4')))).toEqual(
    HEALTHY,
  );
});

const wrongPassword = (url: URL) => {
  url.password = 'quite-another-8Zk2';
};
const unknownUser = (url: URL) => {
  url.username = 'nobody';
};
const unknownDatabase = (url: URL) => {
  url.pathname = '/nowhere';
};

test.each([
  ['a wrong password', 'auth_type = plain', wrongPassword, 'rejected the password of role "spacelift"'],
  [
    'a wrong password by SCRAM',
    'auth_type = scram-sha-256',
    wrongPassword,
    'rejected the password of role "spacelift"',
  ],
  ['a user that it does not know', 'auth_type = scram-sha-256', unknownUser, 'rejected the password of role "nobody"'],
  [
    'a database that it does not know',
    'auth_type = plain',
    unknownDatabase,
    'database "nowhere" does not exist in the pooler',
  ],
])('%s', async (_, setting, change, title) => {
  const result = await behind('session', [setting], change);
  expect(judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
  expect(result.finding('database/connect').title).toContain(title);
});
