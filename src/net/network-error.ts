/** Network errors as values with a kind; src/net/messages.ts turns them into texts. */
import type { Stage } from '../engine/timeouts.ts';
import { lookup } from '../util/lookup.ts';
import type { PeerCertificate } from './certificate.ts';

export const NETWORK_KINDS = [
  'dns',
  'refused',
  'timeout',
  'unreachable',
  'closed',
  'tls',
  /** The client used TLS, but the server does not. */
  'not-tls',
  /** The client used plain HTTP, but the server requires TLS. */
  'wants-tls',
  /** The server does not speak HTTP. */
  'not-http',
  /** The response does not end. */
  'flood',
] as const;
export type NetworkKind = (typeof NETWORK_KINDS)[number];

/** Why TLS failed: Node's and OpenSSL's error codes, grouped by their fix. */
export type TlsReason =
  | 'untrusted'
  | 'name'
  | 'expired'
  | 'not-yet-valid'
  | 'protocol'
  | 'client-certificate'
  | 'changed'
  | 'other';

/** An error on the connection to a server. */
export class NetworkError extends Error {
  readonly kind: NetworkKind;
  /** For `tls`: the reason. */
  readonly tls: TlsReason | undefined;
  /** The library's own code (`ECONNREFUSED`), never its message. */
  readonly code: string | undefined;
  /** For `tls`: the server's certificate chain, its own certificate first; empty if it is not known. */
  readonly chain: readonly PeerCertificate[];
  /** For `timeout`: how long the server was waited for, ms, if it accepted the connection. */
  readonly silentMs: number | undefined;
  /** For `dns`: all DNS servers of this machine, if none of them responds. */
  readonly dnsServers: readonly string[] | undefined;
  /** Whether the server had started a response by then. */
  readonly responding: boolean;
  constructor(
    kind: NetworkKind,
    more: {
      tls?: TlsReason;
      code?: string;
      chain?: readonly PeerCertificate[];
      silentMs?: number;
      responding?: boolean;
      dnsServers?: readonly string[];
    } = {},
  ) {
    super(more.tls === undefined ? kind : `${kind}: ${more.tls}`);
    this.name = 'NetworkError';
    this.kind = kind;
    this.tls = more.tls;
    this.code = more.code;
    this.chain = more.chain ?? [];
    this.dnsServers = more.dnsServers;
    this.silentMs = more.silentMs;
    this.responding = more.responding ?? false;
  }
}

const BEFORE_CONNECTION: readonly NetworkKind[] = ['dns', 'refused', 'unreachable'];

/** Whether the server accepted the connection before the error. */
export const isConnected = ({ kind, silentMs }: NetworkError): boolean =>
  kind === 'timeout' ? silentMs !== undefined : !BEFORE_CONNECTION.includes(kind);

/**
 * A provider's own fix for an error; none if the server hangs or breaks off its response, or this machine has no DNS server:
 * no provider can help.
 */
export const providerFix = <T>(
  { kind, silentMs, dnsServers, responding }: NetworkError,
  fixes: Partial<Record<NetworkKind, T>>,
) => (silentMs === undefined && dnsServers === undefined && !responding ? fixes[kind] : undefined);

/**
 * The error of an operation that exceeded its deadline: no DNS server, no route, and a server that hangs are told apart.
 * @param ms the deadline
 */
export function timedOut(ms: number, stage: Stage | undefined): NetworkError {
  if (stage === 'resolving') return new NetworkError('dns', { code: 'EAI_AGAIN' });
  const connected = stage === 'connected' || stage === 'responding';
  return new NetworkError('timeout', connected ? { silentMs: ms, responding: stage === 'responding' } : {});
}

const KIND_OF_CODE: Record<string, NetworkKind> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_NONAME: 'dns',
  EAI_NODATA: 'dns',
  EAI_FAIL: 'dns',
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  ECONNABORTED: 'closed',
  UND_ERR_SOCKET: 'closed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
  ERR_SSL_HTTP_REQUEST: 'not-tls',
};

const TLS_OF_CODE: Record<string, TlsReason> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',
  CERT_UNTRUSTED: 'untrusted',
  INVALID_CA: 'untrusted',
  CERT_SIGNATURE_FAILURE: 'untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name',
  HOSTNAME_MISMATCH: 'name',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'protocol',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'protocol',
  // The same alerts, as named by OpenSSL up to 3.1 and by later versions.
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'protocol',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'protocol',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'client-certificate',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'client-certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'client-certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'client-certificate',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'name',
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 'changed',
  ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC: 'changed',
  'ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC': 'changed',
};

/** The code of an error or of its cause (including the `AggregateError` of a dual-stack connect). */
export function codeOf(error: unknown, depth = 0): string | undefined {
  if (depth > 5 || typeof error !== 'object' || error === null) return undefined;
  const { code: own, errors, cause, message } = error as Record<'code' | 'errors' | 'cause' | 'message', unknown>;
  const code = own === 'EPROTO' ? openSslCode(message) : own;
  if (
    typeof code === 'string' &&
    (Object.hasOwn(KIND_OF_CODE, code) || Object.hasOwn(TLS_OF_CODE, code) || code.startsWith('ERR_SSL'))
  ) {
    return code;
  }
  const nested = Array.isArray(errors) ? errors : [];
  for (const inner of [...nested.slice(0, 8), cause]) {
    const found = codeOf(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return typeof code === 'string' ? code : undefined;
}

/** If a TLS write fails, Node's code is only the system's; OpenSSL's reason is in the message. */
function openSslCode(message: unknown): string {
  const reason = typeof message === 'string' ? /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] : undefined;
  return reason === undefined ? 'EPROTO' : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** Converts a library's error to a network error; `undefined` if it is not one. */
export function toNetworkError(error: unknown): NetworkError | undefined {
  if (error instanceof NetworkError) return error;
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const kind = lookup(KIND_OF_CODE, code);
  if (kind !== undefined) return new NetworkError(kind, { code });
  const tls = lookup(TLS_OF_CODE, code);
  if (tls !== undefined) return new NetworkError('tls', { tls, code });
  return code.startsWith('ERR_SSL') ? new NetworkError('tls', { tls: 'other', code }) : undefined;
}

/** Like `networkErrorOr`, for a response that breaks off. */
export function brokenOffOr(error: unknown): unknown {
  const problem = networkErrorOr(error);
  if (!(problem instanceof NetworkError) || problem.kind !== 'closed') return problem;
  return new NetworkError('closed', { responding: true, ...(problem.code !== undefined && { code: problem.code }) });
}

/** Converts an error of `node:http` to a network error; returns other errors unchanged. */
export function networkErrorOr(error: unknown): unknown {
  const problem = toNetworkError(error);
  if (problem !== undefined) return problem;
  const { code, rawPacket } = (error ?? {}) as { code?: unknown; rawPacket?: unknown };
  if (typeof code !== 'string') return error;
  if (!code.startsWith('HPE_')) return error;
  // A TLS alert: record type 21, version 3.x (RFC 8446, section 5.1).
  const alert = rawPacket instanceof Uint8Array && rawPacket[0] === 21 && rawPacket[1] === 3;
  return new NetworkError(alert ? 'wants-tls' : 'not-http', { code });
}
