import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeAgents } from '../../src/net/agents.ts';
import { asksForTls, type HttpRequest, isLoopback, makeHttpClient } from '../../src/net/http.ts';
import { refusedPort, startBanner, startBlackhole, startCloser, startHttp, startSilent } from '../services/tcp.ts';
import { type Certificate, type CertificateAuthority, makeCa } from '../services/tls.ts';
import { problemOf, runOf } from './run.ts';

let ca: CertificateAuthority;
let certificate: Certificate;
beforeAll(async () => {
  ca = await makeCa();
  certificate = await ca.issue({ names: ['127.0.0.1'] });
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function listening(server: Server): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const serve = (handler: RequestListener) => listening(createServer(handler));

async function serveTls(handler: RequestListener, { certPem, keyPem } = certificate): Promise<URL> {
  const url = await listening(createTlsServer({ cert: certPem, key: keyPem }, handler));
  return new URL(url.href.replace('http:', 'https:'));
}

interface Settings {
  readonly authorities?: readonly string[];
  readonly rejectUnauthorized?: boolean;
  readonly environment?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function clientOf(settings: Settings = {}) {
  const { authorities = [], environment = {}, signal, ...trust } = settings;
  const onEnd = (dispose: () => unknown) => void ends.push(dispose);
  const run = { ...runOf(authorities, signal), proxies: environment, onEnd };
  return makeHttpClient(run, makeAgents(run, trust));
}

const send = (request: Omit<HttpRequest, 'method'> & { method?: string }, settings?: Settings) =>
  clientOf(settings).send({ method: 'GET', ...request });

const to = ({ host, port }: { host: string; port: number }, scheme = 'http') => new URL(`${scheme}://${host}:${port}/`);

test('a server that accepts and hangs, one that stalls, and one that can’t be reached are told apart', async () => {
  const silent = await startSilent();
  ends.push(silent.close);
  const stalling = await serve((_, response) => void response.writeHead(200, { 'content-length': 5 }).write('ab'));
  const hole = await startBlackhole();
  ends.push(hole.close);
  const late = (url: URL) => send({ url, deadlineMs: 150 }).catch((error: unknown) => error);
  expect(await late(to(silent))).toMatchObject({ kind: 'timeout', silentMs: 150, responding: false });
  expect(await late(to(silent, 'https'))).toMatchObject({ kind: 'timeout', silentMs: 150, responding: false });
  expect(await late(stalling)).toMatchObject({ kind: 'timeout', silentMs: 150, responding: true });
  expect(await late(to(hole))).toMatchObject({ kind: 'timeout', silentMs: undefined });
});

test('a kept connection that falls silent was connected', async () => {
  let requests = 0;
  const url = await serve((_, response) => {
    requests++;
    if (requests === 1) response.end('first');
  });
  const client = clientOf();
  await client.send({ method: 'GET', url });
  const late = await client.send({ method: 'GET', url, deadlineMs: 150 }).catch((error: unknown) => error);
  expect(late).toMatchObject({ kind: 'timeout', silentMs: 150 });
});

test.each([
  ['PUT', 200],
  ['POST', 'closed'],
])('a kept connection that the server closes before a %s: %s', async (method, expected) => {
  const used = new WeakSet<object>();
  const url = await serve((request, response) => {
    if (used.has(request.socket)) return void request.socket.destroy();
    used.add(request.socket);
    response.end();
  });
  const client = clientOf();
  const asked = () => client.send({ method, url, body: Buffer.from('bytes') });
  expect((await asked()).status).toBe(200);
  const again = await asked().then(
    ({ status }) => status,
    (error: { kind?: string }) => error.kind,
  );
  expect(again).toBe(expected);
});

test('sends method, headers and body, and returns any status', async () => {
  const url = await serve(async (request, response) => {
    const chunks = await request.toArray();
    response
      .writeHead(418, { 'x-seen': String(request.headers['x-mine']) })
      .end(`${request.method} ${Buffer.concat(chunks)}`);
  });
  const answer = await send({ method: 'PUT', url, headers: { 'x-mine': 'yes' }, body: Buffer.from('bytes') });
  expect(answer).toMatchObject({ status: 418, headers: { 'x-seen': 'yes' } });
  expect(answer.body.toString()).toBe('PUT bytes');
});

test('follows no redirect', async () => {
  const { host, port, close } = await startHttp(302, 'elsewhere', { location: '/there' });
  ends.push(close);
  expect((await send({ url: to({ host, port }) })).status).toBe(302);
});

test('reads a bounded part of an endless answer', async () => {
  function* endless() {
    for (;;) yield Buffer.alloc(65536, 'x');
  }
  const url = await serve((_, response) => pipeline(Readable.from(endless()), response, () => {}));
  expect((await send({ url })).body.length).toBe(256 * 1024);
});

test('a response that breaks off is told apart from none', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('in part');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(send({ url })).rejects.toMatchObject({ kind: 'closed', responding: true });
});

test('a server that switches to a protocol that nobody asked for does not speak HTTP', async () => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n';
  const server = await startBanner(head);
  ends.push(server.close);
  expect(await problemOf(send({ url: to(server), deadlineMs: 2000 }))).toMatchObject({ kind: 'not-http' });
});

test('trusts what the run trusts, and verifies the name', async () => {
  const url = await serveTls((_, response) => response.end('ok'));
  expect((await send({ url }, { authorities: [ca.certPem] })).status).toBe(200);
  expect(await problemOf(send({ url }))).toMatchObject({ kind: 'tls', tls: 'untrusted' });
  const other = await serveTls((_, response) => response.end('ok'), await ca.issue({ names: ['other.internal'] }));
  expect(await problemOf(send({ url: other }, { authorities: [ca.certPem] }))).toMatchObject({ tls: 'name' });
  expect((await send({ url: other }, { rejectUnauthorized: false })).status).toBe(200);
});

test('tells apart what goes wrong on the way', async () => {
  const faults = await Promise.all([
    refusedPort(),
    startCloser(),
    startBanner('SSH-2.0-OpenSSH_9.6\r\n'),
    startSilent(),
  ]);
  ends.push(...faults.map(({ close }) => close));
  const [refused, closer, banner, silent] = faults;
  expect(await problemOf(send({ url: to(refused) }))).toMatchObject({ kind: 'refused' });
  expect(await problemOf(send({ url: to(closer) }))).toMatchObject({ kind: 'closed' });
  expect(await problemOf(send({ url: to(banner) }))).toMatchObject({ kind: 'not-http' });
  expect(await problemOf(send({ url: to(silent), deadlineMs: 50 }))).toMatchObject({ kind: 'timeout' });
  expect(await problemOf(send({ url: new URL('http://does-not-exist.invalid/') }))).toMatchObject({ kind: 'dns' });
});

test('tells TLS from plain HTTP, either way', async () => {
  const plain = await serve((_, response) => response.end('ok'));
  const overTls = new URL(plain.href.replace('http:', 'https:'));
  expect(await problemOf(send({ url: overTls }))).toMatchObject({ kind: 'not-tls' });
  const words = 'Client sent an HTTP request to an HTTPS server.\n';
  const go = await startBanner(`HTTP/1.0 400 Bad Request\r\n\r\n${words}`);
  const ingress = await startHttp(308, '', { location: 'https://127.0.0.1/' });
  const alert = await startBanner(Buffer.from([21, 3, 1, 0, 2, 2, 70]));
  ends.push(go.close, ingress.close, alert.close);
  for (const server of [ingress, alert]) {
    expect(await problemOf(send({ url: to(server) }))).toMatchObject({ kind: 'wants-tls' });
  }
  const asks = (status: number, body: string, headers = {}) =>
    asksForTls({ status, headers, body: Buffer.from(body) }, new URL('http://minio.corp.io:9000'));
  expect(asks(400, words)).toBe(true);
  const nginx = '<center>The plain HTTP request was sent to HTTPS port</center>';
  expect(asks(400, nginx)).toBe(true);
  expect(asks(400, '<Code>InvalidRequest</Code>')).toBe(false);
  expect(asks(301, '', { location: 'https://minio.corp.io/' })).toBe(true);
  expect(asks(301, '', { location: 'https://sso.corp.io/login' })).toBe(false);
});

test('an answer counts though the server cuts the body off', async () => {
  const url = await serve((request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large', () => request.socket.destroySoon());
  });
  expect((await send({ method: 'PUT', url, body: Buffer.alloc(4 * 1024 * 1024) })).status).toBe(413);
});

test('an announced body is sent only when it is wanted', async () => {
  const body = Buffer.alloc(1024 * 1024);
  let received = 0;
  const count: RequestListener = async (request, response) => {
    for await (const chunk of request) received += (chunk as Buffer).length;
    response.end('stored');
  };
  const refusing = createServer();
  refusing.on('checkContinue', (_, response) => response.writeHead(412).end());
  const url = await listening(refusing);
  expect((await send({ method: 'PUT', url, body, announce: true })).status).toBe(412);
  expect(received).toBe(0);

  expect((await send({ method: 'PUT', url: await serve(count), body, announce: true })).status).toBe(200);
  expect(received).toBe(body.length);

  const deaf = createServer();
  deaf.on('checkContinue', count);
  expect((await send({ method: 'PUT', url: await listening(deaf), body, announce: true })).status).toBe(200);
  expect(received).toBe(2 * body.length);
});

test('the end of the run ends a request', async () => {
  const silent = await startSilent();
  ends.push(silent.close);
  const end = new AbortController();
  const sent = send({ url: to(silent) }, { signal: end.signal });
  end.abort(new Error('over'));
  await expect(sent).rejects.toThrow('over');
});

test('goes through the proxy of the environment, but never to this machine', async () => {
  const { host, port } = await startHttp(200, 'from the server').then((server) => {
    ends.push(server.close);
    return server;
  });
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('from the proxy');
  });
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(Number(new URL(secure).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  const secure = await serveTls(
    (_, response) => response.end('through the tunnel'),
    await ca.issue({ names: ['minio.test'] }),
  );
  const { origin } = await listening(proxy);
  const settings = { environment: { HTTP_PROXY: origin, HTTPS_PROXY: origin }, authorities: [ca.certPem] };
  const text = async (url: string) => (await send({ url: new URL(url) }, settings)).body.toString();
  expect(await text('http://minio.test:9000/x')).toBe('from the proxy');
  expect(await text('https://minio.test:9000/x')).toBe('through the tunnel');
  expect(await text(`http://${host}:${port}/x`)).toBe('from the server');
  expect(asked).toEqual(['http://minio.test:9000/x', 'minio.test:9000']);
});

test('knows this machine by its names', () => {
  expect(['localhost', 'a.localhost', '127.0.0.1', '127.1.2.3', '[::1]'].every(isLoopback)).toBe(true);
  expect(['localhost.corp', '10.0.0.1', '1.127.0.0', '[::2]', 'minio'].some(isLoopback)).toBe(false);
});
