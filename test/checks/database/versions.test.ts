import { expect, onTestFinished, test } from 'vitest';
import { postgresVersions, startStandby } from '../../services/postgres.ts';
import { check, PASSWORD, postgres, remains, spacelift, withParameters } from './support.ts';

const VERDICTS: Record<number, string[]> = {
  13: ['fail database/version'],
  17: ['warn database/version'],
  18: ['warn database/version'],
};

test.for(postgresVersions)('PostgreSQL %i, new and used', async (version) => {
  const server = await postgres({ version });
  const url = await spacelift(server);
  const result = await check(url);
  expect(result.troubles).toEqual(VERDICTS[version] ?? []);
  expect(result.finding('database/connect').title).toBe(
    `PostgreSQL ${result.finding('database/version').evidence.version} at 127.0.0.1:${server.port} without TLS`,
  );
  expect(result.text).not.toContain(PASSWORD);
  expect(result.text).not.toContain(encodeURIComponent(PASSWORD));
  expect(await remains(server)).toEqual([]);
  expect(server.logs().replaceAll('FATAL:  the database system is starting up', '')).not.toMatch(/(ERROR|FATAL):/);

  const standby = await startStandby(server);
  onTestFinished(() => standby.stop());
  const replica = standby.url({ user: 'spacelift', password: PASSWORD, database: 'spacelift' });
  const both = await check(url, { DATABASE_READ_ONLY_URL: replica });
  expect(both.troubles).toEqual(VERDICTS[version] ?? []);
  expect(both.finding('database/read-only')).toMatchObject({ status: 'pass' });

  const reversed = await check(replica);
  expect(reversed.troubles).toEqual([...(VERDICTS[version] ?? []), 'fail database/writable']);
  expect(reversed.ids('skip')).toEqual(['database/privileges', 'database/create-table', 'message-queues/postgres']);
  expect(reversed.finding('database/writable').fix).toContain('DATABASE_READ_ONLY_URL');
});

test.for([
  ['read-write', 'primary'],
  ['primary', 'primary'],
  ['read-only', 'standby'],
  ['standby', 'standby'],
  ['prefer-standby', 'standby'],
  ['any', 'standby'],
] as const)('target_session_attrs=%s leads to the %s', async ([attributes, expected]) => {
  const primary = await postgres();
  const url = await spacelift(primary);
  const standby = await startStandby(primary);
  onTestFinished(() => standby.stop());
  const [, login] = /\/\/(.*)@/.exec(url) ?? [];
  const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`;
  const { port } = { primary, standby }[expected];
  const result = await check(`postgres://${login}@${hosts}/spacelift?target_session_attrs=${attributes}`);
  expect(result.finding('database/connect')).toMatchObject({ status: 'pass', evidence: { port } });

  const alone = `postgres://${login}@127.0.0.1:${expected === 'primary' ? standby.port : primary.port}/spacelift`;
  const refused = await check(withParameters(alone, { target_session_attrs: attributes }));
  const isPreference = attributes === 'any' || attributes === 'prefer-standby';
  expect(refused.finding('database/connect').status).toBe(isPreference ? 'pass' : 'fail');
  if (!isPreference) {
    expect(refused.troubles).toEqual(['fail database/connect']);
    expect(refused.finding('database/connect').title).toContain(`target_session_attrs=${attributes}`);
  }
});

test.for([14, 16] as const)('a role in somebody else’s database of PostgreSQL %i', async (version) => {
  const server = await postgres({ version });
  await server.query(`CREATE ROLE "Space lift" LOGIN PASSWORD 'a-long-password'`);
  await server.query('CREATE DATABASE "my db"');
  const url = server.url({ user: 'Space lift', password: 'a-long-password', database: 'my db' });

  const result = await check(url);
  expect(result.troubles).toEqual(['fail database/privileges']);
  const { title, fix } = result.finding('database/privileges');
  const wanted = [
    'ALTER ROLE "Space lift" CREATEROLE;',
    'GRANT CREATE ON DATABASE "my db" TO "Space lift";',
    ...(version === 16 ? ['GRANT CREATE, USAGE ON SCHEMA public TO "Space lift";'] : []),
  ];
  expect(fix).toBe(wanted.join('\n'));
  expect(title).toContain('role "Space lift" lacks CREATEROLE');
  expect(result.ids('skip')).toEqual(['database/create-table', 'message-queues/postgres']);
  expect(await remains(server, 'my db')).toEqual([]);

  for (const statement of wanted) await server.query(statement, [], 'my db');
  expect((await check(url)).troubles).toEqual([]);
});
