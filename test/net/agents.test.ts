/** How far a connection got, whoever opened it: through a proxy, by an SDK's own requests, and for a WebSocket. */
import { once } from 'node:events';
import { createServer as createHttps, get } from 'node:https';
import type { AddressInfo, createServer, Socket } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { RunTimeoutError, withTimeout } from '../../src/engine/timeouts.ts';
import { makeAgents } from '../../src/net/agents.ts';
import { makeHttpClient } from '../../src/net/http.ts';
import { NetworkError, timedOut } from '../../src/net/network-error.ts';
import { connectVia, ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { makeSender } from '../../src/net/sender.ts';
import { startConnectProxy } from '../services/connect-proxy.ts';
import { refusedPort, startBlackhole, startSilent } from '../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import { startTlsFront } from '../services/tls-front.ts';

const DEADLINE_MS = 400;
const SERVER = { secure: true, host: 'silent.corp.invalid', port: 443 };
const URL_OF = new URL('https://silent.corp.invalid/');
const TARGET = { what: 'the server', ...SERVER, setting: 'SETTING' };

let ca: CertificateAuthority;
beforeAll(async () => {
  ca = await makeCa();
});

function runOf(HTTPS_PROXY: string) {
  const ends: (() => unknown)[] = [];
  onTestFinished(async () => void (await Promise.all(ends.map((end) => end()))));
  const [end, closing] = [new AbortController(), new AbortController()];
  // Every operation gets the same time, whatever it asks for, so that the outer one is not longer than a test.
  const until =
    ({ signal }: AbortController) =>
    <T>(ms: number, operation: (signal: AbortSignal) => Promise<T>) =>
      withTimeout(signal, Math.min(ms, DEADLINE_MS), operation, timedOut);
  return {
    proxies: { HTTPS_PROXY },
    authorities: () => [ca.certPem],
    onEnd: (end: () => unknown) => void ends.push(end),
    withTimeout: until(end),
    withTimeoutUntilClosed: until(closing),
    end: () => end.abort(new RunTimeoutError(1)),
  };
}
type Run = ReturnType<typeof runOf>;

/** Every way in which the tool asks a server over HTTP. */
const CLIENTS: Record<string, (run: Run) => Promise<unknown>> = {
  'its own client': (run) => makeHttpClient(run).send({ method: 'GET', url: URL_OF, deadlineMs: DEADLINE_MS }),
  'the sender of the SDKs': (run) =>
    run.withTimeout(DEADLINE_MS, (signal) => makeSender(run).send(SERVER, { method: 'GET', path: '/', signal })),
  'an SDK with an agent': (run) =>
    run.withTimeout(
      DEADLINE_MS,
      (signal) =>
        new Promise((resolve, reject) => {
          get(URL_OF, { agent: makeAgents(run).agentFor(SERVER), signal }, resolve).on('error', reject);
        }),
    ),
  'a WebSocket': (run) =>
    run.withTimeout(
      DEADLINE_MS,
      (signal) =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket('wss://silent.corp.invalid/', { agent: makeAgents(run).agentFor(SERVER) });
          signal.addEventListener('abort', () => socket.terminate());
          socket.on('open', resolve).on('error', reject);
        }),
    ),
};

const problemOf = async (asking: Promise<unknown>): Promise<NetworkError> => {
  const error = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof NetworkError) return error;
  throw error ?? new Error('it was answered');
};

async function behind(target: { port: number; close(): unknown }): Promise<Run> {
  const proxy = await startConnectProxy(() => target.port);
  onTestFinished(async () => void (await Promise.all([proxy.close(), target.close()])));
  return runOf(proxy.url);
}

describe.each(Object.entries(CLIENTS))('through a proxy, %s', (_, ask) => {
  test('connects to a server that stays silent', async () => {
    const problem = await problemOf(ask(await behind(await startSilent())));
    expect(problem).not.toBeInstanceOf(ProxyError);
    expect(routeMessages(problem, TARGET).title).toEqual(
      expect.stringMatching(/^connected to silent\.corp\.invalid:443, but got no response within \d+ s$/),
    );
  });

  test('connects to a server that stays silent after TLS', async () => {
    const { chainPem: cert, keyPem: key } = await ca.issue({ names: [SERVER.host] });
    const silent = await startSilent();
    onTestFinished(() => silent.close());
    const problem = await problemOf(ask(await behind(await startTlsFront(silent, { cert, key }))));
    expect(routeMessages(problem, TARGET).title).toContain('connected to silent.corp.invalid:443, but got no response');
  });

  test('gets an answer', async () => {
    const { chainPem: cert, keyPem: key } = await ca.issue({ names: [SERVER.host] });
    const server = createTls({ cert, key }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
    });
    const listening = await listen(server);
    const found = await ask(await behind(listening)).catch((error: Error) => error.message);
    // A WebSocket is refused, everybody else has a response.
    expect(found).toBeDefined();
    expect(String(found)).toMatch(/object|400/);
  });
});

test('after the end of the run, a new connection through a proxy is opened for what has to be removed', async () => {
  const { chainPem: cert, keyPem: key } = await ca.issue({ names: [SERVER.host] });
  const server = createTls({ cert, key }, (socket) => {
    socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
  });
  const run = await behind(await listen(server));
  run.end();
  const { signal } = new AbortController();
  expect(await makeHttpClient(run).send({ method: 'DELETE', url: URL_OF, signal })).toMatchObject({ status: 204 });
});

async function listen(server: ReturnType<typeof createServer>) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: typeof at === 'object' && at !== null ? at.port : 0, close };
}

describe('a proxy', () => {
  const asking = (proxy: string) => problemOf(connectVia(runOf(proxy), SERVER, DEADLINE_MS));
  test('that stays silent is named, with the target', async () => {
    const { host, port, close } = await startSilent();
    onTestFinished(close);
    const words = routeMessages(await asking(`http://${host}:${port}`), TARGET);
    expect(words).toMatchObject({
      title: expect.stringMatching(
        /^the proxy 127\.0\.0\.1:\d+ did not connect to silent\.corp\.invalid:443 within \d+ s$/,
      ),
      fix: { text: expect.stringContaining('NO_PROXY') },
    });
  });
  test('that drops packets is named', async () => {
    const { host, port, close } = await startBlackhole();
    onTestFinished(close);
    const problem = await asking(`http://${host}:${port}`);
    expect(problem).toBeInstanceOf(ProxyError);
    expect(routeMessages(problem, TARGET).title).toBe(`${host}:${port} timed out`);
  });
  test.each(Object.entries(CLIENTS).filter(([name]) => !/agent|WebSocket/.test(name)))(
    'that refuses, and one that is not there: %s',
    async (_, ask) => {
      const proxy = await startConnectProxy(() => undefined, { refuse: 403 });
      onTestFinished(proxy.close);
      const refused = await problemOf(ask(runOf(proxy.url)));
      expect(routeMessages(refused, TARGET).title).toMatch(
        /refused to connect to silent\.corp\.invalid:443 \(HTTP 403\)$/,
      );
      const { port } = await refusedPort();
      const absent = await problemOf(ask(runOf(`http://127.0.0.1:${port}`)));
      expect(routeMessages(absent, TARGET).title).toBe(`127.0.0.1:${port} refused the connection`);
    },
  );
});

test('a later connection to the same server uses the TLS session of an earlier one again', async () => {
  const { chainPem: cert, keyPem: key } = await ca.issue({ names: ['127.0.0.1'] });
  const reused: boolean[] = [];
  const server = createHttps({ cert, key }, (_, response) => response.setHeader('connection', 'close').end('ok'));
  server.on('secureConnection', (socket: TLSSocket) => reused.push(socket.isSessionReused()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = makeHttpClient({ ...runOf(''), proxies: {} });
  const ask = () => client.send({ method: 'GET', url: new URL(`https://127.0.0.1:${port}/`) });
  for (let request = 0; request < 2; request++) expect((await ask()).status).toBe(200);
  expect(reused).toEqual([false, true]);
});
