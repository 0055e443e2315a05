/** A real PgBouncer in front of a database. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, start } from './process.ts';

export interface Pooler {
  /** The database's URL, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What differs from a healthy pooler. */
export interface PoolerChanges {
  /** Of the entry: `*` passes every database on. */
  readonly entry?: string;
  /** Words of the entry beside the server's address. */
  readonly server?: string;
  /** The password in the user list, which clients and servers get. */
  readonly listed?: string;
  /** Other users in the list, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
  /** A certificate for its clients, PEM. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
}

/** @param url of the database, with a password; PgBouncer asks clients for the same one */
export async function startPgbouncer(
  url: string,
  mode: 'session' | 'transaction' | 'statement',
  settings: readonly string[] = [],
  { entry, server: words, listed, users: others = {}, tls }: PoolerChanges = {},
): Promise<Pooler> {
  const { username, password, hostname, port, pathname } = new URL(url);
  const database = pathname.slice(1);
  const known = { [decodeURIComponent(username)]: listed ?? decodeURIComponent(password), ...others };
  const server = await start('pgbouncer', {
    args: async ({ ports: [listen], directory }) => {
      const users = join(directory, 'users');
      const lines = [
        '[databases]',
        `${entry ?? database} = host=${hostname} port=${port} ${words ?? (entry === undefined ? `dbname=${database}` : '')}`,
        '[pgbouncer]',
        `listen_addr = ${HOST}`,
        `listen_port = ${listen}`,
        'unix_socket_dir =',
        // With the password itself at hand, PgBouncer can log in to the server by SCRAM too.
        'auth_type = plain',
        `auth_file = ${users}`,
        `pool_mode = ${mode}`,
        ...settings,
      ];
      const list = Object.entries(known).map(([name, secret]) => `"${name}" "${secret}"\n`);
      await writeFile(users, list.join(''));
      for (const [name, pem] of Object.entries({ cert: tls?.certPem, key: tls?.keyPem })) {
        if (pem === undefined) continue;
        await writeFile(join(directory, name), pem);
        lines.push(`client_tls_${name}_file = ${join(directory, name)}`);
      }
      await writeFile(join(directory, 'pgbouncer.ini'), `${lines.join('\n')}\n`);
      // It does not run as root: it reads its configuration, then becomes another user.
      const asRoot = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
      return [...asRoot, join(directory, 'pgbouncer.ini')];
    },
  });
  const through = new URL(url);
  through.port = String(server.ports[0]);
  return { url: through.href, stop: server.stop };
}
