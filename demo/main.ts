/**
 * The demo: starts a complete deployment on loopback, writes its config as a Kubernetes Secret, runs the preflight on it, and
 * stops everything. With `--serve`, it keeps the deployment running for experiments; with `--cluster`, the preflight runs in a
 * cluster on this machine, as each service.
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
const cluster = args.includes('--cluster');
const say = (text: string) => process.stderr.write(`${text}\n`);

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());

say('Starting PostgreSQL, an object store and an MQTT broker on loopback…');
const [deployment, directory] = await Promise.all([startDemo(), mkdtemp(join(tmpdir(), 'spacelift-demo-'))]);
try {
  const config = join(directory, 'spacelift.yaml');
  await writeFile(config, manifest(deployment.variables), { mode: 0o600 });
  say(`The config of the deployment is a Kubernetes Secret: ${config}\n`);
  if (cluster) {
    const { inCluster } = await import('./cluster.ts');
    const others = args.filter((one) => one !== '--cluster');
    process.exitCode = await inCluster(
      deployment.variables,
      (options, env) => preflight([...options, ...others], env),
      say,
    );
  } else if (serve) {
    say(instructions(config));
    if (!stopped.signal.aborted) await once(stopped.signal, 'abort');
    say('\nStopping…');
  } else {
    process.exitCode = await preflight(['-f', config, ...args]);
  }
} finally {
  await Promise.all([deployment.stop(), rm(directory, { recursive: true, force: true })]);
}

/** Runs the command line like a user would; it receives Ctrl-C because it shares the terminal. */
async function preflight(options: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, [EXECUTABLE, ...options], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  stopped.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [code] = await once(child, 'close');
  return typeof code === 'number' ? code : 1;
}

function instructions(config: string): string {
  const { database, store } = deployment;
  return `The deployment runs until you press Ctrl-C. In another terminal, run:

  npm run -s preflight -- -f ${config}

Then break something and run it again:

  wrong database password   change it in DATABASE_URL in the config
  unsupported pairing       remove the line with MQTT_BROKER_TYPE
  misspelled bucket         change a letter in OBJECT_STORAGE_BUCKET_STATES
  port of the HTTP server   set the port in MQTT_BROKER_ENDPOINT to 1983
  missing privilege         psql '${database.url({ database: 'spacelift' })}' \\
                              -c 'ALTER ROLE spacelift NOCREATEROLE'

The object store is at ${store.url}; its keys are in the config.`;
}
