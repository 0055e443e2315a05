/** Azurite as a child process: the blob service over HTTPS with tokens, in memory, on a free loopback port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import type { CertificateAuthority } from '../tls.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export interface Azurite {
  /** Of 127.0.0.1: itself, with nothing of ours in front. */
  readonly port: number;
  /** Passes a request on as it is. */
  send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: Buffer): Promise<Answer>;
  close(): Promise<void>;
}

const host = '127.0.0.1';
/** Alone it needs two seconds; beside busy neighbors, many times that. */
const startMs = 200_000;

/** Starts Azurite with these storage accounts.
 * @throws {Error} with what it wrote when it ends instead of listening. */
export async function startAzurite(accounts: string[], ca: CertificateAuthority): Promise<Azurite> {
  const directory = await mkdtemp(join(tmpdir(), 'preflight-azurite-'));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const issued = await ca.issue({ names: [host] });
  await Promise.all([writeFile(cert, issued.chainPem), writeFile(key, issued.keyPem, { mode: 0o600 })]);
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const accountKeys = accounts.map((name) => `${name}:${Buffer.alloc(64, name).toString('base64')}`).join(';');
  const flags =
    '--silent --inMemoryPersistence --skipApiVersionCheck --disableTelemetry --oauth basic --extentMemoryLimit 256';
  const child = spawn(
    process.execPath,
    [main, '--blobHost', host, '--blobPort', '0', '--cert', cert, '--key', key, ...flags.split(' ')],
    {
      cwd: directory,
      env: { PATH: process.env.PATH, AZURITE_ACCOUNTS: accountKeys },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  const orphan = () => child.kill();
  process.once('exit', orphan);
  const close = async () => {
    process.off('exit', orphan);
    child.kill();
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const port = await listening(child).catch(async (error) => {
    await close();
    throw error;
  });
  const agent = new Agent({ keepAlive: true, ca: ca.certPem, maxSockets: 32 });

  return {
    port,
    send: (method, path, headers, body) =>
      new Promise((resolve, reject) => {
        const sent = request({ host, port, method, path, agent, servername: '', headers: { ...headers } });
        sent.on('error', reject);
        sent.on('response', async (answer) => {
          const body = await buffer(answer);
          resolve({ status: answer.statusCode ?? 0, headers: flat(answer.headers), body });
        });
        sent.end(body);
      }),
    close: async () => {
      agent.destroy();
      await close();
    },
  };
}

/** The port that it says it listens on. */
async function listening(child: ChildProcess): Promise<number> {
  const said: string[] = [];
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('Azurite has no output');
  stderr.on('data', (text) => said.push(String(text)));
  const lines = createInterface({ input: stdout, signal: AbortSignal.timeout(startMs) });
  for await (const line of lines) {
    said.push(line);
    const port = /successfully listens on https:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    stdout.resume();
    return Number(port);
  }
  throw new Error(`Azurite did not start: ${said.join('\n')}`);
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
