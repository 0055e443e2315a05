/** TLS handshakes with a deadline, and the contents of a server's certificates. */
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Run } from '../engine/check.ts';
import { isIP } from '../util/ip.ts';
import { traceTls } from '../util/trace.ts';
import { secureContextFor } from './ca-store.ts';
import { chainOf, type PeerCertificate } from './certificate.ts';
import { codeOf, NetworkError, toNetworkError } from './network-error.ts';
import { reportStages } from './stages.ts';
import { type Address, openTcp, unbracketed } from './tcp.ts';

export interface TlsConnection {
  readonly socket: TLSSocket;
  /** "TLSv1.3". */
  readonly version: string;
  /** The negotiated protocol. */
  readonly alpn: string | undefined;
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly PeerCertificate[];
  /** Why verification rejects the chain; `undefined` if it is valid, or was not verified. */
  readonly distrust: NetworkError | undefined;
}

export interface TlsOptions {
  /** Verify the chain against the run's CAs and the host name; the connection stays open either way. */
  readonly verify: boolean;
  /** Protocols to offer: "h2". */
  readonly alpn?: readonly string[];
  /** An open connection to the server, such as a proxy tunnel; by default, a new one. */
  readonly through?: Socket;
}

/** For connections without verification: otherwise Node would read its own CAs. */
const NOBODY: readonly string[] = [];

/** Alerts for a missing client certificate, after the server has sent its own (RFC 8446, 6.2; RFC 5246, 7.2.2). */
const MISSES_CERTIFICATE = /ALERT_(HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_(REQUIRED|UNKNOWN)|ACCESS_DENIED)$/;

/**
 * Opens a connection, which the caller destroys. With TLS 1.3, a server reports a missing client certificate only after
 * this, in response to the first bytes.
 * @param ms for the TCP connection, and again for the handshake
 * @throws NetworkError of the kinds of `openTcp`, or `not-tls`, or `tls`
 */
export async function openTls(
  run: Pick<Run, 'withTimeout' | 'authorities'>,
  address: Address,
  { verify, alpn, through }: TlsOptions,
  ms: number,
): Promise<TlsConnection> {
  const tcp = through ?? (await openTcp(run, address, ms));
  const host = unbracketed(address.host);
  try {
    return await run.withTimeout(ms, () => {
      reportStages(tcp, host);
      const socket = connect({
        socket: tcp,
        host,
        rejectUnauthorized: false,
        ...(isIP(host) === 0 && { servername: host }),
        ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
        secureContext: secureContextFor(verify ? run.authorities() : NOBODY),
      });
      traceTls(socket);
      return new Promise<TlsConnection>((resolve, reject) => {
        socket.on('error', (error) => {
          reject(handshakeProblem(error, socket));
          // An alert after the handshake is only an event; this keeps it for `exchange`, as `socket.errored`.
          socket.destroy(error);
        });
        socket.once('secureConnect', () => resolve(facts(socket, verify)));
      });
    });
  } catch (error) {
    tcp.destroy();
    throw error;
  }
}

function handshakeProblem(error: unknown, socket: TLSSocket): unknown {
  const problem = toNetworkError(error);
  const shown = socket.getPeerX509Certificate() !== undefined;
  if (problem?.kind === 'tls' && shown && MISSES_CERTIFICATE.test(problem.code ?? '')) {
    return new NetworkError('tls', { tls: 'client-certificate', code: problem.code ?? '' });
  }
  return problem ?? error;
}

function facts(socket: TLSSocket, verify: boolean): TlsConnection {
  return {
    socket,
    version: socket.getProtocol() ?? '',
    alpn: socket.alpnProtocol || undefined,
    chain: chainOf(socket.getPeerX509Certificate()),
    distrust: verify ? distrustOf(socket) : undefined,
  };
}

/** Why an unverified connection would fail verification, with the chain that the server sent. */
export function distrustOf(socket: TLSSocket): NetworkError | undefined {
  if (socket.authorized) return undefined;
  // Node provides the code as a string, or as an error that contains it.
  const error: unknown = socket.authorizationError;
  const code = typeof error === 'string' ? error : codeOf(error);
  const { tls } = toNetworkError({ code }) ?? {};
  const chain = chainOf(socket.getPeerX509Certificate());
  return new NetworkError('tls', { tls: tls ?? 'untrusted', chain, ...(code !== undefined && { code }) });
}
