/** A session with a PostgreSQL server: the `pg` client on an existing connection. */
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { unlessAborted } from '../../src/engine/timeouts.ts';
import { MOST_BYTES } from '../../src/net/limits.ts';
import { NetworkError, toNetworkError } from '../../src/net/network-error.ts';
import { reportStages } from '../../src/net/stages.ts';
import { type CatalogObject, mentions, objectsIn } from './catalog-objects.ts';
import { poolerError } from './pooler-errors.ts';
import type { Scene } from './scene.ts';
import { ServerError } from './server-error.ts';
import { type Connected, type Endpoint, isMessage, languageOf, placeOf } from './socket.ts';
import type { DatabaseUrl } from './url.ts';

/** Message type and length; the length excludes the type byte (PostgreSQL manual, 55.7). */
const HEAD_BYTES = 5;
/** An authentication message starts with the number of the requested method. */
const REQUEST_BYTES = 4;
/** Per statement, in ms. */
const QUERY_MS = 20_000;
const CLOSE_MS = 1_000;
const NAME = 'spacelift-preflight';

export class Session {
  readonly endpoint: Endpoint;
  readonly url: DatabaseUrl;
  /** The variable that the URL came from. */
  variable: VariableName = 'DATABASE_URL';
  /** "TLS 1.3", or `undefined` without. */
  readonly tls: string | undefined;
  /** Whether the server requested the cleartext password rather than a proof of it. */
  readonly passwordSent: boolean;
  readonly #client: Client & { readonly processID?: number | null };
  readonly #socket: Socket;

  constructor(
    endpoint: Endpoint,
    url: DatabaseUrl,
    { connected, client, passwordSent }: { connected: Connected; client: Client; passwordSent: boolean },
  ) {
    this.endpoint = endpoint;
    this.passwordSent = passwordSent;
    this.url = url;
    this.tls = connected.tls;
    this.#socket = connected.socket;
    this.#client = client;
  }

  /** The process ID that the server reported when the session started; behind a pooler, an invented one. */
  get process(): number | undefined {
    return this.#client.processID ?? undefined;
  }

  /**
   * Sends all statements without waiting for results in between, and returns one result each.
   * After 20 s without a result, the session is closed.
   * @throws ServerError of kind `sql`, NetworkError of kind `closed` or `timeout`
   */
  send<Row>(run: Pick<Run, 'withTimeout'>, statements: readonly string[]): Promise<Row[]>[] {
    const results = statements.map((sql) =>
      run
        .withTimeout(QUERY_MS, () => {
          reportStages(this.#socket);
          return this.#client.query(sql);
        })
        .then(({ rows }) => rows as Row[])
        .catch((error) => {
          if (error instanceof NetworkError && error.kind === 'timeout') this.#socket.destroy();
          const refused = refusalOf(error, this.url, { objects: objectsIn(sql) });
          if (refused instanceof ServerError) throw new ServerError(refused.refusal, this.#scene());
          throw refused ?? error;
        }),
    );
    // The caller may have stopped at an earlier result.
    for (const result of results) result.catch(() => {});
    return results;
  }

  #scene(): Scene {
    const { endpoint, url, tls, variable } = this;
    return { variable, url, at: placeOf(endpoint), tls: tls !== undefined };
  }

  /** One statement, and all its rows. */
  async query<Row>(run: Pick<Run, 'withTimeout'>, sql: string): Promise<Row[]> {
    const [result] = this.send<Row>(run, [sql]);
    return (await result) ?? [];
  }

  /**
   * Sends the Terminate message without waiting for a response: the socket is destroyed when the server closes it, or after
   * one second, and does not keep the process alive in the meantime. Never rejects.
   */
  async close(): Promise<void> {
    const socket = this.#socket;
    const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
    const said = new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      socket.once('finish', resolve).once('close', resolve);
    });
    this.#client
      .end()
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        socket.destroy();
      });
    await said;
    timer.unref();
    socket.unref();
  }
}

/** @throws ServerError, NetworkError, or the reason of `signal` */
export async function logIn(
  endpoint: Endpoint,
  url: DatabaseUrl,
  connected: Connected,
  signal: AbortSignal,
): Promise<Session> {
  const { default: pg } = await import('pg');
  const { socket } = connected;
  reportStages(socket);
  let refused: ServerError | NetworkError | undefined;
  let passwordSent = false;
  let asked = false;
  guard(socket, {
    refuse: (found) => {
      refused ??= found;
      socket.destroy(found);
    },
    authentication: (request) => {
      asked = true;
      passwordSent ||= request === CLEAR_TEXT;
    },
  });
  // The socket is already connected, so the event that `pg` waits for after `connect` is emitted at once.
  socket.connect = () => {
    queueMicrotask(() => socket.emit('connect'));
    return socket;
  };
  const client = new pg.Client({
    // Everything that `pg` would otherwise read from this process's PG… variables.
    host: endpoint.host,
    port: endpoint.port,
    user: url.user,
    database: url.database,
    ssl: false,
    sslnegotiation: 'postgres',
    client_encoding: 'utf8',
    password: () => {
      if (url.password === undefined) throw new ServerError({ kind: 'no-password' });
      return url.password;
    },
    stream: () => socket,
    pipeline: true,
    // pgx has no limit either; the overall deadline applies.
    ...{ scramMaxIterations: 0 },
  });
  const startup = { user: url.user, database: url.database, application_name: NAME, ...url.settings };
  Object.assign(client, { getStartupConf: () => startup });
  // If the server ends the session later, the next query reports it.
  client.on('error', () => {});
  try {
    await unlessAborted(signal, client.connect());
    return new Session(endpoint, url, { connected, client, passwordSent });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw (
      refused ?? refusalOf(error, url, { settings: Object.keys(url.settings), asked }) ?? new NetworkError('closed')
    );
  }
}

/** Authentication methods that `pg` does not support; it would throw an uncatchable error (PostgreSQL manual, 55.7). */
const METHODS: Readonly<Record<number, string>> = { 2: 'Kerberos', 6: 'SCM', 7: 'GSSAPI', 9: 'SSPI' };

/** `AuthenticationCleartextPassword` (55.7): the client responds with the password. */
const CLEAR_TEXT = 3;

interface Watching {
  refuse(refused: ServerError | NetworkError): void;
  /** The requested authentication method, by its number. */
  authentication(request: number): void;
}

/**
 * Filters the data that `pg` reads: only valid PostgreSQL protocol reaches its parser, and only a limited amount, because
 * the parser buffers incomplete messages. Parser errors are caught here.
 */
function guard(socket: Socket, { refuse, authentication }: Watching): void {
  const on = socket.on.bind(socket);
  let first = true;
  let size = 0;
  const areMessages = framing(authentication);
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
function framing(authentication: Watching['authentication']): (chunk: Buffer) => boolean {
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

/** Errors that only the message distinguishes: PostgreSQL's function is the same for all. */
const REASONS = {
  'no login': /is not permitted to log in$/,
  rejected: /^pg_hba\.conf rejects /,
  certificate: /certifi|zertifi/i,
};

const reasonIn = (text: string): string | undefined =>
  Object.entries(REASONS).find(([, pattern]) => pattern.test(text))?.[0];

interface Asked {
  /** In the startup message. */
  readonly settings?: readonly string[];
  /** Used by the statement. */
  readonly objects?: readonly CatalogObject[];
  /** Whether the server has asked for authentication. */
  readonly asked?: boolean;
}

/** Translates an error from `pg` by its code; `undefined` for any other error. */
function refusalOf(
  error: unknown,
  url: Pick<DatabaseUrl, 'user' | 'database'>,
  { settings = [], objects = [], asked = true }: Asked = {},
): ServerError | NetworkError | undefined {
  if (error instanceof ServerError || error instanceof NetworkError) return error;
  const { code, routine, message } = error as { code?: unknown; routine?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    const raisedBy = typeof routine === 'string' ? /^\w{1,64}$/.exec(routine)?.[0] : undefined;
    const pooler = poolerError({ code, routine: raisedBy, text, asked }, url);
    if (pooler !== undefined) return new ServerError(pooler);
    return new ServerError({
      kind: 'sql',
      code,
      reason: reasonIn(text) ?? raisedBy,
      setting: settings.find((name) => mentions(text, name)),
      object: objects.find(({ name }) => mentions(text, name)),
    });
  }
  if (text.startsWith('SASL')) return new ServerError({ kind: 'method', method: 'SASL' });
  // The error that `pg` throws when the connection closes unexpectedly.
  const isBare = Object.getPrototypeOf(error) === Error.prototype && code === undefined;
  return toNetworkError(error) ?? (isBare ? new NetworkError('closed') : undefined);
}
