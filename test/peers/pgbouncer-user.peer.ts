/** PgBouncer that logs in as another role than its clients, which acts as a third one. */
import { expect, onTestFinished, test } from 'vitest';
import { apply, check, postgres, spacelift } from '../checks/database/support.ts';
import { startPgbouncer } from './pgbouncer.ts';

async function behind(mode: 'session' | 'transaction') {
  const server = await postgres({});
  await spacelift(server);
  await server.query(`CREATE ROLE login LOGIN PASSWORD 'of-the-pooler' IN ROLE spacelift`);
  await server.query('ALTER ROLE login SET role = spacelift');
  const own = server.url({ user: 'client', password: 'of-the-client', database: 'spacelift' });
  const { url, stop } = await startPgbouncer(own, mode, [], {
    server: `dbname=spacelift user=login password=of-the-pooler`,
  });
  onTestFinished(stop);
  return { server, url };
}

test('a healthy one', async () => {
  const { url } = await behind('session');
  const result = await check(url);
  expect(result.troubles).toEqual([]);
  expect(result.finding('database/connect').evidence).toMatchObject({
    user: 'client',
    login: 'login',
    role: 'spacelift',
  });
});

test.for(['session', 'transaction'] as const)('each fix is for the role that counts, %s mode', async (mode) => {
  const { server, url } = await behind(mode);
  await server.query('ALTER ROLE login CONNECTION LIMIT 15; ALTER ROLE spacelift NOCREATEROLE');
  const pooler = mode === 'transaction' ? ['warn database/pooler'] : [];
  const result = await check(url);
  expect(result.troubles.toSorted()).toEqual(
    ['fail database/privileges', 'warn database/connections', ...pooler].toSorted(),
  );
  const { fix, detail } = result.finding('database/privileges');
  expect(detail).toMatch(/^A pooler logs in as role "login" for user "client" in DATABASE_URL\. Role "login" acts as/);
  expect(fix).toBe('ALTER ROLE spacelift CREATEROLE;');
  await apply(server, fix);
  await apply(server, result.finding('database/connections').fix);
  expect((await check(url)).troubles).toEqual(pooler);
});
