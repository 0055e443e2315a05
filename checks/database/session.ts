/** A session with a PostgreSQL server: the `pg` client on an existing connection. */
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { reportStages } from '../../src/net/stages.ts';
import { tracePromise } from '../../src/util/trace.ts';
import { objectsIn } from './catalog-objects.ts';
import type { Scene } from './scene.ts';
import { ServerError } from './server-error.ts';
import { refusalOf } from './server-refusal.ts';
import { type Connected, type Endpoint, placeOf } from './socket.ts';
import type { DatabaseUrl } from './url.ts';

/** Per statement, in ms. */
const QUERY_MS = 20_000;
const CLOSE_MS = 1_000;

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
    /** Of the statement that waited longest: the others lose their results with the session. */
    let silence: NetworkError | undefined;
    const results = statements.map((sql) =>
      run
        .withTimeout(QUERY_MS, () => {
          reportStages(this.#socket);
          const asked = this.#client.query(sql);
          const at = `${placeOf(this.endpoint)} ${sql}`;
          return tracePromise('sql', at, asked, rowsIn, codeIn);
        })
        .then(({ rows }) => rows as Row[])
        .catch((error) => {
          if (silence !== undefined) throw silence;
          if (error instanceof NetworkError && error.kind === 'timeout') {
            silence = error;
            this.#socket.destroy();
          }
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

const rowsIn = ({ rowCount }: { rowCount?: number | null }): string =>
  `${rowCount ?? 0} ${rowCount === 1 ? 'row' : 'rows'}`;

/** SQLSTATE, or the error of the connection, for the log. */
export const codeIn = (error: unknown): string =>
  String((error as { code?: unknown } | undefined)?.code ?? 'no result');
