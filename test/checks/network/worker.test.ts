import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { network } from '../../../checks/network/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { startCloser } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

const DOMAIN = 'spacelift.corp.invalid';
const [CERTIFICATE, SERVER] = ['network/certificate', 'network/server'];
let ca: CertificateAuthority;
beforeAll(async () => {
  ca = await makeCa();
});

/** Runs as a worker whose proxy leads to a server that answers so, or to nothing. */
async function worker(
  status: number | undefined,
  names: string[] = [DOMAIN],
  options: Options = {},
  more: Variables = {},
) {
  let port: number | undefined;
  if (status !== undefined) {
    const { chainPem, keyPem } = await ca.issue({ names });
    const server = createServer({ cert: chainPem, key: keyPem }, (_, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    port = (server.address() as AddressInfo).port;
  }
  const proxy = await startConnectProxy(() => port);
  onTestFinished(proxy.close);
  const variables = { SERVER_DOMAIN: DOMAIN, HTTPS_PROXY: proxy.url, ...more };
  return preflight([network], variables, {
    service: 'worker',
    authorities: ca.certPem,
    skip: ['network/server-domain'],
    ...options,
  });
}

test('a healthy server passes, whatever the phase', async () => {
  for (const phase of ['auto', 'post-install'] as const) {
    expect((await worker(200, [DOMAIN], { phase })).ids('pass')).toEqual([CERTIFICATE, SERVER]);
  }
});

test.each([
  ['no healthy server behind it', 503, [DOMAIN], [SERVER], [CERTIFICATE]],
  ['an ingress’ default backend', 404, [DOMAIN], [SERVER], [CERTIFICATE]],
  ['a login in front of it', 401, [DOMAIN], [SERVER], [CERTIFICATE]],
  ['a certificate of another name', 200, ['other.corp.invalid'], [CERTIFICATE], []],
  ['nothing there', undefined, [DOMAIN], [CERTIFICATE], []],
] as const)(
  '%s: a failure after installation, and a skip while nobody knows',
  async (_, status, names, fails, passes) => {
    const after = await worker(status, [...names], { phase: 'post-install' });
    expect({ fail: after.ids('fail'), pass: after.ids('pass') }).toEqual({ fail: fails, pass: passes });
    const open = await worker(status, [...names]);
    expect([...open.ids('fail'), ...open.ids('warn')]).toEqual([]);
    expect(open.ids('pass')).toEqual(passes);
    expect(open.finding(SERVER)).toMatchObject({
      status: 'skip',
      fix: expect.stringContaining('--phase post-install'),
    });
  },
);

test('before installation nothing is asked', async () => {
  expect((await worker(200, [DOMAIN], { phase: 'pre-install' })).ids('skip')).toContain(SERVER);
});

test('a worker does not look into a database, though the config names one', async () => {
  const database = await startCloser();
  onTestFinished(database.close);
  const url = `postgres://spacelift:a-long-password@${database.host}:${database.port}/spacelift`;
  await worker(200, [DOMAIN], {}, { DATABASE_URL: url });
  expect(database.connections()).toBe(0);
});
