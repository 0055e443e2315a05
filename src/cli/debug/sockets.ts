/** TCP connections and TLS handshakes of every client. Listens only to events that do not change what a socket does. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { TLS_SOCKETS } from '../../util/trace.ts';
import { type Log, quietly, since, wordOf } from './line.ts';

export function watchSockets(log: Log): () => void {
  const seen = new WeakSet<object>();
  const watch = quietly(({ socket }: { socket: Socket }) => {
    if (seen.has(socket)) return;
    seen.add(socket);
    // Node publishes a socket right before it connects.
    if (socket.pending) watchConnection(socket, log);
    if (!(socket instanceof TLSSocket)) return;
    if (socket.pending) socket.once('connect', () => watchHandshake(socket, log));
    else watchHandshake(socket, log);
  });
  subscribe('net.client.socket', watch);
  subscribe(TLS_SOCKETS.name, watch);
  return () => {
    unsubscribe('net.client.socket', watch);
    unsubscribe(TLS_SOCKETS.name, watch);
  };
}

function watchConnection(socket: Socket, log: Log): void {
  const began = performance.now();
  let at = 'a socket';
  let isSaid = false;
  const say = (result: string) => {
    isSaid = true;
    log({ kind: 'tcp', what: at, result, ms: since(began) });
  };
  const address = (host: string, port: number) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  socket.on('connectionAttempt', (host, port) => {
    at = address(host, port);
  });
  socket.on('connectionAttemptFailed', (host, port, _family, error) => {
    at = address(host, port);
    say(wordOf(error));
  });
  socket.on('connectionAttemptTimeout', (host, port) => {
    at = address(host, port);
    say('no response yet');
  });
  socket.once('connect', () => {
    if (socket.remoteAddress !== undefined) at = address(socket.remoteAddress, socket.remotePort ?? 0);
    say('connected');
  });
  socket.once(errorMonitor, (error) => isSaid || say(wordOf(error)));
  socket.once('close', () => isSaid || say('given up'));
}

function watchHandshake(socket: TLSSocket, log: Log): void {
  const began = performance.now();
  let isSaid = false;
  const say = (result: string) => {
    if (isSaid) return;
    isSaid = true;
    log({ kind: 'tls', what: nameOf(socket), result, ms: since(began) });
  };
  socket.once('secureConnect', () => {
    // Without an error: whoever opened it decides what to do about a certificate that is not trusted.
    const doubt = socket.authorized ? '' : `, certificate: ${wordOf(codeOf(socket.authorizationError))}`;
    say(`${socket.getProtocol() ?? 'TLS'}${doubt}`);
  });
  socket.once(errorMonitor, (error) => say(wordOf(error)));
  socket.once('close', () => say('closed before the handshake was complete'));
}

const codeOf = (error: unknown): unknown => (typeof error === 'string' ? { code: error } : error);

function nameOf(socket: TLSSocket): string {
  const { servername } = socket as { servername?: unknown };
  const address = `${socket.remoteAddress ?? 'a server'}:${socket.remotePort ?? ''}`;
  return typeof servername === 'string' && servername !== '' ? `${servername} at ${address}` : address;
}
