/** Faults of the database. */
import { refusedPort, startBlackhole, startSilent } from '../services/tcp.ts';
import { config, elsewhere } from './arrange.ts';
import type { Arrange, Fault } from './fault.ts';

const databaseUrl = (change: (url: URL) => void) =>
  config(({ DATABASE_URL = '' }) => {
    const url = new URL(DATABASE_URL);
    change(url);
    return { DATABASE_URL: url.href };
  });

/** A statement that breaks the database, and the one that mends it. */
const statement =
  (breaks: string, mends: string, of = 'postgres'): Arrange =>
  async ({ estate }) => {
    await estate.database.query(breaks, [], of);
    return { undo: () => estate.database.query(mends, [], of) };
  };

export const DATABASE: readonly Fault[] = [
  {
    name: 'wrong database password',
    arrange: databaseUrl((url) => {
      url.password = 'Wr0ng-p4ssw0rd-of-n0body';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'database host that does not resolve',
    arrange: databaseUrl((url) => {
      url.hostname = 'db.does-not-exist.invalid';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'database port that refuses',
    arrange: elsewhere('DATABASE_URL', refusedPort),
    fail: ['database/connect'],
  },
  {
    name: 'database port that swallows packets',
    arrange: async (there) => {
      const { variables, ...rest } = await elsewhere('DATABASE_URL', startBlackhole)(there);
      return { ...rest, variables: { DATABASE_URL: `${variables?.DATABASE_URL}?connect_timeout=2` } };
    },
    fail: ['database/connect'],
  },
  {
    name: 'database port that stays silent',
    arrange: elsewhere('DATABASE_URL', startSilent),
    fail: ['database/connect'],
    options: { timeoutMs: 2000 },
  },
  {
    name: 'unknown database',
    arrange: databaseUrl((url) => {
      url.pathname = '/nowhere';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'misspelt parameter',
    arrange: databaseUrl((url) => url.searchParams.set('ssl_mode', 'require')),
    fail: ['database/connect'],
  },
  {
    name: 'TLS required of a server without',
    arrange: databaseUrl((url) => url.searchParams.set('sslmode', 'require')),
    fail: ['database/connect'],
  },
  {
    name: 'role without CREATEROLE',
    arrange: statement('ALTER ROLE spacelift NOCREATEROLE', 'ALTER ROLE spacelift CREATEROLE'),
    fail: ['database/privileges'],
  },
  {
    name: 'no CREATE on schema public',
    arrange: statement(
      'ALTER DATABASE spacelift OWNER TO postgres; GRANT CREATE ON DATABASE spacelift TO spacelift',
      'ALTER DATABASE spacelift OWNER TO spacelift',
    ),
    fail: ['database/privileges'],
  },
  {
    name: 'read-only by default',
    arrange: statement(
      'ALTER DATABASE spacelift SET default_transaction_read_only = on',
      'ALTER DATABASE spacelift RESET default_transaction_read_only',
    ),
    fail: ['database/writable'],
  },
  {
    name: 'a foreign table in the database',
    arrange: statement('CREATE TABLE public.foreigner (id int)', 'DROP TABLE public.foreigner', 'spacelift'),
    warn: ['database/dedicated'],
  },
  {
    name: 'a short statement timeout',
    arrange: statement(
      'ALTER ROLE spacelift SET statement_timeout = 5000',
      'ALTER ROLE spacelift RESET statement_timeout',
    ),
    warn: ['database/settings'],
  },
  {
    name: 'few connections left',
    arrange: statement('ALTER ROLE spacelift CONNECTION LIMIT 10', 'ALTER ROLE spacelift CONNECTION LIMIT -1'),
    warn: ['database/connections'],
  },
  {
    name: 'another database for reading',
    arrange: ({ estate }) => ({
      variables: { DATABASE_READ_ONLY_URL: estate.database.url({ database: 'postgres' }) },
    }),
    fail: ['database/read-only'],
  },
];
