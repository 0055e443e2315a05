import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { checkCertificate } from '../../../checks/network/certificate.ts';
import { network } from '../../../checks/network/index.ts';
import type { Run } from '../../../src/engine/check.ts';
import { withTimeout } from '../../../src/engine/timeouts.ts';
import { timedOut } from '../../../src/net/network-error.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startHttp } from '../../services/tcp.ts';
import { type CertificateAuthority, type IssueOptions, makeCa, selfSigned } from '../../services/tls.ts';
import { preflight } from '../../support/preflight.ts';

let ca: CertificateAuthority;
beforeAll(async () => {
  ca = await makeCa({ name: 'Corp CA' });
});

const days = (count: number) => new Date(Date.now() + count * 86_400_000);

/** A TLS server on 127.0.0.1; its certificate is for `localhost` unless told. */
async function serve(issue: Partial<IssueOptions> = {}, options: TlsOptions = {}) {
  const { chainPem, keyPem } = await ca.issue({ names: ['localhost'], ...issue });
  const server = createServer({ cert: chainPem, key: keyPem, ...options }, (socket) => {
    socket.on('error', () => {}).resume();
  });
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: 'localhost', port: (server.address() as AddressInfo).port };
}

/** The run of a check, so that a rule can be tried on a port other than 443. */
async function runOf(variables: Record<string, string> = {}): Promise<Run> {
  const { run } = await preflight([network], { SERVER_DOMAIN: 'localhost', ...variables }, { authorities: ca.certPem });
  // The run itself is over, and so is its signal.
  return {
    ...run.run,
    withTimeout: (ms, operation) => withTimeout(new AbortController().signal, ms, operation, timedOut),
  };
}

describe('certificate', () => {
  const judged = async (address: { host: string; port: number }, variables?: Record<string, string>) =>
    checkCertificate(await runOf(variables), address);

  test('a chain for the name passes', async () => {
    expect(await judged(await serve({ notAfter: days(90) }))).toMatchObject({
      status: 'pass',
      evidence: { issuer: 'CN=Corp CA', names: ['localhost'], tls: 'TLSv1.3' },
    });
  });

  test.each([
    ['90 days, 15 left', -75, 15, 'pass'],
    ['90 days, 13 left', -77, 13, 'warn'],
    ['30 days, 7 left', -23, 7, 'pass'],
    ['30 days, 5 left', -25, 5, 'warn'],
    ['7 days, 2 left', -5, 2, 'pass'],
    ['7 days, 1 left', -6, 1, 'warn'],
    ['a year, 13 left', -352, 13, 'warn'],
  ])('%s', async (_, from, to, status) => {
    const found = await judged(await serve({ notBefore: days(from), notAfter: days(to) }));
    expect(found.status).toBe(status);
  });
  test('the warning says when, and who renews it', async () => {
    const found = await judged(await serve({ notBefore: days(-85), notAfter: days(3.5) }));
    expect(found).toMatchObject({
      title: 'the certificate of localhost expires in 3 days',
      fix: { text: expect.stringContaining('Corp CA') },
    });
  });

  test('another name fails, and shows the chain', async () => {
    expect(await judged(await serve({ names: ['other.corp.io', 'third.corp.io'] }))).toMatchObject({
      status: 'fail',
      title: expect.stringMatching(/its certificate is for other\.corp\.io, third\.corp\.io, not for localhost$/),
      detail: expect.stringMatching(
        /CN=other\.corp\.io, issued by CN=Corp CA.*valid for other\.corp\.io, third\.corp\.io/,
      ),
      evidence: { chain: [expect.stringContaining('CN=other.corp.io'), expect.stringContaining('CN=Corp CA')] },
    });
  });
  test('an expired one fails', async () => {
    const { status, title } = await judged(await serve({ notBefore: days(-20), notAfter: days(-1) }));
    expect({ status, title }).toEqual({
      status: 'fail',
      title: expect.stringMatching(/its certificate expired on \d{4}-\d\d-\d\d$/),
    });
  });
  test('one that nobody vouches for fails', async () => {
    const { certPem, keyPem } = await selfSigned({ names: ['localhost'] });
    const address = await serve({}, { cert: certPem, key: keyPem });
    expect(await judged(address)).toMatchObject({ status: 'fail', title: expect.stringContaining('not trusted') });
  });
  test('a chain without its intermediate fails, and says so', async () => {
    const stranger = await makeCa({ name: 'Intermediate' });
    const { certPem, keyPem } = await stranger.issue({ names: ['localhost'] });
    expect(await judged(await serve({}, { cert: certPem, key: keyPem }))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('It does not send an intermediate certificate'),
    });
  });
  test('a port without TLS, and one without a server, fail', async () => {
    const plain = await startHttp();
    onTestFinished(plain.close);
    expect(await judged({ host: 'localhost', port: plain.port })).toMatchObject({
      status: 'fail',
      title: `localhost:${plain.port} does not speak TLS`,
    });
    const { port } = await refusedPort();
    expect(await judged({ host: '127.0.0.1', port })).toMatchObject({
      status: 'fail',
      title: `127.0.0.1:${port} refused the connection`,
    });
  });
  test('through the proxy of the environment', async () => {
    const { port } = await serve({ names: ['spacelift.corp.invalid'], notAfter: days(90) });
    const proxy = await startConnectProxy(() => port);
    onTestFinished(proxy.close);
    const address = { host: 'spacelift.corp.invalid', port: 443 };
    expect((await judged(address, { HTTPS_PROXY: proxy.url })).status).toBe('pass');
    expect(proxy.asked).toEqual(['spacelift.corp.invalid:443']);
  });
});
