/** The clients for the script: from the system, or installed like the servers of `npm run test:peers`. */
import { globSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PEERS } from '../test/peers/catalog.ts';
import { install, programOf } from '../test/peers/install.ts';
import { debian, type Program, type Way } from '../test/peers/ways.ts';

const CLIENTS: Readonly<Record<string, Way>> = {
  mc: PEERS.mc,
  // The psql in Debian's PATH is a wrapper script that looks for this one first.
  psql: debian('postgresql-client', 'psql', 'usr/lib/postgresql/*/bin/psql'),
  openssl: debian('openssl', 'openssl'),
  curl: debian('curl', 'curl'),
  mosquitto_pub: debian('mosquitto-clients', 'mosquitto_pub'),
};

/**
 * Puts all of them into one directory, for use in PATH.
 * @throws Error with one line for each client that can't be installed
 */
export async function clients(directory: string): Promise<string> {
  await install(CLIENTS);
  await mkdir(directory);
  for (const [name, way] of Object.entries(CLIENTS)) {
    const [psql] = name === 'psql' ? globSync('/usr/lib/postgresql/*/bin/psql') : [];
    await place(
      join(directory, name),
      psql === undefined ? programOf(name, way) : { command: psql, args: [], env: {} },
    );
  }
  return directory;
}

async function place(path: string, { command, env }: Program): Promise<void> {
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  if (settings.length === 0) return symlink(command, path);
  await writeFile(path, `#!/bin/sh\n${settings.join(' ')} exec '${command}' "$@"\n`, { mode: 0o755 });
}
