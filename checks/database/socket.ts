/** A connection to a database server up to the start of the login: TCP or a Unix socket, and TLS as the URL specifies. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  type ConnectionOptions,
  checkServerIdentity,
  type PeerCertificate,
  type SecureContext,
  connect as startTls,
} from 'node:tls';
import { makeSecureContext, secureContextFor } from '../../src/net/ca-store.ts';
import { NetworkError, toNetworkError } from '../../src/net/network-error.ts';
import { type Protocol, protocolOf, SSL_REQUEST } from '../../src/net/protocols.ts';
import { reportStages } from '../../src/net/stages.ts';
import { distrustOf } from '../../src/net/tls.ts';
import { isIP } from '../../src/util/ip.ts';
import { traceTls } from '../../src/util/trace.ts';
import { ServerError } from './server-error.ts';
import { type Host, isSocket } from './url.ts';

export interface Endpoint {
  /** As in the URL. */
  readonly host: string;
  readonly port: number;
  /** What `host` resolved to, or the path of a Unix socket. */
  readonly address: string;
}

/** The path of a host's Unix socket. */
export const socketPath = ({ host, port }: Host): string => join(host, `.s.PGSQL.${port}`);

/** "db.internal:5432", or the path of a socket. */
export const placeOf = (endpoint: Host): string =>
  isSocket(endpoint) ? socketPath(endpoint) : `${endpoint.host}:${endpoint.port}`;

export interface TlsPlan {
  /** `ca`: the chain; `full`: the chain and the name. */
  readonly verify: 'nothing' | 'ca' | 'full';
  readonly authorities: readonly string[];
  readonly sni: boolean;
  readonly direct: boolean;
  readonly client: Pick<ConnectionOptions, 'cert' | 'key' | 'passphrase'>;
}

export interface Connected {
  readonly socket: Socket;
  /** "TLS 1.3", or `undefined` without. */
  readonly tls: string | undefined;
}

/** The server does not support TLS. */
export class NoTlsError extends NetworkError {
  /** Still usable if the client does not need TLS. */
  readonly socket: Socket;
  constructor(socket: Socket) {
    super('not-tls');
    this.socket = socket;
  }
}

/** @throws NoTlsError, whose socket is the caller's to destroy; NetworkError, ServerError of kind `not-postgres`, or the reason of `signal` */
export async function openSocket(
  endpoint: Endpoint,
  plan: TlsPlan | undefined,
  signal: AbortSignal,
): Promise<Connected> {
  const { address, port } = endpoint;
  const socket = address.startsWith('/') ? connect({ path: address }) : connect({ host: address, port });
  reportStages(socket);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  // Errors that arrive when nothing awaits them any more must not end the process.
  socket.on('error', () => {}).setNoDelay(true);
  try {
    await reached(socket, 'connect', signal);
    if (plan === undefined) return { socket, tls: undefined };
    if (!plan.direct) await askForTls(socket, signal);
    const secure = startTls({ socket, ...tlsOptions(endpoint.host, plan), secureContext: contextOf(plan) });
    secure.on('error', () => {});
    traceTls(secure);
    await reached(secure, 'secureConnect', signal);
    // Verified here, not by Node: its error does not contain the server's certificate.
    const distrust = plan.verify === 'nothing' ? undefined : distrustOf(secure);
    if (distrust !== undefined) throw distrust;
    return { socket: secure, tls: secure.getProtocol()?.replace('TLSv', 'TLS ') };
  } catch (error) {
    if (!(error instanceof NoTlsError)) socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Waits for an event of a socket that may fail or close first. */
async function reached(socket: Socket, event: string, signal: AbortSignal): Promise<unknown> {
  const stop = new AbortController();
  const end = AbortSignal.any([signal, stop.signal]);
  try {
    return await Promise.race([
      once(socket, event, { signal: end }).then(([value]) => value as unknown),
      once(socket, 'close', { signal: end }).then(() => Promise.reject(new NetworkError('closed'))),
    ]);
  } catch (error) {
    signal.throwIfAborted();
    throw toNetworkError(error) ?? new NetworkError('closed');
  } finally {
    stop.abort();
  }
}

async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST);
  const answer = (await reached(socket, 'data', signal)) as Buffer;
  const [first] = answer.toString('latin1', 0, 1);
  if (answer.length === 1 && first === 'S') return;
  if (answer.length === 1 && first === 'N') throw new NoTlsError(socket);
  // An error message instead of a single letter: the server is too old for TLS, or has no free connection.
  if (isMessage(answer, 'E')) throw new NetworkError('not-tls');
  throw new ServerError({ kind: 'not-postgres', speaks: languageOf(answer) });
}

/** Whether a chunk starts with a plausible message of one of these types. */
export function isMessage(chunk: Buffer, types: string): boolean {
  const type = chunk.toString('latin1', 0, 1);
  if (chunk.length < 6 || !types.includes(type)) return false;
  const length = chunk.readInt32BE(1);
  const begins = type === 'E' || type === 'N' ? /^[A-Za-z]/ : /^/;
  return length >= 8 && length <= 30_000 && begins.test(chunk.toString('latin1', 5, 6));
}

/** The protocol on a wrong port, if it is a common one. */
export function languageOf(chunk: Buffer): Protocol | undefined {
  const protocol = protocolOf(chunk);
  return protocol === 'unknown' || protocol === 'incomplete' ? undefined : protocol;
}

/** Certificate authorities (CAs), and the client certificate if there is one. @throws ServerError of kind `client-certificate` */
export function contextOf({ client, authorities }: TlsPlan): SecureContext {
  try {
    return Object.keys(client).length === 0 ? secureContextFor(authorities) : makeSecureContext(authorities, client);
  } catch {
    throw new ServerError({ kind: 'client-certificate' });
  }
}

function tlsOptions(host: string, plan: TlsPlan): ConnectionOptions {
  return {
    rejectUnauthorized: false,
    checkServerIdentity: plan.verify === 'full' ? (_, certificate) => judgeName(host, certificate) : () => undefined,
    ...(plan.sni && isIP(host) === 0 && { servername: host }),
    ...(plan.direct && { ALPNProtocols: ['postgresql'] }),
  };
}

/** Like Go and unlike Node, ignores the name in the subject: a certificate without alternative names matches no host. */
function judgeName(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined)
    return new NetworkError('tls', { tls: 'name', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  return checkServerIdentity(host, certificate);
}
