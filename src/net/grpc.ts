/** One unary gRPC call with an empty message, to identify the server (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { Run } from '../engine/check.ts';
import { stageReporter } from '../engine/timeouts.ts';
import { traceStart } from '../util/trace.ts';
import { MOST_BYTES } from './limits.ts';
import { NetworkError, toNetworkError } from './network-error.ts';
import { reportStages } from './stages.ts';

export interface GrpcCall {
  /** host:port, as the server sees it. */
  readonly authority: string;
  readonly secure: boolean;
  /** "/package.Service/Method". */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Status codes that matter here (google.golang.org/grpc/codes). */
export const GRPC = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type GrpcAnswer =
  /** `message` is percent-encoded (grpc-message), and not printable. */
  | { readonly speaks: 'grpc'; readonly status: number; readonly message: string }
  /** HTTP/2, with an HTTP status but without a gRPC status. */
  | { readonly speaks: 'http2'; readonly status: number; readonly headers: http2.IncomingHttpHeaders }
  /** Bytes that are not HTTP/2. */
  | { readonly speaks: 'other' };

/** Error codes of HTTP/2, by number (RFC 9113, section 7). */
const HTTP2_ERRORS = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED'],
  ...['FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM'],
  ...['INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];
type Frame = 'RST_STREAM' | 'GOAWAY';
/** The code of a `NetworkError`: the frame with which the server ended the call, and its reason. */
const refusal = (frame: Frame, code: number) => `${frame} ${HTTP2_ERRORS[code] ?? 'of unknown code'}`;

/** Whether the server ended the call with a frame of HTTP/2; then, `code` of the error names it. */
export const isHttp2Refusal = ({ kind, code = '' }: NetworkError): boolean =>
  kind === 'closed' && /^(RST_STREAM|GOAWAY) /.test(code);

/** The most pings before a response; no server sends more. */
const MOST_PINGS = 100;

/** Not compressed, with length zero. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * @param socket an open connection, TLS or plain; destroyed at the end
 * @throws NetworkError of kind `closed` if the server ends the call or the connection before a response (see `isHttp2Refusal`),
 *   `flood` if the response has no end, or `timeout`
 */
export async function callEmpty(
  run: Pick<Run, 'withTimeout'>,
  socket: Socket,
  { authority, secure, path, metadata }: GrpcCall,
  ms: number,
): Promise<GrpcAnswer> {
  const ended = traceStart('grpc', `${authority}${path}`);
  const session = http2.connect(`${secure ? 'https' : 'http'}://${authority}`, { createConnection: () => socket });
  try {
    const answer = await run.withTimeout(
      ms,
      () =>
        new Promise<GrpcAnswer>((resolve, reject) => {
          const report = stageReporter();
          reportStages(socket, undefined, report);
          let said: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
          let grpc: Extract<GrpcAnswer, { speaks: 'grpc' }> | undefined;
          let goaway: number | undefined;
          const read = (headers: http2.IncomingHttpHeaders) => {
            const status = /^\d{1,3}$/.exec(String(headers['grpc-status'] ?? ''))?.[0];
            if (status === undefined || grpc !== undefined) return;
            grpc = { speaks: 'grpc', status: Number(status), message: String(headers['grpc-message'] ?? '') };
          };
          const answer = (): boolean => {
            const { ':status': status } = said;
            if (grpc !== undefined) resolve(grpc);
            else if (status !== undefined) resolve({ speaks: 'http2', status, headers: said });
            return status !== undefined;
          };
          const failed = (error: unknown) => {
            if (grpc !== undefined) return resolve(grpc);
            const { code } = (error ?? {}) as { code?: unknown };
            if (code === 'ERR_HTTP2_ERROR') return resolve({ speaks: 'other' });
            reject(toNetworkError(error) ?? new NetworkError('closed', refused()));
          };
          session.on('error', failed);
          session.on('goaway', (code) => {
            goaway = code;
          });
          const stream = session.request({
            ...metadata,
            ':method': 'POST',
            ':path': path,
            'content-type': 'application/grpc',
            te: 'trailers',
          });
          const refused = (): { code?: string } => {
            if (goaway !== undefined) return { code: refusal('GOAWAY', goaway) };
            // Node sets CANCEL itself if the connection closes.
            const { rstCode = 0 } = stream;
            const isOwn = [http2.constants.NGHTTP2_NO_ERROR, http2.constants.NGHTTP2_CANCEL].includes(rstCode);
            return isOwn ? {} : { code: refusal('RST_STREAM', rstCode) };
          };
          stream.on('error', failed);
          stream.on('response', (headers) => {
            report('responding');
            said = headers;
            read(headers);
            // A page, for example: no gRPC status follows it.
            if (!/^application\/grpc\b/.test(String(headers['content-type'] ?? ''))) answer();
          });
          stream.on('trailers', read);
          stream.on('close', () => answer() || failed(socket.errored));
          session.on('close', () => failed(socket.errored));
          let [size, pings] = [0, 0];
          stream.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MOST_BYTES) reject(new NetworkError('flood'));
          });
          session.on('ping', () => {
            pings++;
            if (pings > MOST_PINGS) reject(new NetworkError('flood'));
          });
          stream.end(EMPTY_MESSAGE);
        }),
    );
    ended(answer.speaks === 'other' ? 'not HTTP/2' : `${answer.speaks} status ${answer.status}`);
    return answer;
  } catch (error) {
    ended(error instanceof NetworkError ? error.kind : 'error');
    throw error;
  } finally {
    session.on('error', () => {}).destroy();
    socket.destroy();
  }
}
