/** PgBouncer's texts, as its sources have them since 1.7. */
import { describe, expect, test } from 'vitest';
import { NEWER } from '../../../checks/database/drivers.ts';
import { type PoolerError, type PoolerReason, poolerError } from '../../../checks/database/pooler-errors.ts';
import { poolerMessages } from '../../../checks/database/pooler-messages.ts';
import { parseDatabaseUrl } from '../../../checks/database/url.ts';

const NAMES = { user: 'spacelift', database: 'spacelift' };
const told = (text: string, { code = '08P01', asked = true, routine = undefined as string | undefined } = {}) =>
  poolerError({ code, routine, text, asked }, NAMES);

const TEXTS: readonly (readonly [text: string, reason: PoolerReason, more?: Partial<PoolerError>])[] = [
  ['no such database: spacelift', 'database'],
  ['database "spacelift" is disabled', 'disabled'],
  ['no more connections allowed (max_client_conn)', 'limit', { setting: 'max_client_conn' }],
  ['no more connections allowed', 'limit', { setting: 'max_client_conn' }],
  ['client connections exceeded (max_db_client_connections)', 'limit', { setting: 'max_db_client_connections' }],
  ['client connections exceeded (max_user_client_connections)', 'limit', { setting: 'max_user_client_connections' }],
  ['SSL required', 'tls'],
  ['no such user', 'user'],
  ['"trust" authentication failed', 'user'],
  ['password authentication failed', 'password'],
  ['SASL authentication failed', 'password'],
  ['PAM authentication failed', 'password'],
  ['LDAP authentication failed', 'password'],
  ['certificate authentication failed', 'certificate'],
  ['login rejected', 'rejected'],
  ['no authentication method is found', 'rejected'],
  ['server login failed: wrong password type', 'secret'],
  ['server login failed: invalid server signature', 'secret'],
  ['pgbouncer cannot connect to server', 'no-server'],
  ['server login has been failing, try again later (server_login_retry)', 'no-server'],
  ['server login has been failing, cached error: connect failed (server_login_retry)', 'no-server'],
  [
    'server login has been failing, cached error: password authentication failed for user "spacelift" (server_login_retry)',
    'server-password',
    { same: true },
  ],
  [
    // Cut off at 127 bytes.
    'server login has been failing, cached error: no pg_hba.conf entry for host "10.11.12.13", user "spacelift", database "spacelift',
    'server-hba',
    { same: true },
  ],
  ['query_wait_timeout', 'no-server'],
  ['client_login_timeout (server down)', 'no-server'],
  ['pooler is shutting down', 'shutdown'],
  ['server shutting down', 'shutdown'],
  ['bouncer config error', 'config'],
  ['database "spacelift" does not exist', 'server-database', { same: true }],
  ['database "elsewhere" does not exist', 'server-database', { same: false }],
  ['password authentication failed for user "spacelift"', 'server-password', { same: true }],
  ['password authentication failed for user "ghost"', 'server-password', { same: false }],
  ['role "ghost" does not exist', 'server-role', { same: false }],
  ['no pg_hba.conf entry for host "10.0.0.1", user "spacelift", database "spacelift", no encryption', 'server-hba'],
  ['sorry, too many clients already', 'server-full'],
  ['remaining connection slots are reserved for non-replication superuser connections', 'server-full'],
  ['too many connections for role "spacelift"', 'server-limit', { same: true }],
  ['too many connections for database "spacelift"', 'server-limit'],
  ['the database system is starting up', 'server-starting'],
  ['permission denied for database "spacelift"', 'server-connect'],
  ['transaction blocks not allowed in statement pooling mode', 'transaction'],
];

test.for(TEXTS)('%s', ([text, reason, more = {}]) => {
  expect(told(text)).toMatchObject({ kind: 'pooler', code: '08P01', reason, ...more });
});

describe('who failed to log in', () => {
  test('before the client was asked for its password, the pooler was looking the user up', () => {
    const text = 'server login has been failing, try again later (server_login_retry)';
    expect(told(text, { asked: false })?.reason).toBe('lookup');
  });

  test('later versions pass the server’s code on; other proxies use it for the client', () => {
    const text = (user: string) => `password authentication failed for user "${user}"`;
    expect(told(text('spacelift'), { code: '28P01' })?.reason).toBe('either-password');
    expect(told(text('ghost'), { code: '28P01' })?.reason).toBe('server-password');
    expect(told('database "spacelift" does not exist', { code: '3D000' })?.reason).toBe('server-database');
  });

  test('PostgreSQL itself names the function', () => {
    const of = (code: string, text: string) => told(text, { code, routine: 'auth_failed' });
    expect(of('28P01', 'password authentication failed for user "spacelift"')).toBeUndefined();
    expect(of('3D000', 'database "spacelift" does not exist')).toBeUndefined();
  });
});

test('a text that nobody knows is no pooler’s', () => {
  expect(told('something else')).toBeUndefined();
  expect(told('unsupported startup parameter: statement_timeout')).toBeUndefined();
});

test('every reason has one title that fits, a fix of its own, and the names of the URL', () => {
  const at = 'pgbouncer.spacelift.svc.cluster.local:6432';
  const url = parseDatabaseUrl(`postgres://spacelift:secret-8Zk2@${at}/spacelift`, NEWER);
  const messages = [...new Set(TEXTS.map(([, reason]) => reason)), 'lookup', 'either-password'] as const;
  const fixes = messages.map((reason) => {
    const scene = { variable: 'DATABASE_URL', url, at: 'pgbouncer:6432', tls: false };
    const { title, fix, expected } = poolerMessages({ kind: 'pooler', code: '08P01', reason }, scene);
    expect(title.length, title).toBeLessThanOrEqual(100);
    expect(expected).toMatch(/./);
    return fix?.text;
  });
  expect(new Set(fixes).size).toBe(messages.length);
});
