/** The databases that decide whether messages may be tried: who uses the queues can be seen in them. */
import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';

export interface Databases {
  /** The URL of one where Spacelift is still to be installed. */
  readonly empty: string;
  /** The URL of one that has Spacelift's tables. */
  readonly installed: string;
}

/** Both, for as long as the tests of the file, or of the `describe`, that asks for them. */
export function useDatabases(): Databases {
  const urls = { empty: '', installed: '' };
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version: 16 });
    for (const name of ['empty', 'installed'] as const) {
      urls[name] = await server.createDatabase({ name, owner: 'spacelift', password: 'a-long-password' });
    }
    await server.query('CREATE TABLE accounts (id bigint)', [], 'installed');
  });
  afterAll(() => server.stop());
  return urls;
}
