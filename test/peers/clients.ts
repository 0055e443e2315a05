/** The true clients of fixes: psql and the AWS CLI, started by a shell that knows the test servers. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { quoted } from '../../src/outcome/fix.ts';
import type { Fault } from '../faults/fault.ts';
import type { Clients } from '../faults/fixes/clients.ts';
import { ADMINISTRATOR, asAdministrator, REGION_OF_ADMINISTRATOR } from '../faults/fixes/shell.ts';
import type { Estate } from '../support/estate.ts';
import { type AwsFront, startAwsFront } from './aws-front.ts';
import { program } from './install.ts';
import type { Program } from './ways.ts';

export interface TrueClients extends Clients {
  remove(): Promise<void>;
}

/** Not of what only looks like a fault. */
export const hasFix = ({ fail = [], warn = [] }: Fault): boolean => fail.length + warn.length > 0;

type Env = Readonly<Record<string, string | undefined>>;

export function trueClients(): TrueClients {
  const directory = mkdtempSync(join(tmpdir(), 'preflight-clients-'));
  // What this machine's user has configured must not reach them.
  const base = { PATH: `${directory}:${process.env.PATH}`, HOME: directory };
  for (const name of ['aws', 'psql'] as const) {
    const path = join(directory, name);
    writeFileSync(path, wrapper(program(name)));
    chmodSync(path, 0o755);
  }
  const fronts = new Map<string, Promise<AwsFront>>();
  const frontOf = ({ url, region }: Estate['eks']['aws']): Promise<AwsFront> => {
    const front = fronts.get(url) ?? startAwsFront(url, region, directory);
    fronts.set(url, front);
    return front;
  };
  return {
    shell: async (fix, estate) => {
      const { accessKeyId, secretAccessKey } = ADMINISTRATOR;
      const env = {
        ...base,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: REGION_OF_ADMINISTRATOR,
        AWS_DEFAULT_REGION: REGION_OF_ADMINISTRATOR,
        AWS_ENDPOINT_URL: estate.eks.aws.url,
        AWS_ENDPOINT_URL_S3: estate.eks.s3.url,
        AWS_MAX_ATTEMPTS: '1',
        ...(await frontOf(estate.eks.aws)).env,
      };
      const output = await asAdministrator(estate, () => run('/bin/sh', ['-ec', fix], env, ''));
      // What a person copies of it.
      return output.trimEnd();
    },
    sql: async (fix, { server, who, database }) => {
      const { user, password } = server.superuser;
      const env = {
        ...base,
        PGHOST: server.socketDirectory,
        PGPORT: String(server.port),
        PGUSER: user,
        PGPASSWORD: password,
      };
      const psql = (name: string, args: readonly string[], input: string) =>
        run(join(directory, 'psql'), ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', ...args, name], env, input);
      const isOpen = await psql(database, ['--command=SELECT'], '').then(
        () => true,
        () => false,
      );
      const become = who === 'master' ? ['--command=SET SESSION AUTHORIZATION master'] : [];
      await psql(isOpen ? database : 'postgres', [...become, '--file=-'], fix);
    },
    remove: async () => {
      for (const front of fronts.values()) await (await front).close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A script, so that a program with its first arguments is one word. */
function wrapper({ command, args, env }: Program): string {
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return `#!/bin/sh\n${settings.join('')}exec ${[command, ...args].map(quoted).join(' ')} "$@"\n`;
}

async function run(command: string, args: readonly string[], env: Env, input: string): Promise<string> {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  child.stdin.on('error', () => {}).end(input);
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors.trim()}`);
  return output;
}
