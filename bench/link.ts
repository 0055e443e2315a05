/**
 * A server of this machine, as far away as one likes. What passes is held back for half a round trip, each way. A connection
 * to this machine comes about at once, so the round trip of its hand-shake is put onto the first bytes of the client: the
 * servers here are spoken to first. Bandwidth, and a congestion window that opens slowly, are not imitated.
 *
 * It counts the round trips that had to come one after the other: what a client sends is one later than the latest answer
 * that it had by then, on whichever connection; opening a connection counts as one. So two requests at once are one round
 * trip, and what was merely sent later than an answer counts as having waited for it: the count is the longest chain, or more.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Link {
  readonly host: string;
  readonly port: number;
  /** In ms; may be changed between runs. */
  roundTripMs: number;
  /** The longest chain since the last `reset`. */
  readonly chain: number;
  /** To be called while nothing is under way. */
  reset(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

export async function startLink(target: { host: string; port: number }): Promise<Link> {
  const sockets = new Set<Socket>();
  const state = { roundTripMs: 0, chain: 0 };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true, allowHalfOpen: true });
    // The hand-shake is one round trip, and the first bytes are the next.
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

/** Passes on what comes, in its order, after the time that each chunk is held back. */
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
