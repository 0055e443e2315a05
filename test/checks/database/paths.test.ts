/** What a database URL of a config names on a disk is Spacelift's container's: nothing of it is opened here. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startProxy } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { check, installed, PASSWORD, started, withParameters } from './support.ts';

let ca: CertificateAuthority;
let directory: string;
beforeAll(async () => {
  ca = await makeCa();
  directory = await mkdtemp(join(tmpdir(), 'preflight-paths-'));
  return () => rm(directory, { recursive: true });
});

/** A file that tells whether somebody has it open: a pipe can't be written to as long as nobody reads it. */
function pipe(name: string) {
  const path = join(directory, `${name}-${Math.random().toString(36).slice(2)}`);
  execFileSync('mkfifo', [path]);
  const writer = (): number | undefined => {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENXIO' });
      return undefined;
    }
  };
  return {
    path,
    isOpen: (): boolean => {
      const descriptor = writer();
      if (descriptor !== undefined) closeSync(descriptor);
      return descriptor !== undefined;
    },
    /** Waits for whoever reads it. */
    give: async (text: string): Promise<void> => {
      let descriptor = writer();
      for (; descriptor === undefined; descriptor = writer()) await sleep(5);
      writeSync(descriptor, text);
      closeSync(descriptor);
    },
  };
}

const serving = async () => {
  const { chainPem, keyPem } = await ca.issue({ names: ['localhost'] });
  const { url } = await installed({ tls: { cert: chainPem, key: keyPem } });
  return url.replace('@127.0.0.1', '@localhost');
};

describe('a config', () => {
  test('sslrootcert is not read, and not asked for', async () => {
    const url = await serving();
    const file = pipe('root.pem');
    const strict = withParameters(url, { sslmode: 'verify-full', sslrootcert: file.path });
    const without = await check(strict);
    expect(without.ids('fail')).toEqual([]);
    expect(without.finding('database/connect')).toMatchObject({
      status: 'skip',
      title: `the certificate can’t be verified: sslrootcert is a file in Spacelift’s container: ${file.path}`,
      fix: expect.stringContaining('--ca-file <path>'),
    });
    expect((await check(strict, {}, { authorities: ca.certPem })).troubles).toEqual([]);
    const { certPem } = await makeCa({ name: 'Another authority' });
    const wrong = await check(strict, {}, { authorities: certPem });
    expect(wrong.troubles).toEqual(['fail database/connect']);
    expect(wrong.finding('database/connect').fix).toContain('--ca-file <path>');
    expect(file.isOpen()).toBe(false);
  });

  test('neither are sslcert and sslkey', async () => {
    const url = await serving();
    const [sslcert, sslkey] = [pipe('client.pem'), pipe('client.key')];
    const result = await check(withParameters(url, { sslmode: 'require', sslcert: sslcert.path, sslkey: sslkey.path }));
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding('database/connect')).toMatchObject({
      status: 'skip',
      title: `sslcert in DATABASE_URL is a file that exists only in Spacelift’s container: ${sslcert.path}`,
    });
    expect([sslcert.isOpen(), sslkey.isOpen()]).toEqual([false, false]);
  });

  test('nor a file with passwords or services', async () => {
    const url = (await serving()).replace(/:[^:@/]+@/, '@');
    const file = pipe('pgpass');
    const passwords = await check(withParameters(url, { passfile: file.path }));
    expect(passwords.ids('fail')).toEqual([]);
    expect(passwords.finding('database/connect')).toMatchObject({
      status: 'skip',
      title: expect.stringContaining(
        'requires a password, which is in a file that exists only in Spacelift’s container',
      ),
      evidence: { parameter: 'passfile' },
    });
    const services = await check(withParameters(url, { service: 'spacelift', servicefile: file.path }));
    expect(services.ids('fail')).toEqual([]);
    expect(services.finding('database/connect').status).toBe('skip');
    expect(file.isOpen()).toBe(false);
  });

  test('a socket is not connected to, also beside other hosts', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on('error', () => {}).end();
    }).listen(join(directory, '.s.PGSQL.5432'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const inQuery = `postgres://spacelift:p@/spacelift?host=${directory}`;
    const urls = [
      inQuery,
      `postgres://spacelift:p@${encodeURIComponent(directory)}/spacelift`,
      `postgres://spacelift:p@/spacelift?host=127.0.0.1,${directory}`,
    ];
    for (const url of urls) {
      const result = await check(url, { DATABASE_READ_ONLY_URL: `${url.replace('?', '/?')}` });
      expect(result.ids('fail')).toEqual([]);
      expect(result.finding('database/connect')).toMatchObject({
        status: 'skip',
        title: `${directory}/.s.PGSQL.5432 is a socket in Spacelift’s container`,
        fix: expect.stringContaining('run this tool there with the config in the environment'),
      });
    }
    expect(connections).toBe(0);
    // What would have been seen.
    expect((await check(inQuery, {}, { trust: 'process' })).ids('fail')).toEqual(['database/connect']);
    expect(connections).toBeGreaterThan(0);
  });
});

test('the caller’s own sslrootcert is read, as Spacelift’s driver does', async () => {
  const file = pipe('own.pem');
  const url = withParameters(await serving(), { sslmode: 'verify-full', sslrootcert: file.path });
  const [result] = await Promise.all([check(url, {}, { trust: 'process' }), file.give(ca.certPem)]);
  expect(result.troubles).toEqual([]);
});

describe('the process’s own PG… variables and ~/.pgpass', () => {
  const CANARY = 'canary0f1e2d';
  const NAMES =
    `PGUSER PGPASSWORD PGDATABASE PGHOST PGHOSTADDR PGPORT PGAPPNAME PGOPTIONS PGSSLMODE PGSSLROOTCERT PGSSLCERT
    PGSSLKEY PGSSLNEGOTIATION PGSERVICE PGSERVICEFILE PGPASSFILE PGCLIENT_ENCODING PGCLIENTENCODING PGREPLICATION PGBINARY
    PGCONNECT_TIMEOUT PGTZ PGDATESTYLE PGREQUIREAUTH PGTARGETSESSIONATTRS PGFALLBACK_APPLICATION_NAME`.split(/\s+/);

  /** All that a server gets from a run, with the process's own variables full of canaries. */
  const sent = async (change: (url: string) => string) => {
    const { server, url } = await installed({ hba: ['host all all all password'] });
    let up = '';
    const corrupt = (chunk: Buffer, direction: 'up' | 'down') => {
      if (direction === 'up') up += chunk.toString('latin1');
      return chunk;
    };
    const proxy = await started(startProxy({ target: server, corrupt }));
    const home = await mkdtemp(join(directory, 'home-'));
    await writeFile(join(home, '.pgpass'), `*:*:*:*:${PASSWORD.replaceAll(':', '\\:')}\n`, { mode: 0o600 });
    for (const name of NAMES) vi.stubEnv(name, CANARY);
    vi.stubEnv('HOME', home);
    onTestFinished(() => void vi.unstubAllEnvs());
    const result = await check(change(url.replace(`:${server.port}/`, `:${proxy.port}/`)));
    return { result, up };
  };

  test('are not used', async () => {
    const { result, up } = await sent((url) => url);
    expect(result.troubles).toEqual([]);
    expect(up).toContain(PASSWORD);
    expect(up).not.toContain(CANARY);
  });

  test('nor where the URL has no password', async () => {
    const { result, up } = await sent((url) => url.replace(/:[^:@/]+@/, '@'));
    expect(result.troubles).toEqual(['fail database/connect']);
    expect(result.finding('database/connect').title).toMatch(/^DATABASE_URL has no password, but .* requires one$/);
    expect(up).not.toContain(CANARY);
    expect(up).not.toContain(PASSWORD);
  });
});
