/** A real PgBouncer in front of a database. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, start } from './process.ts';

export interface Pooler {
  /** The database's URL, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @param url of the database, with a password; PgBouncer asks clients for the same one
 * @param entry more words for the database's entry, such as `user=…`
 */
export async function startPgbouncer(
  url: string,
  mode: 'session' | 'transaction' | 'statement',
  settings: readonly string[] = [],
  entry = '',
): Promise<Pooler> {
  const { username, password, hostname, port, pathname } = new URL(url);
  const database = pathname.slice(1);
  const server = await start('pgbouncer', {
    args: async ({ ports: [listen], directory }) => {
      const users = join(directory, 'users');
      const lines = [
        '[databases]',
        `${database} = host=${hostname} port=${port} dbname=${database} ${entry}`,
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
      await writeFile(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`);
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
