/** The databases that decide whether messages may be tried: who uses the queues can be seen in them. */
import { beforeAll } from 'vitest';
import { startPostgres } from '../../services/postgres.ts';
import { install } from '../database/support.ts';

export interface Databases {
  /** The URL of one where Spacelift is still to be installed. */
  readonly empty: string;
  /** The URL of one that has Spacelift's tables. */
  readonly installed: string;
}

/** The same for all that a worker runs: nobody writes to them. They end with it. */
let shared: Promise<Databases> | undefined;

async function start(): Promise<Databases> {
  const server = await startPostgres({ version: 16 });
  const make = (name: string) => server.createDatabase({ name, owner: 'spacelift', password: 'a-long-password' });
  const [empty, installed] = [await make('empty'), await make('installed')];
  await install(server, { database: 'installed' });
  return { empty, installed };
}

/** Both, for the tests of the file, or of the `describe`, that asks for them. */
export function useDatabases(): Databases {
  const urls = { empty: '', installed: '' };
  beforeAll(async () => {
    shared ??= start();
    Object.assign(urls, await shared);
  });
  return urls;
}
