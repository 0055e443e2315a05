/** An HTTP forward proxy on loopback that gives chosen names to local servers, so that a client which is told only
 * `HTTPS_PROXY` talks to `storage.googleapis.com` or `login.microsoftonline.com` with the right name, port and TLS, and
 * reaches a test server. It goes nowhere else. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** What clients asked for, as `host:port`, oldest first. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** The local port that serves `host:port`, or undefined: answered with 502, as for a name that does not resolve. */
export type Route = (host: string, port: number) => number | undefined;

const loopback = '127.0.0.1';

export interface ConnectProxyOptions {
  /** "user:password" that tunnels take; asked for with 407. */
  credentials?: string;
  /** Refuses every tunnel with this status. */
  refuse?: number;
}

/** Starts a proxy that takes `CONNECT` and, for plain `http`, requests with an absolute URL. */
export async function startConnectProxy(
  route: Route,
  { credentials, refuse }: ConnectProxyOptions = {},
): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const targetOf = (url: URL) => {
    const port = Number(url.port || 80);
    asked.push(`${url.hostname}:${port}`);
    return route(url.hostname, port);
  };

  const server = createServer((message, response) => {
    const url = URL.canParse(message.url ?? '') ? new URL(message.url ?? '') : undefined;
    const port = url && targetOf(url);
    if (url === undefined || port === undefined) {
      response.writeHead(url === undefined ? 400 : 502).end();
      return;
    }
    const forwarded = request({
      host: loopback,
      port,
      method: message.method,
      path: url.pathname + url.search,
      headers: message.headers,
    });
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    message.pipe(forwarded);
  });
  server.on('connection', track);
  server.on('connect', (message, client: Socket, head: Buffer) => {
    const port = targetOf(new URL(`http://${message.url}`));
    const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const unknown = expected !== undefined && message.headers['proxy-authorization'] !== expected;
    if (port === undefined || unknown || refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse ?? (unknown ? 407 : 502)} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect({ host: loopback, port, noDelay: true });
    track(upstream);
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
