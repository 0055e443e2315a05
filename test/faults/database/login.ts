/** Logins that the database refuses, and database URLs that can't be read. */
import { startPooler } from '../../services/pooler.ts';
import { startWire } from '../../services/postgres-wire.ts';
import { config, elsewhere } from '../arrange.ts';
import type { Fault } from '../fault.ts';
import { databaseUrl, PASSWORD, parameters, server, statement } from './arrange.ts';

const CONNECT = ['database/connect'];
const changed = (change: (url: string) => string) =>
  config(({ DATABASE_URL = '' }) => ({ DATABASE_URL: change(DATABASE_URL) }));
const withPassword = (password: string) => changed((url) => url.replace(/:[^:@/]+@/, `:${password}@`));
/** This machine, by an address that is not loopback's, and that nobody else can reach. */
const NETWORK = '0.0.0.0';
/** A server with these lines in `pg_hba.conf`, and how the password is kept there. */
const asking = (method: string, host: string, sslmode = 'prefer', encryption = 'scram-sha-256') =>
  server(() => ({ hba: [`host all all all ${method}`], settings: { password_encryption: encryption } }), {
    host,
    params: { sslmode },
  });
const poolerSays = (message: string) =>
  elsewhere('DATABASE_URL', () => startWire({ refuse: { code: '08P01', message } }));

export const LOGIN: readonly Fault[] = [
  {
    name: 'wrong database password',
    arrange: databaseUrl((url) => {
      url.password = 'Wr0ng-p4ssw0rd-of-n0body';
    }),
    fail: CONNECT,
    says: /^127\.0\.0\.1:\d+ rejected the password of role "spacelift"$/m,
  },
  {
    name: 'no database password',
    arrange: databaseUrl((url) => {
      url.password = '';
    }),
    fail: CONNECT,
    says: /^DATABASE_URL has no password, but 127\.0\.0\.1:\d+ requires one$/m,
  },
  {
    name: 'a database role that does not exist',
    arrange: databaseUrl((url) => {
      url.username = 'nobody';
    }),
    fail: CONNECT,
    says: /rejected the password of role "nobody"\nPostgreSQL gives the same error if the role does not exist/,
  },
  {
    name: 'a database role that may not log in',
    arrange: statement('ALTER ROLE spacelift NOLOGIN', 'ALTER ROLE spacelift LOGIN'),
    fail: CONNECT,
    says: /^role "spacelift" is not permitted to log in at 127\.0\.0\.1:\d+$/m,
  },
  {
    name: 'a database password that has ended',
    arrange: statement(`ALTER ROLE spacelift VALID UNTIL '2020-01-01'`, `ALTER ROLE spacelift VALID UNTIL 'infinity'`),
    fail: CONNECT,
    says: /rejected the password of role "spacelift"\n.*VALID UNTIL/,
  },
  {
    name: 'a database role without connections',
    arrange: statement('ALTER ROLE spacelift CONNECTION LIMIT 0', 'ALTER ROLE spacelift CONNECTION LIMIT -1'),
    fail: CONNECT,
    says: /^role "spacelift" has no free connection at 127\.0\.0\.1:\d+\nThe connection limit of the role is reached\.$/,
  },
  {
    name: 'a database without connections',
    arrange: statement('ALTER DATABASE spacelift CONNECTION LIMIT 0', 'ALTER DATABASE spacelift CONNECTION LIMIT -1'),
    fail: CONNECT,
    says: /^database "spacelift" at 127\.0\.0\.1:\d+ has no free connection\nThe connection limit of the database is reached\.$/,
  },
  {
    name: 'unknown database',
    arrange: databaseUrl((url) => {
      url.pathname = '/nowhere';
    }),
    fail: CONNECT,
    says: /^database "nowhere" does not exist at 127\.0\.0\.1:\d+$/m,
  },
  {
    name: 'a database that admits no connections',
    arrange: async (there) => {
      await there.estate.database.query('CREATE DATABASE closed OWNER spacelift ALLOW_CONNECTIONS false');
      const arranged = await databaseUrl((url) => {
        url.pathname = '/closed';
      })(there);
      return { ...arranged, undo: () => there.estate.database.query('DROP DATABASE closed') };
    },
    fail: CONNECT,
    says: /^database "closed" at 127\.0\.0\.1:\d+ does not accept connections$/m,
  },
  {
    name: 'no CONNECT on the database',
    arrange: statement(
      'REVOKE CONNECT ON DATABASE spacelift FROM public, spacelift',
      'GRANT CONNECT ON DATABASE spacelift TO public, spacelift',
    ),
    fail: CONNECT,
    says: /^role "spacelift" lacks CONNECT on database "spacelift" at 127\.0\.0\.1:\d+$/m,
  },
  {
    name: 'pg_hba.conf without a rule for Spacelift',
    arrange: server(() => ({ hba: ['host postgres all all scram-sha-256'] })),
    fail: CONNECT,
    says: /no pg_hba\.conf rule at localhost:\d+ allows role "spacelift" for database "spacelift" from here without TLS/,
  },
  {
    name: 'pg_hba.conf that rejects Spacelift',
    arrange: server(() => ({ hba: ['host all spacelift all reject', 'host all all all scram-sha-256'] })),
    fail: CONNECT,
    says: /^a pg_hba\.conf rule at localhost:\d+ rejects role "spacelift" for database "spacelift" from here without TLS$/m,
  },
  {
    name: 'misspelled parameter',
    arrange: parameters({ ssl_mode: 'require' }),
    fail: CONNECT,
    says: /rejected the parameter ssl_mode in DATABASE_URL/,
  },
  {
    name: 'a setting in the database URL with a value that is none',
    arrange: parameters({ statement_timeout: 'soon' }),
    fail: CONNECT,
    says: /rejected the value of statement_timeout in DATABASE_URL/,
  },
  {
    name: 'a parameter of Prisma in the database URL',
    arrange: parameters({ schema: 'public' }),
    fail: CONNECT,
    says: /^schema in DATABASE_URL is a parameter of Prisma, and .* rejected it$/m,
  },
  {
    name: 'a parameter in the database URL that only later versions of the driver know',
    arrange: parameters({ require_auth: 'scram-sha-256' }),
    warn: CONNECT,
    says: /^DATABASE_URL works with the driver pgx 5\.13, but not with pgx 5\.7$/m,
  },
  {
    name: 'an sslmode that does not exist',
    arrange: parameters({ sslmode: 'reqire' }),
    fail: CONNECT,
    says: /sslmode.*(reqire|DATABASE_URL)/,
  },
  {
    name: 'a database password with a slash that is not encoded',
    arrange: withPassword('long/password/here'),
    fail: CONNECT,
    says: /^the user or password in DATABASE_URL contains a character that is not percent-encoded$/m,
  },
  {
    name: 'a database password with a percent sign that is not encoded',
    arrange: withPassword('long%password%here'),
    fail: CONNECT,
    says: /^DATABASE_URL contains a % that does not start a percent-encoded character$/m,
  },
  {
    name: 'a database port that is no number',
    arrange: changed((url) => url.replace(/:\d+\//, ':5432x/')),
    fail: CONNECT,
    says: /^DATABASE_URL has an invalid port$/m,
  },
  {
    name: 'a database URL without a host',
    arrange: changed((url) => url.replace(/@[^/]+/, '@')),
    fail: CONNECT,
    says: /^DATABASE_URL has no host$/m,
  },
  {
    name: 'a database password that crosses a network in clear text',
    arrange: asking('password', NETWORK),
    warn: ['database/plaintext'],
    says: /^the password of role "spacelift" is sent to 0\.0\.0\.0:\d+ in cleartext\n.*sslmode=prefer.* requires the cleartext password\.$/,
  },
  {
    name: 'a database password that crosses a network in clear text, and sslmode=allow',
    arrange: asking('password', NETWORK, 'allow'),
    warn: ['database/plaintext'],
    says: /^the password of role "spacelift" is sent to 0\.0\.0\.0:\d+ in cleartext\n.*sslmode=allow/,
  },
  {
    name: 'a database password for reading that crosses a network in clear text',
    arrange: server(
      () => ({ hba: ['host all all all password'] }),
      { host: '127.0.0.1' },
      ({ url }) => ({
        variables: {
          DATABASE_READ_ONLY_URL: url({ user: 'spacelift', password: PASSWORD, database: 'spacelift', host: NETWORK }),
        },
      }),
    ),
    warn: ['database/plaintext'],
    says: /^the password of role "spacelift" is sent to 0\.0\.0\.0:\d+ in cleartext\n/,
  },
  { name: 'a database password in clear text on loopback', arrange: asking('password', '127.0.0.1') },
  { name: 'a database password in clear text, and sslmode=disable', arrange: asking('password', NETWORK, 'disable') },
  { name: 'a login by SCRAM over a network without TLS', arrange: asking('scram-sha-256', NETWORK) },
  { name: 'a login by MD5 over a network without TLS', arrange: asking('md5', NETWORK, 'prefer', 'md5') },
  {
    name: 'a pooler that does not know the database',
    arrange: poolerSays('no such database: spacelift'),
    fail: CONNECT,
    says: /^database "spacelift" does not exist in the pooler at 127\.0\.0\.1:\d+$/m,
  },
  {
    name: 'a pooler with another password',
    arrange: poolerSays('SASL authentication failed'),
    fail: CONNECT,
    says: /^the pooler at 127\.0\.0\.1:\d+ rejected the password of role "spacelift"$/m,
  },
  {
    name: 'a pooler that refuses a parameter',
    arrange: pooled('session', { statement_timeout: '0' }),
    fail: CONNECT,
    says: /rejected the parameter statement_timeout in DATABASE_URL/,
  },
  {
    name: 'a pooler in transaction mode',
    arrange: pooled('transaction'),
    warn: ['database/pooler'],
    says: /^a transaction pooler is in front of the database\n.*different server processes/,
  },
  { name: 'a pooler in session mode', arrange: pooled('session') },
];

/** A pooler in front of a server of its own. */
function pooled(mode: 'session' | 'transaction', params: Record<string, string> = {}): Fault['arrange'] {
  const arrange = server(() => ({ hba: ['host all all all trust'] }), { host: '127.0.0.1', params });
  return async (there) => {
    const { variables, undo, ...rest } = await arrange(there);
    const url = new URL(variables?.DATABASE_URL ?? '');
    const pooler = await startPooler({ target: { host: url.hostname, port: Number(url.port) }, mode });
    url.port = String(pooler.port);
    return {
      ...rest,
      variables: { DATABASE_URL: url.href },
      undo: async () => {
        await pooler.close();
        await undo?.();
      },
    };
  };
}
