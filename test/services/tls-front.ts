/** Ends TLS in front of a server that speaks without, as an ingress does; on a free port of 127.0.0.1. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import type { Fault } from './tcp.ts';

/** What servers speak that have not been looked after. */
export const OLD_TLS: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };

export async function startTlsFront(target: { host: string; port: number }, options: TlsOptions): Promise<Fault> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer(options, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    track(upstream);
    client.on('error', () => {}).once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    upstream.pipe(client).pipe(upstream);
  });
  server.on('tlsClientError', () => {}).on('connection', track);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
