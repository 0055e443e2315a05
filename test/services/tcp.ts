/** Networks and servers that misbehave, on free ports of 127.0.0.1: nothing here is reachable from elsewhere. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

export interface Fault {
  host: string;
  port: number;
  /** Frees the port and destroys all connections. */
  close(): Promise<void>;
}

export interface CountingFault extends Fault {
  /** How many connections have been accepted since the start. */
  connections(): number;
}

const host = '127.0.0.1';

async function listen(server: Server): Promise<CountingFault> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that refuses connections: nothing listens on it, unless another process takes it meanwhile. */
export async function refusedPort(): Promise<Fault> {
  const taken = await listen(createServer());
  await taken.close();
  return taken;
}

/** Accepts, reads and never answers. */
export const startSilent = (): Promise<CountingFault> => listen(createServer((socket) => socket.resume()));

/** Accepts and closes without a byte. */
export const startCloser = (): Promise<CountingFault> => listen(createServer((socket) => socket.end().resume()));

/** Says something at once, such as `SSH-2.0-OpenSSH_9.6\r\n`, and then nothing more. */
export const startBanner = (bytes: string | Uint8Array): Promise<CountingFault> =>
  listen(createServer((socket) => socket.resume().write(bytes)));

export interface HttpFault extends CountingFault {
  /** The requests so far, oldest first. */
  log: { method: string; url: string; headers: Record<string, string | string[] | undefined>; body: string }[];
}

/** A plain HTTP/1.1 server with the same answer for everything: a captive portal, say, or a load balancer's 503. */
export async function startHttp(
  status = 200,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Promise<HttpFault> {
  const log: HttpFault['log'] = [];
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers: received } = request;
    log.push({ method, url, headers: received, body: Buffer.concat(chunks).toString() });
    response.writeHead(status, headers).end(body);
  });
  return { ...(await listen(server)), log };
}

/** A plain HTTP server that answers each path with a status of its own. */
export const startByPath = (statusOf: (path: string) => number): Promise<CountingFault> =>
  listen(createHttpServer(({ url = '' }, response) => response.writeHead(statusOf(url)).end()));

export interface ProxyFaults {
  /** Milliseconds that each chunk waits, each way. */
  delayMs?: number | undefined;
  /** Once a connection has carried so many bytes, both ways together, both ends get a TCP reset. */
  resetAfterBytes?: number | undefined;
  /** Forward nothing more, neither bytes nor the end of a stream, and keep connections open. */
  swallow?: boolean | undefined;
  /** Each way, of each connection. */
  throttleBytesPerSecond?: number | undefined;
  /** Changes what passes, each way. */
  corrupt?: ((chunk: Buffer, direction: 'up' | 'down') => Uint8Array) | undefined;
}

export interface Proxy extends CountingFault {
  /** Assign to these at any time; what is already under way follows too. */
  faults: ProxyFaults;
  /** Bytes forwarded since the start: to the target, and back from it. */
  bytes: { up: number; down: number };
}

/** Forwards to the target, with faults. A target that can't be reached looks like a reset. */
export async function startProxy({
  target,
  ...initial
}: { target: { host: string; port: number } } & ProxyFaults): Promise<Proxy> {
  const faults: ProxyFaults = { ...initial };
  const bytes = { up: 0, down: 0 };
  const outgoing = new Set<Socket>();

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    outgoing.add(upstream);
    let carried = 0;
    const reset = () => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    const pass = async (chunk: Uint8Array, to: Socket, direction: 'up' | 'down') => {
      const { resetAfterBytes: limit = Number.POSITIVE_INFINITY } = faults;
      const allowed = chunk.subarray(0, Math.max(0, limit - carried));
      carried += allowed.length;
      bytes[direction] += allowed.length;
      if (allowed.length > 0 && to.writable) await new Promise((resolve) => to.write(allowed, resolve));
      if (carried >= limit) reset();
    };
    const pump = (from: Socket, to: Socket, direction: 'up' | 'down') => {
      let queue = Promise.resolve();
      from.on('data', (data: Buffer) => {
        const due = Date.now() + (faults.delayMs ?? 0);
        if (faults.throttleBytesPerSecond) from.pause();
        queue = queue.then(async () => {
          if (due > Date.now()) await sleep(due - Date.now());
          if (faults.swallow) return;
          const changed = faults.corrupt?.(data, direction) ?? data;
          for (let at = 0; at < changed.length && !to.destroyed; ) {
            const rate = faults.throttleBytesPerSecond;
            const size = rate ? Math.max(1, Math.ceil(rate / 20)) : changed.length;
            await pass(changed.subarray(at, at + size), to, direction);
            at += size;
            if (rate) await sleep((1000 * size) / rate);
          }
          from.resume();
        });
      });
      from.on('end', () => {
        queue = queue.then(() => {
          if (!faults.swallow) to.end();
        });
      });
      from.on('error', () => {
        if (!faults.swallow) to.resetAndDestroy();
      });
      from.on('close', () => {
        outgoing.delete(from);
        queue = queue.then(() => {
          if (!faults.swallow && from.errored) to.destroy();
        });
      });
    };
    pump(client, upstream, 'up');
    pump(upstream, client, 'down');
  });

  const listening = await listen(server);
  const close = async () => {
    for (const socket of outgoing) socket.destroy();
    await listening.close();
  };
  return { ...listening, close, faults, bytes };
}

/** Milliseconds without an answer that count as silence; a loopback interface answers in well under one. */
const silence = 500;

async function attemptConnection(port: number): Promise<{ socket: Socket; answered: boolean }> {
  const socket = connect({ host, port });
  const answer = Promise.race([once(socket, 'connect'), once(socket, 'close')]).then(
    () => true,
    () => true,
  );
  socket.on('error', () => {});
  return { socket, answered: await Promise.race([answer, sleep(silence, false)]) };
}

// Plain JavaScript: a worker that is made from a string gets no type stripping.
const deafWorker = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer().listen({ host: '${host}', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/**
 * A port that swallows packets: a connection attempt gets neither an acceptance nor a refusal, as behind a firewall
 * that drops. A thread listens with the shortest queue and blocks, so nothing is ever accepted, and connections fill the
 * queue; Linux and macOS then drop further SYNs (listen(2), tcp(7) `tcp_abort_on_overflow`).
 * Rejects when the system answers all the same: with each start it is tried that an attempt gets no answer in 500 ms.
 */
export async function startBlackhole(): Promise<Fault> {
  const worker = new Worker(deafWorker, { eval: true });
  const sockets: Socket[] = [];
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await worker.terminate();
  };
  try {
    const [port] = (await once(worker, 'message')) as [number];
    worker.unref();
    for (let attempt = 1; ; attempt++) {
      for (let filling = 0; filling < 8; filling++) sockets.push(connect({ host, port }).on('error', () => {}));
      await sleep(50);
      const { socket, answered } = await attemptConnection(port);
      sockets.push(socket);
      if (!answered) break;
      if (attempt === 8) throw new Error('this system accepts connections beyond the queue of a listening socket');
    }
    return { host, port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
