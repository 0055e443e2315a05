/** Datagrams, to a port that never responds. */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../engine/check.ts';
import { isIP } from '../util/ip.ts';
import { trace } from '../util/trace.ts';
import { resolve } from './dns.ts';
import { NetworkError, toNetworkError } from './network-error.ts';
import { type Address, unbracketed } from './tcp.ts';

/** How long to wait for a refusal (ICMP) after each datagram, ms. */
const WAIT_MS = 150;
/** The system reports the refusal of one datagram when the next one is sent. */
const TIMES = 2;
const DEADLINE_MS = 2000;

/**
 * Sends a datagram twice. Without a refusal, it may have arrived or not.
 * @throws NetworkError of kind `dns`, `refused` or `unreachable`
 */
export async function sendUdp(
  run: Pick<Run, 'withTimeout'>,
  { host, port }: Address,
  bytes: Uint8Array,
): Promise<void> {
  const name = unbracketed(host);
  const addresses = isIP(name) === 0 ? await resolve(run, name) : [name];
  // Like Go: IPv4 first (net.ResolveUDPAddr).
  const address = addresses.find((candidate) => isIP(candidate) === 4) ?? addresses[0] ?? name;
  trace('udp', `${address} port ${port}: ${TIMES} datagrams of ${bytes.length} bytes`);
  await run.withTimeout(DEADLINE_MS, async (signal) => {
    const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4', signal });
    const refused = new Promise<never>((_, reject) => socket.on('error', (error) => reject(problemOf(error))));
    refused.catch(() => {});
    try {
      await Promise.race([refused, new Promise<void>((done) => socket.connect(port, address, done))]);
      for (let sent = 0; sent < TIMES; sent++) {
        // The listener above handles errors of sending, too.
        socket.send(bytes, (error) => error && socket.emit('error', error));
        await Promise.race([refused, sleep(WAIT_MS)]);
      }
    } finally {
      socket.close();
    }
  });
}

const problemOf = (error: unknown): NetworkError => toNetworkError(error) ?? new NetworkError('unreachable');
