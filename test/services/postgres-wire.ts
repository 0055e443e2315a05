/** A server that speaks PostgreSQL's protocol from a script: stands in for products that can't be had. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface WireAnswer {
  /** One row, by column. */
  row?: Record<string, string>;
  /** SQLSTATE of an error instead. */
  error?: string;
  /** Closes the connection instead, without a word. */
  close?: boolean;
}

export interface WireOptions {
  /** Answers each statement; a statement without an answer is an error (0A000). */
  answer?: (sql: string) => WireAnswer | 'silence' | undefined;
  /** Code of the AuthenticationRequest to send at login: 0 lets everybody in, 7 is GSSAPI (PostgreSQL manual, 55.7). */
  authentication?: number;
  /** Whether this login, counted from 1, gets no answer after its password, if it is asked for one. */
  silent?: (login: number) => boolean;
  /** After a requested password, the login succeeds. */
  password?: boolean;
  /** SQLSTATE and function of the error that refuses every login; an empty function is left out, as poolers do. */
  refuse?: { code: string; routine?: string; message?: string };
  /** What SSLRequest is answered with; `N` unless told. */
  tls?: string;
}

export interface WireServer {
  host: string;
  port: number;
  /** The parameters of every login so far. */
  logins: Record<string, string>[];
  close(): Promise<void>;
}

export const message = (type: string, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

export const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const errorMessage = (code: string, routine = 'script', text = 'scripted'): Buffer =>
  message('E', 'SERROR', 'VERROR', `C${code}`, `M${text}`, ...(routine === '' ? [] : [`R${routine}`]), Buffer.alloc(1));

const ready = (status = 'I') => message('Z', Buffer.from(status));

/** The type of `json` columns; all others are text. */
const typeOf = (value: string) => (value.startsWith('{') ? 114 : 25);

function rows(row: Record<string, string>): Buffer {
  const cells = Object.entries(row);
  const fields = cells.flatMap(([name, value]) => [
    ...[name, int32(0), int16(0), int32(typeOf(value))],
    ...[int16(0xffff), int32(-1), int16(0)],
  ]);
  const values = cells.flatMap(([, value]) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
  const count = int16(cells.length);
  return Buffer.concat([message('T', count, ...fields), message('D', count, ...values), message('C', 'SELECT 1')]);
}

/** Reads a client's messages: the first, which has no type, and SSLRequest come as type ''. */
export function onMessages(socket: Socket, handle: (type: string, body: Buffer, raw: Buffer) => void): void {
  let pending = Buffer.alloc(0);
  let typed = 0;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= typed + 4) {
      const length = pending.readInt32BE(typed) + typed;
      if (pending.length < length) return;
      const raw = pending.subarray(0, length);
      pending = pending.subarray(length);
      const body = raw.subarray(typed + 4);
      const isTlsRequest = typed === 0 && body.length === 4 && body.readInt32BE(0) === 80_877_103;
      const type = typed === 0 ? '' : raw.toString('latin1', 0, 1);
      if (!isTlsRequest) typed = 1;
      handle(type, body, raw);
    }
  });
}

/** The parameters of a StartupMessage, or `undefined` for an SSLRequest. */
export function startupOf(body: Buffer): Record<string, string> | undefined {
  if (body.length === 4) return undefined;
  const words = body.toString('utf8', 4).split('\0').slice(0, -2);
  return Object.fromEntries(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])));
}

export async function startWire(options: WireOptions = {}): Promise<WireServer> {
  const { answer = () => undefined, authentication = 0, refuse, tls = 'N', silent = () => false, password } = options;
  const sockets = new Set<Socket>();
  const logins: Record<string, string>[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let login = 0;
    onMessages(socket, (type, body) => {
      if (type === 'X') return socket.end();
      if (type === 'p' && !silent(login)) {
        const granted = [message('R', int32(0)), message('K', int32(4711), int32(1)), ready()];
        return password ? socket.write(Buffer.concat(granted)) : undefined;
      }
      if (type === '') {
        const startup = startupOf(body);
        if (startup === undefined) return socket.write(tls);
        login = logins.push(startup);
        if (refuse !== undefined && !silent(login))
          return socket.end(errorMessage(refuse.code, refuse.routine, refuse.message));
        socket.write(message('R', int32(authentication)));
        if (authentication !== 0) return;
        return socket.write(Buffer.concat([message('K', int32(4711), int32(1)), ready()]));
      }
      if (type !== 'Q') return;
      const said = answer(body.toString('utf8', 0, body.length - 1)) ?? {};
      if (said === 'silence') return;
      const { row, error = '0A000', close } = said;
      if (close) return socket.destroy();
      socket.write(Buffer.concat([row === undefined ? errorMessage(error) : rows(row), ready()]));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    logins,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
