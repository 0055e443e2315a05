import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { network } from '../../../checks/network/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startCloser, startHttp } from '../../services/tcp.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

const DOMAIN = { SERVER_DOMAIN: 'localhost' };
const UNKNOWN = { SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' };
const run = (variables: Variables, options: Options = {}) =>
  preflight([network], variables, { phase: 'pre-install', ...options });

async function http(...args: Parameters<typeof startHttp>): Promise<string> {
  const { host, port, close } = await startHttp(...args);
  onTestFinished(close);
  return `http://${host}:${port}`;
}

describe('which rules apply', () => {
  const all = { ...DOMAIN, VCS_GATEWAY_ENDPOINT: 'gateway.invalid:443', SPACELIFT_PUBLIC_API: 'https://api.invalid' };
  test.each([
    [undefined, ['server-domain', 'certificate', 'server', 'webhooks', 'vcs-gateway', 'public-api']],
    ['server', ['server-domain', 'certificate', 'server', 'webhooks', 'vcs-gateway']],
    ['drain', ['server-domain', 'certificate', 'vcs-gateway', 'public-api']],
    ['scheduler', ['server-domain', 'certificate', 'vcs-gateway']],
    ['vcs-gateway', ['server-domain', 'certificate', 'vcs-gateway']],
    ['worker', ['server-domain', 'certificate', 'server', 'vcs-gateway']],
  ] as const)('%s', async (service, rules) => {
    const { findings } = await run(all, { only: ['nothing'], ...(service !== undefined && { service }) });
    expect(findings.map(({ id }) => id)).toEqual(rules.map((rule) => `network/${rule}`));
  });
  test('what is not configured is not looked at', async () => {
    const { findings } = await run(DOMAIN);
    expect(findings.map(({ id }) => id)).toEqual([
      'network/server-domain',
      'network/certificate',
      'network/server',
      'network/webhooks',
    ]);
  });
});

describe('server-domain', () => {
  const only = { only: ['network/server-domain'] };
  test('a name that resolves passes in either phase', async () => {
    for (const phase of ['pre-install', 'post-install'] as const) {
      const { finding } = await run(DOMAIN, { ...only, phase });
      expect(finding('network/server-domain')).toMatchObject({ status: 'pass', title: 'localhost resolves' });
    }
  });
  test('an IPv6 address is one', async () => {
    expect((await run({ SERVER_DOMAIN: '[::1]' }, only)).ids('pass')).toEqual(['network/server-domain']);
  });
  test('a name that is not there is a skip before installation, and a failure after it', async () => {
    const before = await run(UNKNOWN);
    expect(before.ids('skip')).toContain('network/server-domain');
    expect([...before.ids('fail'), ...before.ids('warn')]).toEqual([]);
    // One cause, one failure: the others depend on the name.
    const after = await run(UNKNOWN, { phase: 'post-install' });
    expect(after.ids('fail')).toEqual(['network/server-domain']);
    expect(after.ids('skip')).toEqual(['network/certificate', 'network/server', 'network/webhooks']);
  });
  test('a private name is not expected to resolve outside', async () => {
    const variables = { SERVER_DOMAIN: 'spacelift.does-not-exist.internal' };
    const result = await run(variables, { phase: 'post-install', from: 'outside' });
    expect(result.ids('fail')).toEqual([]);
  });
});

test('before installation nothing is expected to answer', async () => {
  const result = await run(DOMAIN);
  expect(result.ids('skip')).toEqual(['network/certificate', 'network/server', 'network/webhooks']);
});

/** An answer by path: the status, and what else of it matters. */
type Answers = (path: string) => { status: number; headers?: Record<string, string>; body?: string };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
/** nginx and its kin answer every path that they do not know with one page. */
const defaultBackend = { status: 404, headers: HTML, body: '<html>404 Not Found</html>' };

async function serve(answers: Answers): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const { status, headers = {}, body = 'ok' } = answers(url);
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const judgedAt = async (base: string, path = '/webhooks') => {
  const variables = { ...DOMAIN, WEBHOOKS_ENDPOINT: `${base}${path}` };
  const result = await run(variables, { only: ['network/webhooks'], phase: 'post-install' });
  return result.finding('network/webhooks');
};

describe('the health of the server', () => {
  test.each<[string, Record<string, string>, string]>([
    ['plain text', { 'content-type': 'text/plain' }, 'ok'],
    ['JSON', { 'content-type': 'application/json' }, '{}'],
    ['nothing', {}, ''],
  ])('200 with %s passes', async (_, headers, body) => {
    const base = await serve(() => ({ status: 200, headers, body }));
    expect(await judgedAt(base)).toMatchObject({ status: 'pass', title: `${base}/webhooks responds` });
  });

  test.each<[number, Record<string, string>, RegExp, RegExp, RegExp]>([
    [404, HTML, /returned HTTP 404$/, /default backend of an ingress/, /port 1983/],
    [502, {}, /returned HTTP 502$/, /load balancer or proxy without a healthy server/, /health check/],
    [503, HTML, /returned HTTP 503$/, /load balancer or proxy without a healthy server/, /health check/],
    [504, {}, /returned HTTP 504$/, /load balancer or proxy without a healthy server/, /health check/],
    [500, {}, /returned HTTP 500$/, /^$/, /see the log of the server/],
    [204, {}, /returned HTTP 204$/, /^$/, /see the log of the server/],
    [401, HTML, /returned HTTP 401$/, /authenticating proxy/, /exempt 127\.0\.0\.1/],
    [403, {}, /returned HTTP 403$/, /authenticating proxy/, /exempt 127\.0\.0\.1/],
    [
      302,
      { location: 'https://login.corp.io/?to=x' },
      /redirects to https:\/\/login\.corp\.io$/,
      /login page/,
      /exempt/,
    ],
    [307, { location: '/login' }, /redirects to another page$/, /login page/, /exempt/],
    [200, HTML, /returns a web page, not the health of Spacelift’s server$/, /parking page/, /DNS record/],
  ])('%i %j fails', async (status, headers, title, detail, fix) => {
    const base = await serve(() => ({ status, headers, body: status === 204 ? '' : '<html></html>' }));
    const found = await judgedAt(base);
    expect(found).toMatchObject({
      status: 'fail',
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
      evidence: { url: `${base}/health`, status },
    });
    expect(found.detail ?? '').toMatch(detail);
  });

  test('a page without a content type is a page', async () => {
    expect((await judgedAt(await serve(() => ({ status: 200, body: '<!DOCTYPE html><p>Login' })))).status).toBe('fail');
  });

  test('a redirect to HTTPS on the same server asks for an https:// URL', async () => {
    const base = await serve(() => ({ status: 301, headers: { location: 'https://127.0.0.1/health' } }));
    expect(await judgedAt(base)).toMatchObject({ status: 'fail', title: expect.stringMatching(/ requires TLS$/) });
  });

  test.each<[string, (socket: Socket) => unknown, string]>([
    ['HTTP/1.0', (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nok'), 'pass'],
    ['no HTTP', (socket) => socket.end('220 mail.corp.io\r\n'), 'fail'],
  ])('%s', async (_, answer, status) => {
    const server = createTcp((socket) => socket.on('error', () => {}).once('data', () => answer(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const found = await judgedAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(found.status).toBe(status);
  });

  test('a response without end is bounded', async () => {
    const server = createServer((_, response) => {
      const more = () => {
        while (response.writable && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more).writeHead(200, { 'content-type': 'text/plain' });
      more();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await judgedAt(base)).status).toBe('pass');
  });
});

describe('webhooks', () => {
  const healthy =
    (status: number): Answers =>
    (path) => ({ status: path === '/health' ? 200 : status });
  test.each([200, 301, 404, 405, 401])('%i passes if the server is healthy', async (status) => {
    expect((await judgedAt(await serve(healthy(status)))).status).toBe('pass');
  });
  test.each([500, 502, 503])('%i fails', async (status) => {
    const base = await serve(healthy(status));
    expect(await judgedAt(base)).toMatchObject({
      status: 'fail',
      title: `${base}/webhooks returned HTTP ${status}`,
      fix: expect.stringContaining('routes the path /webhooks'),
    });
  });
  test.each<[string, Answers]>([
    ['rejects a GET request', (path) => (path === '/webhooks' ? { status: 405 } : defaultBackend)],
    [
      'has a 404 of its own',
      (path) => (path === '/webhooks' ? { status: 404, body: '404 page not found' } : defaultBackend),
    ],
    ['requires a signature', (path) => ({ status: path === '/webhooks' ? 401 : 404 })],
  ])('an endpoint that alone is routed to the server passes, and %s', async (_, answers) => {
    expect((await judgedAt(await serve(answers))).status).toBe('pass');
  });
  test.each<[string, Answers]>([
    ['a default backend', () => defaultBackend],
    ['one that names the path', (path) => ({ status: 404, body: `no route for ${path}` })],
    ['a login in front of everything', () => ({ status: 401, headers: HTML })],
    ['a parking page', (path) => ({ status: 200, headers: HTML, body: `<html>${path}</html>` })],
  ])('%s fails', async (_, answers) => {
    const base = await serve(answers);
    const found = await judgedAt(base);
    expect(found.status).toBe('fail');
    expect(found.title).toContain(`${base}/health`);
  });
  test('one that refuses, or closes, fails', async () => {
    const { host, port } = await refusedPort();
    expect((await judgedAt(`http://${host}:${port}`)).title).toBe(`${host}:${port} refused the connection`);
    const closer = await startCloser();
    onTestFinished(closer.close);
    expect((await judgedAt(`http://127.0.0.1:${closer.port}`)).status).toBe('fail');
  });
});

describe('public-api', () => {
  const judged = async (SPACELIFT_PUBLIC_API: string, more: Variables = {}) => {
    const result = await run({ ...DOMAIN, SPACELIFT_PUBLIC_API, ...more }, { only: ['network/public-api'] });
    expect(result.ids('fail')).toEqual([]);
    return result.finding('network/public-api');
  };
  test('any answer passes', async () => {
    expect((await judged(await http(404))).status).toBe('pass');
  });
  test('none is a warning', async () => {
    expect(await judged('https://api.does-not-exist.invalid')).toMatchObject({
      status: 'warn',
      title: 'api.does-not-exist.invalid does not resolve',
      detail: expect.stringContaining('usage is not reported'),
    });
  });
  test('through the proxy of the environment, with its credentials', async () => {
    const port = Number(new URL(await http(200)).port);
    const credentials = 'user:a-long-password';
    const proxy = await startConnectProxy(() => port, { credentials });
    onTestFinished(proxy.close);
    const found = await judged('https://api.corp.invalid', {
      HTTPS_PROXY: proxy.url.replace('//', `//${credentials}@`),
    });
    expect(new Set(proxy.asked)).toEqual(new Set(['api.corp.invalid:443']));
    // The server at the tunnel's end speaks no TLS: that it was reached is what its words show.
    expect(found).toMatchObject({ status: 'warn', title: 'api.corp.invalid:443 does not speak TLS' });
    expect(JSON.stringify(found)).not.toContain('a-long-password');
    const direct = await judged(await http(200), { HTTP_PROXY: 'http://127.0.0.1:9' });
    expect(direct.status).toBe('pass');
  });
  test('a proxy that refuses, and one that is not there, are told apart', async () => {
    const proxy = await startConnectProxy(() => undefined, { credentials: 'user:a-long-password' });
    onTestFinished(proxy.close);
    const refusing = await judged('https://api.corp.invalid', { HTTPS_PROXY: proxy.url });
    expect(refusing).toMatchObject({ status: 'warn', fix: expect.stringContaining('proxy’s user name and password') });
    const { port } = await refusedPort();
    const absent = await judged('https://api.corp.invalid', { HTTPS_PROXY: `127.0.0.1:${port}` });
    expect(absent).toMatchObject({
      status: 'warn',
      title: `127.0.0.1:${port} refused the connection`,
      fix: expect.stringContaining('HTTPS_PROXY'),
    });
  });
});
