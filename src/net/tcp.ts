/** TCP connections with a deadline; errors are `NetworkError`s. */
import { connect, type Socket } from 'node:net';
import type { Run } from '../engine/check.ts';
import { patience } from '../util/starvation.ts';
import { timelyLookup } from './dns.ts';
import { NetworkError, type NetworkKind, toNetworkError } from './network-error.ts';
import { reportStages } from './stages.ts';

export interface Address {
  /** A name or an address; an IPv6 address may be in brackets. */
  readonly host: string;
  readonly port: number;
}

/** For each address of a name in turn, ms. Node's default of 250 ms is too short for distant servers. */
const ATTEMPT_MS = 1500;

/** If the addresses of one name fail differently, these errors say most about the server. */
const TELLING: readonly NetworkKind[] = ['refused', 'timeout'];

/** The address without the brackets that a URL needs. */
export const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The host and port of a URL. */
export const addressOf = ({ hostname, port, protocol }: URL): Address => ({
  host: unbracketed(hostname),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
});

/**
 * Opens a connection, which the caller destroys.
 * @param ms for the name's resolution and all of its addresses together
 * @throws NetworkError of kind `dns`, `refused`, `unreachable`, `timeout` or `closed`
 */
export async function openTcp(run: Pick<Run, 'withTimeout'>, { host, port }: Address, ms: number): Promise<Socket> {
  const name = unbracketed(host);
  return run.withTimeout(ms, (signal) => {
    const socket = connect({
      host: name,
      port,
      signal,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_MS * patience(),
      lookup: timelyLookup,
    });
    reportStages(socket, name);
    return new Promise<Socket>((resolve, reject) => {
      // The listener stays: a later error must not be unhandled; `exchange` reads it from the socket.
      socket.on('error', (error) => reject(problemOf(error)));
      socket.once('connect', () => resolve(socket));
    });
  });
}

function problemOf(error: unknown): unknown {
  const each: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const problems = each.map(toNetworkError).filter((problem) => problem !== undefined);
  return problems.find(({ kind }) => TELLING.includes(kind)) ?? problems[0] ?? error;
}

/** The bytes that a server sent, and the error that ended reading before there were enough. */
export interface Reply {
  readonly bytes: Buffer;
  /** Of kind `closed`, `timeout` or `tls`; `undefined` when `enough` was satisfied. */
  readonly problem: NetworkError | undefined;
}

/**
 * Writes, then reads until `enough` is satisfied, the server closes the connection, or `ms` have passed.
 * Rejects only when the run ends.
 */
export async function exchange(
  run: Pick<Run, 'withTimeout'>,
  socket: Socket,
  say: Uint8Array,
  enough: (bytes: Buffer) => boolean,
  ms: number,
): Promise<Reply> {
  let bytes: Buffer = Buffer.alloc(0);
  try {
    await run.withTimeout(
      ms,
      () =>
        new Promise<void>((resolve, reject) => {
          reportStages(socket);
          const failed = (error: unknown) => reject(toNetworkError(error) ?? new NetworkError('closed'));
          socket.on('data', (chunk: Buffer) => {
            bytes = Buffer.concat([bytes, chunk]);
            if (enough(bytes)) resolve();
          });
          socket.once('end', () => failed(socket.errored));
          socket.once('close', () => failed(socket.errored));
          socket.once('error', failed);
          if (socket.destroyed) failed(socket.errored);
          else socket.write(say);
        }),
    );
    return { bytes, problem: undefined };
  } catch (error) {
    if (error instanceof NetworkError) return { bytes, problem: error };
    throw error;
  }
}
