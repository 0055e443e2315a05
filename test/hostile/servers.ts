/** Starts a server out of what it does with a connection, plain or behind TLS, and counts what it got rid of. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Behavior } from './behaviors.ts';

export interface Hostile {
  readonly host: string;
  readonly port: number;
  /** The most bytes that one connection has taken so far. */
  most(): number;
  connections(): number;
  close(): Promise<void>;
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** On a free port of 127.0.0.1. */
export async function startHostile({ answer }: Pick<Behavior, 'answer'>, tls?: Tls): Promise<Hostile> {
  const sockets = new Set<Socket>();
  const taken: (() => number)[] = [];
  let connections = 0;
  const accept = (socket: Socket) => {
    socket.on('error', () => {});
    taken.push(() => socket.bytesWritten - socket.writableLength);
    answer(socket);
  };
  // HTTP/2 is agreed on where it is offered, so that who wants it gets to speak.
  const server = tls ? createTlsServer({ ...tls, ALPNProtocols: ['h2', 'http/1.1'] }, accept) : createServer(accept);
  server
    .on('tlsClientError', () => {})
    .on('connection', (socket: Socket) => {
      connections++;
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    most: () => Math.max(0, ...taken.map((bytes) => bytes())),
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
