import { describe, expect, onTestFinished, test } from 'vitest';
import { database } from '../../../checks/database/index.ts';
import { startStandby } from '../../services/postgres.ts';
import { preflight } from '../../support/preflight.ts';
import { check, installed, PASSWORD, postgres, spacelift } from './support.ts';

describe('read-only', () => {
  test('the same URL is not tried twice', async () => {
    const { server, url } = await installed({ settings: { log_connections: 'on' } });
    const result = await check(url, { DATABASE_READ_ONLY_URL: url });
    expect(result.troubles).toEqual([]);
    expect(result.finding('database/read-only').status).toBe('pass');
    expect(server.logs().match(/connection authorized: user=spacelift/g)).toHaveLength(1);
  });

  test('unset, it is no finding', async () => {
    const { url } = await installed();
    expect((await check(url)).findings.map(({ id }) => id)).not.toContain('database/read-only');
  });

  test('another database, version, server; and one that can’t be reached', async () => {
    const { server, url } = await installed();
    const [replica, other, newer] = await Promise.all([startStandby(server), postgres(), postgres({ version: 15 })]);
    onTestFinished(() => replica.stop());
    await server.query('CREATE DATABASE other OWNER spacelift');
    await other.query('CREATE DATABASE shifts_the_oids');
    const cases: [string, RegExp][] = [
      [url.replace(/\/spacelift$/, '/other'), /the database is "other", not "spacelift"/],
      [await spacelift(other), /its oid is/],
      [await spacelift(newer), /it is PostgreSQL 15\.\d+, not 16/],
    ];
    for (const [readOnly, detail] of cases) {
      const result = await check(url, { DATABASE_READ_ONLY_URL: readOnly });
      expect(result.troubles).toEqual(['fail database/read-only']);
      expect(result.finding('database/read-only').detail).toMatch(detail);
    }
    const broken = await check(url, {
      DATABASE_READ_ONLY_URL: url.replace(encodeURIComponent(PASSWORD), 'another-password'),
    });
    expect(broken.troubles).toEqual(['fail database/read-only']);
    expect(broken.finding('database/read-only').title).toContain('rejected the password');
    const unreadable = await check(url, { DATABASE_READ_ONLY_URL: 'postgres://u:p/w@h/d' });
    expect(unreadable.troubles).toEqual(['fail database/read-only']);
    expect(unreadable.finding('database/read-only').title).toContain('DATABASE_READ_ONLY_URL');
  });

  test('one fault of both is one failure', async () => {
    const { server, url } = await installed();
    await server.stop();
    const result = await check(url, { DATABASE_READ_ONLY_URL: url.replace(/\/spacelift$/, '/other') });
    expect(result.troubles).toEqual(['fail database/connect']);
  });
});

describe('what is selected', () => {
  test.for(Object.keys(database.rules).filter((rule) => rule !== 'read-only'))('%s alone', async (rule) => {
    const { url } = await installed();
    const result = await check(url, {}, { only: [`database/${rule}`] });
    expect(result.ids('pass')).toEqual([`database/${rule}`]);
    expect(result.ids('fail')).toEqual([]);
    const broken = await check(
      url.replace(encodeURIComponent(PASSWORD), 'another-password'),
      {},
      { only: [`database/${rule}`] },
    );
    expect(broken.ids('fail')).toEqual([`database/${rule}`]);
  });

  test('a worker needs no database', async () => {
    const { url } = await installed();
    expect((await preflight([database], { DATABASE_URL: url }, { service: 'worker' })).findings).toEqual([]);
  });

  test('no session outlives the run', async () => {
    const { server, url } = await installed();
    await check(url);
    const sessions = () => server.query(`SELECT FROM pg_stat_activity WHERE usename = 'spacelift'`);
    await expect.poll(sessions).toEqual([]);
  });
});
