import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions as ServerOptions } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { exchange } from '../../src/net/tcp.ts';
import { openTls, type TlsOptions } from '../../src/net/tls.ts';
import { refusedPort, startCloser, startHttp, startSilent } from '../services/tcp.ts';
import { type CertificateAuthority, makeCa, selfSigned } from '../services/tls.ts';
import { problemOf, runOf } from './run.ts';

const VERIFY: TlsOptions = { verify: true };
let ca: CertificateAuthority;
let other: CertificateAuthority;
beforeAll(async () => {
  [ca, other] = await Promise.all([makeCa(), makeCa({ name: 'Another authority' })]);
});

/** A TLS server on 127.0.0.1 with a certificate of the authority for `localhost`, unless told. */
async function serve(options: ServerOptions = {}): Promise<{ host: string; port: number }> {
  const { chainPem, keyPem } = await ca.issue({ names: ['localhost', '127.0.0.1'] });
  const server = createServer({ cert: chainPem, key: keyPem, ...options }, (socket) => {
    socket.on('error', () => {}).resume();
  });
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: 'localhost', port: (server.address() as AddressInfo).port };
}

async function open(address: { host: string; port: number }, options = VERIFY, authorities = [ca.certPem]) {
  const connection = await openTls(runOf(authorities), address, options, 2000);
  onTestFinished(() => void connection.socket.destroy());
  return connection;
}

const days = (count: number) => new Date(Date.now() + count * 86_400_000);

describe('a handshake', () => {
  test('gives the version, what was agreed on, and the chain', async () => {
    const address = await serve({ ALPNProtocols: ['h2', 'http/1.1'] });
    const { version, alpn, chain, distrust } = await open(address, { verify: true, alpn: ['h2'] });
    expect({ version, alpn, distrust }).toEqual({ version: 'TLSv1.3', alpn: 'h2', distrust: undefined });
    expect(chain.map(({ subject, issuer }) => [subject, issuer])).toEqual([
      ['CN=localhost', 'CN=Preflight test authority'],
      ['CN=Preflight test authority', 'CN=Preflight test authority'],
    ]);
    expect(chain[0]?.names).toEqual(['localhost', '127.0.0.1']);
    expect(chain[0]?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(Number(chain[0]?.validTo) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    expect(Number(chain[0]?.validFrom)).toBeLessThan(Date.now());
  });

  test('trusts by address too, and with TLS 1.2', async () => {
    const { port } = await serve({ maxVersion: 'TLSv1.2' });
    const { version, distrust, alpn } = await open({ host: '127.0.0.1', port });
    expect({ version, distrust, alpn }).toEqual({ version: 'TLSv1.2', distrust: undefined, alpn: undefined });
  });

  test('says why a chain is not to be trusted, with its facts', async () => {
    const distrusted = async (options: ServerOptions, authorities?: string[]) => {
      const { distrust, chain } = await open(await serve(options), VERIFY, authorities);
      return [distrust?.tls, chain.length];
    };
    const pair = ({ certPem, keyPem }: { certPem: string; keyPem: string }) => ({ cert: certPem, key: keyPem });
    const names = ['localhost'];
    expect(await distrusted({}, [other.certPem])).toEqual(['untrusted', 2]);
    expect(await distrusted({}, [])).toEqual(['untrusted', 2]);
    expect(await distrusted(pair(await selfSigned({ names })))).toEqual(['untrusted', 1]);
    expect(await distrusted(pair(await ca.issue({ names: ['elsewhere'] })))).toEqual(['name', expect.any(Number)]);
    const expired = await ca.issue({ names, notBefore: days(-9), notAfter: days(-2) });
    expect((await distrusted(pair(expired)))[0]).toBe('expired');
    expect((await distrusted(pair(await ca.issue({ names, notBefore: days(2) }))))[0]).toBe('not-yet-valid');
  });

  test('trusts a chain that ends at an intermediate authority, or at the certificate itself, as Go does', async () => {
    const below = await ca.issueAuthority('Issuing authority');
    const { certPem, chainPem, keyPem } = await below.issue({ names: ['localhost'] });
    const sent = [certPem, chainPem, chainPem + ca.certPem];
    for (const cert of sent) {
      const address = await serve({ cert, key: keyPem });
      for (const trusted of [below.certPem, certPem]) {
        expect((await open(address, VERIFY, [trusted])).distrust).toBeUndefined();
      }
      expect((await open(address, VERIFY, [other.certPem])).distrust?.tls).toBe('untrusted');
    }
  });

  test('does not judge a chain that it was not asked to verify', async () => {
    const { distrust, chain } = await open(await serve(), { verify: false }, []);
    expect(distrust).toBeUndefined();
    expect(chain).toHaveLength(2);
  });
});

describe('a handshake that fails', () => {
  test('because the server does not speak TLS, closes, stays silent, or is not there', async () => {
    const [http, closer, silent, refused] = await Promise.all([
      startHttp(),
      startCloser(),
      startSilent(),
      refusedPort(),
    ]);
    onTestFinished(async () => void (await Promise.all([http, closer, silent].map((server) => server.close()))));
    const problem = (server: { host: string; port: number }) => problemOf(openTls(runOf(), server, VERIFY, 300));
    expect(await problem(http)).toMatchObject({ kind: 'not-tls' });
    expect(await problem(closer)).toMatchObject({ kind: 'closed' });
    expect(await problem(silent)).toMatchObject({ kind: 'timeout' });
    expect(await problem(refused)).toMatchObject({ kind: 'refused' });
  });

  test('because the two have no version or cipher in common', async () => {
    const old = await serve({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    expect(await problemOf(open(old))).toMatchObject({ kind: 'tls', tls: 'protocol' });
    const narrow = await serve({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    expect(await problemOf(open(narrow))).toMatchObject({ kind: 'tls', tls: 'protocol' });
  });

  test('because the server asks for a client certificate: at once, or with TLS 1.3 afterwards', async () => {
    const asking = { requestCert: true, ca: other.certPem };
    const before = await serve({ ...asking, maxVersion: 'TLSv1.2' });
    expect(await problemOf(open(before))).toMatchObject({ kind: 'tls', tls: 'client-certificate' });
    const { socket } = await open(await serve(asking));
    const { problem } = await exchange(runOf(), socket, Buffer.alloc(0), () => true, 2000);
    expect(problem).toMatchObject({ kind: 'tls', tls: 'client-certificate' });
    const late = await open(await serve(asking));
    await new Promise((resolve) => late.socket.once('close', resolve));
    const after = await exchange(runOf(), late.socket, Buffer.alloc(0), () => true, 2000);
    expect(after.problem).toMatchObject({ kind: 'tls', tls: 'client-certificate' });
  });
});
