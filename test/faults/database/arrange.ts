/** Ways to break a database, and servers of another kind with a healthy installation in them. */
import { type PostgresOptions, type PostgresServer, startPostgres, type UrlOptions } from '../../services/postgres.ts';
import { type ProxyFaults, startProxy } from '../../services/tcp.ts';
import { config } from '../arrange.ts';
import type { Arrange, Arranged, There } from '../fault.ts';

export const PASSWORD = 'p%r/o#b:e@long?&=+"';

/** Another URL of the same database. */
export const databaseUrl = (change: (url: URL) => unknown): Arrange =>
  config(({ DATABASE_URL = '' }) => {
    const url = new URL(DATABASE_URL);
    change(url);
    return { DATABASE_URL: url.href };
  });

/** Parameters that the URL has beside. */
export const parameters = (named: Readonly<Record<string, string>>): Arrange =>
  databaseUrl((url) => {
    for (const [name, value] of Object.entries(named)) url.searchParams.set(name, value);
    url.search = url.search.replaceAll('+', '%20');
  });

/** A statement that breaks the database, and the one that repairs it. */
export const statement =
  (breaks: string, repairs: string, of = 'postgres'): Arrange =>
  async ({ estate }) => {
    await estate.database.query(breaks, [], of);
    return { undo: () => estate.database.query(repairs, [], of) };
  };

/** A role's or a database's own setting. */
export const setting = (whose: string, set: string): Arrange =>
  statement(`ALTER ${whose} SET ${set}`, `ALTER ${whose} RESET ${set.split(' ')[0]}`);

/** The database behind a proxy. */
export const behind =
  (faults: ProxyFaults): Arrange =>
  async (there) =>
    (await proxied(there, faults)).arranged;

/** A proxy that does this from the answer on that holds these words, which never pass. */
export const from =
  (words: string, then: ProxyFaults): Arrange =>
  async (there) => {
    const { proxy, arranged } = await proxied(there, {});
    proxy.faults.corrupt = (chunk, direction) => {
      const now = direction === 'down' && chunk.includes(words);
      if (!now) return chunk;
      Object.assign(proxy.faults, { corrupt: undefined }, then);
      return chunk.subarray(0, chunk.indexOf(words));
    };
    return arranged;
  };

async function proxied({ estate, variables }: There, faults: ProxyFaults) {
  const proxy = await startProxy({ target: estate.database, ...faults });
  const url = new URL(variables.DATABASE_URL ?? '');
  url.port = String(proxy.port);
  const arranged: Arranged = { variables: { DATABASE_URL: url.href }, undo: proxy.close };
  return { proxy, arranged };
}

/** Changes the answers alone, each as a whole. */
export const answers = (pattern: RegExp, to: (found: string) => string): ProxyFaults => ({
  corrupt: (chunk, direction) =>
    direction === 'up' ? chunk : Buffer.from(chunk.toString('latin1').replace(pattern, to), 'latin1'),
});

/** A server of the same kind with a healthy installation in it; its URL has `params`. */
export const server =
  (
    options: () => PostgresOptions | Promise<PostgresOptions>,
    { host = 'localhost', params = {} }: Pick<UrlOptions, 'host' | 'params'> = {},
    more: (running: PostgresServer) => Omit<Arranged, 'undo'> | Promise<Omit<Arranged, 'undo'>> = () => ({}),
  ): Arrange =>
  async () => {
    const running = await startPostgres(await options());
    await running.createDatabase({
      name: 'spacelift',
      owner: 'spacelift',
      password: PASSWORD,
      roleOptions: 'CREATEROLE',
    });
    const url = running.url({ user: 'spacelift', password: PASSWORD, database: 'spacelift', host, params });
    const { variables, ...rest } = await more(running);
    return { ...rest, variables: { DATABASE_URL: url, ...variables }, database: running, undo: () => running.stop() };
  };
