/** A machine full of what an attacker wants: files, profiles, programs and sockets, none of which a config may reach. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeCa } from '../services/tls.ts';
import { startStranger } from './stranger.ts';
import type { Bait } from './variables.ts';

const secret = (of: string): string => `bait${Buffer.from(of).toString('hex')}bait`;
/** What is in the files, and what the process holds besides. */
export const BAITED = {
  file: secret('a file'),
  key: secret('a key'),
  profile: secret('a profile'),
  sso: secret('single sign-on'),
  pgpass: secret('a password of PostgreSQL'),
  gcloud: secret('a user of Google’s'),
  azure: secret('a user of Azure’s'),
  environment: secret('the environment'),
  server: secret('a metadata server'),
} as const;

/** Programs by which SDKs find credentials, and those that shells and people use. */
const PROGRAMS =
  'aws az azd pwsh powershell powershell.exe gcloud gsutil psql sh bash zsh cmd cmd.exe curl wget python3 node git'.split(
    ' ',
  );

export interface Machine {
  readonly bait: Bait;
  /** `HOME`, with profiles and sessions of the vendors’ clients; none of them is a default. */
  readonly home: string;
  /** `PATH`: every program there notes that it was started. */
  readonly path: string;
  /** Below this lies what only a config points at. */
  readonly container: string;
  /** What was started since it was last asked, with its arguments, which may have several lines. */
  started(): Promise<readonly string[]>;
  /** Requests to the bait’s server, and connections to its socket, since they were last asked for. */
  heard(): readonly string[];
  close(): Promise<void>;
}

/** @param folder an empty one, which stays behind */
export async function layBait(folder: string): Promise<Machine> {
  const [home, path, container, notes] = ['home', 'bin', 'container', 'notes'].map((name) => join(folder, name));
  if (home === undefined || path === undefined || container === undefined || notes === undefined) throw new Error();
  await Promise.all([home, path, container, notes].map((at) => mkdir(at)));
  const program = `#!/bin/sh\nprintf '%s\\036' "$0 $*" >> '${notes}/started'\necho '${JSON.stringify({
    Version: 1,
    AccessKeyId: 'AKIABAITBAITBAITBAIT',
    SecretAccessKey: BAITED.profile,
  })}'\n`;
  const executable = async (at: string) => {
    await writeFile(at, program);
    await chmod(at, 0o755);
  };
  const write = async (at: string, ...text: readonly string[]) => {
    await mkdir(join(at, '..'), { recursive: true });
    await writeFile(at, `${text.join('\n')}\n`);
  };
  const inside = (name: string) => join(container, name);
  const stranger = await startStranger();
  const sockets: string[] = [];
  const socket = createServer((connection) => {
    sockets.push('a connection to the socket');
    connection.on('error', () => {}).end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => socket.listen(inside('socket'), resolve));
  execFileSync('mkfifo', [inside('fifo')]);
  const server = `127.0.0.1:${stranger.httpPort}`;
  const ca = await makeCa();
  const leaf = await ca.issue({ names: ['localhost'], clientAuth: true });
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const ini = (command: string) => [
    '[default]',
    'region = eu-central-1',
    '[profile bait]',
    `credential_process = ${command} --from-profile`,
    'region = eu-central-1',
    '[bait]',
    `credential_process = ${command} --from-profile`,
    '[profile sso]',
    'sso_session = bait',
    'sso_account_id = 123456789012',
    'sso_role_name = bait',
    '[sso-session bait]',
    'sso_region = eu-central-1',
    `sso_start_url = http://${server}/start`,
    'sso_registration_scopes = sso:account:access',
  ];
  await Promise.all([
    ...PROGRAMS.map((name) => executable(join(path, name))),
    executable(inside('program')),
    write(inside('file'), BAITED.file),
    write(inside('ini'), ...ini(inside('program'))),
    write(
      inside('federation.json'),
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/bait/providers/bait',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: 'https://sts.googleapis.com/v1/token',
        credential_source: { file: inside('file') },
      }),
    ),
    write(
      inside('key.json'),
      JSON.stringify({
        type: 'service_account',
        project_id: 'bait',
        private_key_id: BAITED.key,
        private_key: privateKey,
        client_email: 'bait@bait.iam.gserviceaccount.com',
        token_uri: `http://${server}/token`,
      }),
    ),
    write(inside('certificate.pem'), leaf.keyPem, leaf.chainPem),
    write(join(home, '.aws/config'), ...ini(join(path, 'aws'))),
    write(
      join(home, '.aws/credentials'),
      '[bait2]',
      'aws_access_key_id = AKIABAIT',
      `aws_secret_access_key = ${BAITED.profile}`,
    ),
    write(
      // SHA-1 of the session's name.
      join(home, '.aws/sso/cache/3f1f1d1e0b0e1c4b6f8b6f0e5c0a5a5a5a5a5a5a.json'),
      JSON.stringify({ accessToken: BAITED.sso, expiresAt: '2099-01-01T00:00:00Z' }),
    ),
    write(join(home, '.pgpass'), `*:*:*:*:${BAITED.pgpass}`),
    write(join(home, '.pg_service.conf'), '[bait]', 'host=127.0.0.1', `password=${BAITED.pgpass}`),
    write(join(home, '.postgresql/postgresql.crt'), leaf.chainPem),
    write(join(home, '.postgresql/postgresql.key'), leaf.keyPem),
    write(join(home, '.postgresql/root.crt'), ca.certPem),
    write(join(home, '.azure/msal_token_cache.json'), BAITED.azure),
  ]);
  return {
    bait: {
      file: inside('file'),
      folder: container,
      ini: inside('ini'),
      federation: inside('federation.json'),
      key: inside('key.json'),
      certificate: inside('certificate.pem'),
      program: inside('program'),
      fifo: inside('fifo'),
      socket: inside('socket'),
      server,
    },
    home,
    path,
    container,
    started: async () => {
      if (!(await readdir(notes)).includes('started')) return [];
      const lines = (await readFile(join(notes, 'started'), 'utf8')).split('\x1e').filter((line) => line !== '');
      await rm(join(notes, 'started'));
      return lines;
    },
    heard: () => [...stranger.heard(), ...sockets.splice(0)],
    close: async () => {
      await Promise.all([stranger.close(), new Promise((resolve) => socket.close(resolve))]);
    },
  };
}
