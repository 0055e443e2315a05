/** Runs the command line as a user would: another process, streams, signals. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtExecutable } from '../support/built.ts';
import { expectValid } from '../support/valid.ts';

export const EXECUTABLE = await builtExecutable();
/** Run from its sources: for what is about the modules that are loaded. */
export const FROM_SOURCES = join(import.meta.dirname, '../../bin/spacelift-preflight.ts');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
}

interface More {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Modules to load first. */
  readonly imports?: readonly string[];
  readonly executable?: string;
  readonly cwd?: string;
  /** In a process group of its own, so that what it starts can be told. */
  readonly group?: boolean;
}

/** Node keeps what it compiled of the sources there, for all processes of all runs: half of what a short one would do. */
export const COMPILED = join(tmpdir(), 'spacelift-preflight-compiled');

/** Nothing of the test's own environment reaches the process but what finds programs. */
export function start(args: readonly string[], more: More = {}): Started {
  const { env = {}, stdin = '', imports = [], executable = EXECUTABLE, cwd } = more;
  const child = spawn(process.execPath, [...imports.flatMap((module) => ['--import', module]), executable, ...args], {
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILED, ...env },
    cwd,
    detached: more.group === true,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const finished = Promise.all([once(child, 'close'), text(child.stdout).catch(() => ''), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]): Finished => checked({ code, signal, stdout, stderr }),
  );
  return { child, finished };
}

/** Whatever the test is about, a report that was printed as JSON is valid. */
export function checked(finished: Finished): Finished {
  if (/^\{\s*"kind": "report"/.test(finished.stdout)) expectValid(JSON.parse(finished.stdout));
  return finished;
}

export const run = (args: readonly string[], more: More = {}): Promise<Finished> => start(args, more).finished;

/** A module for `imports`. */
export const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

/** Passwords and keys that must never be seen. */
export const SECRETS = { database: 'correct-horse-battery', store: 'staple-battery-horse' } as const;

/** Smaller than the vendor suggests: one warning. */
const key = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

/** A complete config whose services are at these ports of 127.0.0.1, as dotenv. */
export function dotenv(
  ports: { database: number; store: number; broker: number },
  more: Record<string, string> = {},
): string {
  const buckets = [
    'DELIVERIES',
    'LARGE_QUEUE_MESSAGES',
    'METADATA',
    'MODULES',
    'POLICY_INPUTS',
    'RUN_LOGS',
    'STATES',
    'UPLOADS',
    'USER_UPLOADED_WORKSPACES',
    'WORKSPACE',
  ].map((name) => [`OBJECT_STORAGE_BUCKET_${name}`, `spacelift-${name.toLowerCase().replaceAll('_', '-')}`]);
  const variables = {
    SERVER_DOMAIN: 'spacelift.example.org',
    DATABASE_URL: `postgres://spacelift:${SECRETS.database}@127.0.0.1:${ports.database}/spacelift`,
    OBJECT_STORAGE_TYPE: 'minio',
    OBJECT_STORAGE_MINIO_ENDPOINT: `127.0.0.1:${ports.store}`,
    OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'spacelift',
    OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: SECRETS.store,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://127.0.0.1:${ports.store}`,
    ...Object.fromEntries(buckets),
    ENCRYPTION_TYPE: 'rsa',
    ENCRYPTION_RSA_PRIVATE_KEY: Buffer.from(key).toString('base64'),
    MESSAGE_QUEUE_TYPE: 'postgres',
    MQTT_BROKER_TYPE: 'builtin',
    MQTT_BROKER_ENDPOINT: `tls://127.0.0.1:${ports.broker}`,
    LICENSE_TYPE: 'jwt',
    LICENSE_TOKEN: 'eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl',
    ...more,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
