/** What stands between Spacelift and its database, or instead of it. */
import { startWire } from '../../services/postgres-wire.ts';
import { refusedPort, startBanner, startBlackhole, startCloser, startHttp, startSilent } from '../../services/tcp.ts';
import { elsewhere } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { answers, behind, databaseUrl, from, parameters } from './arrange.ts';

const CONNECT = ['database/connect'];
const AT = '127\\.0\\.0\\.1:\\d+';

const instead = (start: Parameters<typeof elsewhere>[1], query = ''): Arrange => {
  const arrange = elsewhere('DATABASE_URL', start);
  return async (there) => {
    const { variables, ...rest } = await arrange(there);
    return { ...rest, variables: { DATABASE_URL: `${variables?.DATABASE_URL}${query}` } };
  };
};

export const WAY: readonly Fault[] = [
  {
    name: 'database host that does not resolve',
    arrange: databaseUrl((url) => {
      url.hostname = 'db.does-not-exist.invalid';
    }),
    fail: CONNECT,
    says: /^db\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'database port that refuses',
    arrange: instead(refusedPort),
    fail: CONNECT,
    says: new RegExp(`^${AT} refused the connection$`, 'm'),
  },
  {
    name: 'database port that swallows packets',
    arrange: instead(startBlackhole, '?connect_timeout=1'),
    fail: CONNECT,
    says: new RegExp(`^${AT} timed out\nThe usual cause is a firewall`),
  },
  {
    name: 'database port that stays silent',
    arrange: instead(startSilent, '?connect_timeout=1'),
    fail: CONNECT,
    says: new RegExp(`^connected to ${AT}, but got no response within 1 s$`, 'm'),
  },
  {
    name: 'a load balancer without a database behind it',
    arrange: instead(startCloser),
    fail: CONNECT,
    says: new RegExp(`^${AT} closed the connection$`, 'm'),
  },
  {
    name: 'a web server at the database’s port',
    arrange: instead(() => startHttp(200, 'hello')),
    fail: CONNECT,
    says: new RegExp(`^${AT} does not look like PostgreSQL: it speaks HTTP$`, 'm'),
  },
  {
    name: 'an SSH server at the database’s port',
    arrange: instead(() => startBanner('SSH-2.0-OpenSSH_9.6\r\n'), '?sslmode=require'),
    fail: CONNECT,
    says: /does not look like PostgreSQL: it speaks SSH$/m,
  },
  {
    name: 'MySQL at the database’s port',
    arrange: instead(() => startBanner(Buffer.from('N\0\0\0\n8.0.36\0\x08\0\0\0', 'latin1'))),
    fail: CONNECT,
    says: /does not look like PostgreSQL: it speaks MySQL$/m,
  },
  {
    name: 'another product that speaks PostgreSQL’s protocol',
    arrange: instead(() =>
      startWire({
        answer: (sql) =>
          sql.startsWith('SELECT version()') ? { row: { version: 'CockroachDB CCL v24.1.0' } } : undefined,
      }),
    ),
    fail: ['database/product'],
    says: /^the database is CockroachDB, not PostgreSQL$/m,
  },
  {
    name: 'a database that is starting up',
    arrange: instead(() => startWire({ refuse: { code: '57P03' } })),
    fail: CONNECT,
    says: new RegExp(`^${AT} is starting up, shutting down or recovering`),
  },
  {
    name: 'a login by Kerberos',
    arrange: instead(() => startWire({ authentication: 7 })),
    fail: CONNECT,
    says: /requires an authentication method that is not supported here: GSSAPI/,
  },
  {
    name: 'a proxy that resets the connection to the database during the login',
    arrange: behind({ resetAfterBytes: 150 }),
    fail: CONNECT,
    says: new RegExp(`^${AT} closed the connection$`, 'm'),
  },
  {
    name: 'a proxy that resets the connection to the database in the middle of an answer',
    arrange: from('PostgreSQL 16', { resetAfterBytes: 0 }),
    fail: ['database/product'],
    says: /^the database ended the session\nThe connection was closed during the session/,
  },
  {
    name: 'a proxy that loses the connection to the database in the middle of an answer',
    arrange: from('"installed"', { swallow: true }),
    fail: ['database/create-table'],
    says: /^did not finish within 4 s$/m,
    options: { timeoutMs: 4000 },
  },
  {
    name: 'a proxy that corrupts the login to the database',
    arrange: behind(answers(/^[R].+/s, (found) => '\x07'.repeat(found.length))),
    fail: CONNECT,
    says: new RegExp(`^${AT} does not look like PostgreSQL$`, 'm'),
  },
  {
    name: 'a proxy that corrupts what the database answers',
    arrange: behind(answers(/^T.+/s, (found) => '\x07'.repeat(found.length))),
    fail: ['database/product'],
    says: /^the database connection stopped following the PostgreSQL protocol$/m,
  },
  {
    name: 'a proxy that delays each packet to and from the database',
    arrange: behind({ delayMs: 40 }),
  },
  {
    name: 'a proxy that throttles the connection to the database',
    arrange: behind({ throttleBytesPerSecond: 50_000 }),
  },
  {
    name: 'a list of database hosts, the first of which is down',
    arrange: async ({ variables }) => {
      const { host, port } = await refusedPort();
      const url = variables.DATABASE_URL ?? '';
      return { variables: { DATABASE_URL: url.replace('@', `@${host}:${port},`) } };
    },
  },
  {
    name: 'a list of database hosts that are all down',
    arrange: async ({ variables }) => {
      const [one, two] = await Promise.all([refusedPort(), refusedPort()]);
      const url = new URL(variables.DATABASE_URL ?? '');
      const hosts = `${one.host}:${one.port},${two.host}:${two.port}`;
      return { variables: { DATABASE_URL: url.href.replace(url.host, hosts) } };
    },
    fail: CONNECT,
    says: new RegExp(`^${AT} refused the connection$`, 'm'),
  },
  {
    name: 'a database by a name that leads to IPv6 first',
    arrange: databaseUrl((url) => {
      url.hostname = 'localhost';
    }),
  },
  {
    name: 'a primary where a standby is asked for',
    arrange: parameters({ target_session_attrs: 'standby' }),
    fail: CONNECT,
    says: /^no host in DATABASE_URL satisfies target_session_attrs=standby$/m,
  },
  {
    name: 'a database URL with settings of the driver and of the server',
    arrange: parameters({
      application_name: 'spacelift',
      search_path: 'public',
      options: '-c work_mem=8MB',
      statement_cache_capacity: '0',
      pool_max_conns: '4',
      target_session_attrs: 'read-write',
    }),
  },
];
