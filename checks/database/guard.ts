/** Filters the data that the client `pg` reads from a server: its parser trusts whatever it gets. */
import type { Socket } from 'node:net';
import { MOST_BYTES } from '../../src/net/limits.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { ServerError } from './server-error.ts';
import { isMessage, languageOf } from './socket.ts';

/** Message type and length; the length excludes the type byte (PostgreSQL manual, 55.7). */
const HEAD_BYTES = 5;
/** An authentication message starts with the number of the requested method. */
const REQUEST_BYTES = 4;
/** Authentication methods that `pg` does not support; it would throw an uncatchable error (PostgreSQL manual, 55.7). */
const METHODS: Readonly<Record<number, string>> = { 2: 'Kerberos', 6: 'SCM', 7: 'GSSAPI', 9: 'SSPI' };

export interface Watching {
  refuse(refused: ServerError | NetworkError): void;
  /** The requested authentication method, by its number. A returned error ends the login before it is answered. */
  authentication(request: number): ServerError | undefined;
}

/**
 * Filters the data that `pg` reads: only valid PostgreSQL protocol reaches its parser, and only a limited amount, because
 * the parser buffers incomplete messages. Parser errors are caught here.
 */
export function guard(socket: Socket, { refuse, authentication }: Watching): void {
  const on = socket.on.bind(socket);
  let first = true;
  let size = 0;
  let denied: ServerError | undefined;
  const areMessages = framing((request) => {
    denied ??= authentication(request);
  });
  const judge = (chunk: Buffer): ServerError | undefined => {
    if (!isMessage(chunk, 'REvN')) return new ServerError({ kind: 'not-postgres', speaks: languageOf(chunk) });
    const method = isMessage(chunk, 'R') && chunk.length >= 9 ? METHODS[chunk.readInt32BE(5)] : undefined;
    return method === undefined ? undefined : new ServerError({ kind: 'method', method });
  };
  const guarded = (listener: (chunk: Buffer) => void) => (chunk: Buffer) => {
    size += chunk.length;
    const refused = (first ? judge(chunk) : undefined) ?? (size > MOST_BYTES ? new NetworkError('flood') : undefined);
    first = false;
    if (refused !== undefined) return refuse(refused);
    if (!areMessages(chunk)) return refuse(new ServerError({ kind: 'not-postgres', speaks: undefined }));
    if (denied !== undefined) return refuse(denied);
    try {
      listener(chunk);
    } catch {
      refuse(new ServerError({ kind: 'not-postgres', speaks: undefined }));
    }
  };
  socket.on = ((event: string, listener: (chunk: Buffer) => void) =>
    on(event, event === 'data' ? guarded(listener) : listener)) as Socket['on'];
}

/** Tracks messages across chunks: `pg` would wait forever for the rest of a message with an invalid length. */
function framing(authentication: (request: number) => void): (chunk: Buffer) => boolean {
  let head = Buffer.alloc(0);
  let left = 0;
  /** The part of the method number received so far, for an authentication message. */
  let request: Buffer | undefined;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const wanted = left > 0 ? left : HEAD_BYTES - head.length;
      const part = chunk.subarray(at, at + wanted);
      at += part.length;
      if (left > 0) {
        left -= part.length;
        request = request && Buffer.concat([request, part.subarray(0, REQUEST_BYTES - request.length)]);
        if (request?.length !== REQUEST_BYTES) continue;
        authentication(request.readInt32BE());
        request = undefined;
        continue;
      }
      head = Buffer.concat([head, part]);
      if (head.length < HEAD_BYTES) return true;
      const length = head.readInt32BE(1);
      if (!/[A-Za-z0-9]/.test(head.toString('latin1', 0, 1)) || length < 4 || length > MOST_BYTES) return false;
      left = length - 4;
      request = head.toString('latin1', 0, 1) === 'R' && left >= REQUEST_BYTES ? Buffer.alloc(0) : undefined;
      head = Buffer.alloc(0);
    }
    return true;
  };
}
