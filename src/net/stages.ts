/** Reports how far a connection got, so that the error of a missed deadline tells where it stopped. */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { stageReporter } from '../engine/timeouts.ts';
import { isIP } from '../util/ip.ts';

/** @param host the name that the socket resolves, without brackets, or an address; omitted if there is nothing to resolve */
export function reportStages(socket: Socket, host?: string, report = stageReporter()): void {
  if (!socket.connecting) {
    report('connected');
    return;
  }
  report(host !== undefined && isIP(host) === 0 ? 'resolving' : 'connecting');
  socket.once('lookup', () => report('connecting'));
  socket.once('connect', () => report('connected'));
}

/** @param host without brackets */
export function reportRequest(request: ClientRequest, host: string): void {
  const report = stageReporter();
  // Until there is a socket: in the agent's queue, or behind a proxy that has not connected yet.
  report('connecting');
  request.once('socket', (socket) => reportStages(socket, host, report));
  request.once('response', () => report('responding'));
}
