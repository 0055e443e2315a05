/** A plan contacts nothing: it runs where every way out is closed, beside servers that nobody calls. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleOf, run } from '../cli/spawned.ts';
import { type CountingFault, startCloser } from '../services/tcp.ts';
import type { Variables } from '../support/preflight.ts';
import { DEPLOYMENTS } from './deployments.ts';

const MARK = 'CONTACTED';

/** Closes all ways out of a process, and tells what was tried. */
const closed = moduleOf(`
  import dns from 'node:dns';
  import dgram from 'node:dgram';
  import net from 'node:net';
  import http2 from 'node:http2';
  import child from 'node:child_process';
  import { syncBuiltinESMExports } from 'node:module';
  const refuse = (what) => () => {
    process.stderr.write('${MARK} ' + what + '\\n');
    throw new Error('${MARK}');
  };
  net.Socket.prototype.connect = refuse('net');
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
    dns[name] = refuse('dns.' + name);
    dns.promises[name] = refuse('dns.promises.' + name);
  }
  dgram.createSocket = refuse('dgram');
  http2.connect = refuse('http2');
  globalThis.fetch = refuse('fetch');
  for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execFileSync', 'execSync']) {
    child[name] = refuse('child_process.' + name);
  }
  syncBuiltinESMExports();`);

let folder: string;
let server: CountingFault;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-plan-'));
  server = await startCloser();
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), server.close()]));

/** The config with every host replaced by a server that counts who comes. */
async function fileOf(name: string, variables: Variables): Promise<string> {
  const at = `${server.host}:${server.port}`;
  const here = Object.entries(variables).map(([key, value = '']) => [
    key,
    value.replace(/[a-z0-9-]+\.corp\.internal(:\d+)?/g, at).replace(/\bhttps:/, 'http:'),
  ]);
  const path = join(folder, `${name.replaceAll(' ', '-')}.json`);
  const domain = {
    SERVER_DOMAIN: 'spacelift.corp.internal',
    OBJECT_STORAGE_AZURE_ACCOUNT_URL: variables.OBJECT_STORAGE_AZURE_ACCOUNT_URL ?? '',
  };
  await writeFile(path, JSON.stringify({ ...Object.fromEntries(here), ...domain }));
  return path;
}

const environment = () => ({
  AWS_ENDPOINT_URL: `http://${server.host}:${server.port}`,
  GCE_METADATA_HOST: `${server.host}:${server.port}`,
  HTTPS_PROXY: `http://${server.host}:${server.port}`,
});

describe.each(Object.entries(DEPLOYMENTS))('%s', (name, variables) => {
  test.each(['pretty', 'json'])('plan -o %s', async (format) => {
    const file = await fileOf(name, variables);
    const { code, stdout, stderr } = await run(['plan', '-f', file, '-o', format], {
      imports: [closed],
      env: environment(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('object-storage');
    expect(server.connections()).toBe(0);
  });
});

test('the same ways, closed, stop a run: they are those that it takes', async () => {
  const file = await fileOf('on premises', DEPLOYMENTS['on premises'] ?? {});
  const { stderr } = await run(['-f', file, '-o', 'json', '--timeout', '5'], { imports: [closed], env: environment() });
  expect(stderr).toContain(MARK);
});
