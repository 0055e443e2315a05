/**
 * The demo: starts a whole deployment on loopback, writes its config as a Kubernetes Secret, runs the preflight on it, and
 * stops everything. With `--serve` it keeps the deployment up for you to break.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifest, startDemo } from './deployment.ts';

const EXECUTABLE = fileURLToPath(new URL('../bin/spacelift-preflight.ts', import.meta.url));

const args = process.argv.slice(2);
const serve = args.includes('--serve');
const say = (text: string) => process.stderr.write(`${text}\n`);

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());

say('Starting PostgreSQL, an object store and an MQTT broker on loopback …');
const [deployment, directory] = await Promise.all([startDemo(), mkdtemp(join(tmpdir(), 'spacelift-demo-'))]);
try {
  const config = join(directory, 'spacelift.yaml');
  await writeFile(config, manifest(deployment.variables), { mode: 0o600 });
  say(`The deployment’s config is a Kubernetes Secret: ${config}\n`);
  if (serve) {
    say(instructions(config));
    if (!stopped.signal.aborted) await once(stopped.signal, 'abort');
    say('\nStopping …');
  } else {
    process.exitCode = await preflight(['-f', config, ...args]);
  }
} finally {
  await Promise.all([deployment.stop(), rm(directory, { recursive: true, force: true })]);
}

/** Runs the command line on its own, as a user would; Ctrl-C reaches it, since it shares the terminal. */
async function preflight(options: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [EXECUTABLE, ...options], { stdio: 'inherit' });
  stopped.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [code] = await once(child, 'close');
  return typeof code === 'number' ? code : 1;
}

function instructions(config: string): string {
  const { database, store } = deployment;
  return `It stays up until you press Ctrl-C. In another terminal:

  npm run -s preflight -- -f ${config}

Then break it, and run that again:

  a wrong database password   change it in DATABASE_URL in that file
  a pairing that can't work   remove the line MQTT_BROKER_TYPE
  a misspelt bucket           change a letter in OBJECT_STORAGE_BUCKET_STATES
  the HTTP server's port      set the port of MQTT_BROKER_ENDPOINT to 1983
  a missing privilege         psql '${database.url({ database: 'spacelift' })}' \\
                                -c 'ALTER ROLE spacelift NOCREATEROLE'

The object store is at ${store.url}; its keys are in the file.`;
}
