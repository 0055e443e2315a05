/** A connection pooler in front of a real PostgreSQL: few backends for many clients, as PgBouncer does it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { errorMessage, int32, message, onMessages, startupOf } from './postgres-wire.ts';

/** When a client gives its backend back: at its end, or after each transaction. */
export type PoolMode = 'session' | 'transaction';

export interface PoolerOptions {
  /** The server behind; it must let everybody in without a password (`trust`). */
  target: { host: string; port: number };
  mode: PoolMode;
  /** The role that it logs in as, instead of the client's (PgBouncer: `user=` under `[databases]`). */
  user?: string;
  /** Startup parameters that it admits; all others are refused, as PgBouncer does (`ignore_startup_parameters`). */
  admits?: string[];
}

export interface Pooler {
  host: string;
  port: number;
  close(): Promise<void>;
}

interface Backend {
  socket: Socket;
  client: Socket | undefined;
}

const alwaysAdmitted = ['user', 'database', 'application_name', 'client_encoding'];

/** The first message of a client (PostgreSQL manual, 55.7). */
function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const words = Object.entries(parameters).flatMap(([name, value]) => [`${name}\0`, `${value}\0`]);
  const body = Buffer.concat([int32(0x3_00_00), Buffer.from(`${words.join('')}\0`)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export async function startPooler({ target, mode, user, admits = [] }: PoolerOptions): Promise<Pooler> {
  const idle: Backend[] = [];
  const sockets = new Set<Socket>();

  async function newBackend(startup: Buffer): Promise<Backend> {
    const socket = connect(target);
    sockets.add(socket);
    socket.on('error', () => {});
    const backend: Backend = { socket, client: undefined };
    await once(socket, 'connect');
    // Only the client's first message has no type; the server's are all typed.
    let pending = Buffer.alloc(0);
    let isReady = () => {};
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    let loggedIn = false;
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
        const raw = pending.subarray(0, pending.readInt32BE(1) + 1);
        pending = pending.subarray(raw.length);
        const client = backend.client;
        if (loggedIn && client !== undefined) client.write(raw);
        if (raw.toString('latin1', 0, 1) !== 'Z') continue;
        loggedIn = true;
        isReady();
        if (client !== undefined && mode === 'transaction' && raw.toString('latin1', 5) === 'I') give(backend);
        else if (client !== undefined) client.emit('answered');
      }
    });
    socket.write(startup);
    await ready;
    return backend;
  }

  function give(backend: Backend): void {
    const { client } = backend;
    backend.client = undefined;
    idle.push(backend);
    client?.emit('answered');
  }

  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    let startup: Buffer = Buffer.alloc(0);
    const backendOf = async () => {
      const held = [...busy].find((backend) => backend.client === client);
      if (held !== undefined) return held;
      const backend = idle.pop() ?? (await newBackend(startup));
      backend.client = client;
      busy.add(backend);
      return backend;
    };
    let queue = Promise.resolve();
    onMessages(client, (type, body, raw) => {
      if (type === '') {
        const parameters = startupOf(body);
        if (parameters === undefined) return client.write('N');
        const unknown = Object.keys(parameters).find((name) => ![...alwaysAdmitted, ...admits].includes(name));
        if (unknown !== undefined) {
          return client.end(errorMessage('08P01', 'pooler', `unsupported startup parameter: ${unknown}`));
        }
        startup = user === undefined ? Buffer.from(raw) : startupMessage({ ...parameters, user });
        const greeting = [
          message('R', int32(0)),
          message('K', int32(1_000_001), int32(1)),
          message('Z', Buffer.from('I')),
        ];
        return client.write(Buffer.concat(greeting));
      }
      if (type === 'X') return client.end();
      queue = queue.then(async () => {
        const backend = await backendOf();
        const answered = once(client, 'answered');
        backend.socket.write(raw);
        await answered;
      });
    });
    client.on('close', () => {
      sockets.delete(client);
      for (const backend of busy) if (backend.client === client) give(backend);
    });
  }).listen(0, '127.0.0.1');
  const busy = new Set<Backend>();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
