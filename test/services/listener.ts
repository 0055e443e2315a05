/** Listens on a loopback port, with or without TLS, and ends every connection on close. */
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Listener {
  port: number;
  close(): Promise<void>;
}

const tlsHandshake = 22;
const plainRefusal = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

/** Answers a request to switch protocols, to a WebSocket say. */
export type UpgradeListener = (message: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listens on a free port of `host`. With TLS, a plain HTTP request is told so, in the words of Go's server. */
export async function listen(
  handler: RequestListener,
  host: string,
  tls: ServerOptions | undefined,
  upgrade?: UpgradeListener,
): Promise<Listener> {
  const http = tls === undefined ? createHttp(handler) : createHttps(tls, handler);
  // As nginx: Node's own 5 s close connections that a client beside busy neighbors is about to use again.
  http.keepAliveTimeout = 75_000;
  if (upgrade !== undefined) http.on('upgrade', upgrade);
  const server = tls === undefined ? http : peeking(http);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function peeking(https: Server): Server {
  https.on('tlsClientError', () => {});
  return createTcp((socket) => {
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      if (first[0] !== tlsHandshake) {
        socket.end(plainRefusal);
        return;
      }
      socket.unshift(first);
      https.emit('connection', socket);
    });
  });
}
