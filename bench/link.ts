/**
 * Adds latency to a local server. Data is delayed by half a round trip in each direction. A local connection is established
 * immediately, so the round trip of its handshake is added to the first bytes from the client, which always sends first here.
 * Bandwidth and TCP slow start are not simulated.
 *
 * The link counts consecutive round trips: data from the client counts as one more than the latest response on any connection
 * up to then, and opening a connection counts as one. Two concurrent requests are one round trip, and a request that happens to
 * be sent after a response counts as having waited for it. The count is therefore the longest chain, or more.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Link {
  readonly host: string;
  readonly port: number;
  /** In ms; can be changed between runs. */
  roundTripMs: number;
  /** The longest chain since the last `reset`. */
  readonly chain: number;
  /** Must be called only while no data is in transit. */
  reset(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

export async function startLink(target: { host: string; port: number }): Promise<Link> {
  const sockets = new Set<Socket>();
  const state = { roundTripMs: 0, chain: 0 };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true, allowHalfOpen: true });
    // The handshake is one round trip, and the first bytes are the next.
    let position = state.chain + 1;
    let opened = false;
    let answered = false;
    pump(client, upstream, () => {
      position = Math.max(opened ? position : position + 1, state.chain + 1);
      opened = true;
      return { holdMs: state.roundTripMs * (answered ? 0.5 : 1.5) };
    });
    pump(upstream, client, () => {
      const mine = position;
      const arrived = () => {
        answered = true;
        state.chain = Math.max(state.chain, mine);
      };
      return { holdMs: state.roundTripMs / 2, arrived };
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return Object.assign(state, {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    reset: () => {
      state.chain = 0;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}

interface Passage {
  readonly holdMs: number;
  readonly arrived?: () => void;
}

/** Forwards data in order, with a delay for each chunk. */
function pump(from: Socket, to: Socket, passage: () => Passage): void {
  let queue = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    const { holdMs, arrived } = passage();
    const due = performance.now() + holdMs;
    queue = queue.then(async () => {
      const left = due - performance.now();
      if (left > 0) await sleep(left);
      arrived?.();
      if (to.writable) to.write(chunk);
    });
  });
  from.on('end', () => {
    queue = queue.then(() => void to.end());
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    queue = queue.then(() => {
      if (from.errored) to.destroy();
    });
  });
}
