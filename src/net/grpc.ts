/** One unary gRPC call with an empty message, to identify the server (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { Run } from '../engine/check.ts';
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
export const GRPC = { ok: 0, invalidArgument: 3, permissionDenied: 7, unimplemented: 12, unauthenticated: 16 } as const;

export type GrpcAnswer =
  | { readonly speaks: 'grpc'; readonly status: number }
  /** HTTP/2, with an HTTP status but without a gRPC status. */
  | { readonly speaks: 'http2'; readonly status: number }
  /** Bytes that are not HTTP/2. */
  | { readonly speaks: 'other' };

/** The most pings before a response; no server sends more. */
const MOST_PINGS = 100;

/** Not compressed, with length zero. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * @param socket an open connection, TLS or plain; destroyed at the end
 * @throws NetworkError of kind `closed` if the connection closes before a response, `flood` if the response has no end, or `timeout`
 */
export async function callEmpty(
  run: Pick<Run, 'withTimeout'>,
  socket: Socket,
  { authority, secure, path, metadata }: GrpcCall,
  ms: number,
): Promise<GrpcAnswer> {
  const session = http2.connect(`${secure ? 'https' : 'http'}://${authority}`, { createConnection: () => socket });
  try {
    return await run.withTimeout(
      ms,
      () =>
        new Promise<GrpcAnswer>((resolve, reject) => {
          reportStages(socket);
          const failed = (error: unknown) => {
            const { code } = (error ?? {}) as { code?: unknown };
            if (code === 'ERR_HTTP2_ERROR') resolve({ speaks: 'other' });
            else reject(toNetworkError(error) ?? new NetworkError('closed'));
          };
          let status: number | undefined;
          let grpc: number | undefined;
          const read = (headers: http2.IncomingHttpHeaders) => {
            const said = /^\d{1,3}$/.exec(String(headers['grpc-status'] ?? ''))?.[0];
            grpc ??= said === undefined ? undefined : Number(said);
          };
          session.on('error', failed);
          const stream = session.request({
            ...metadata,
            ':method': 'POST',
            ':path': path,
            'content-type': 'application/grpc',
            te: 'trailers',
          });
          stream.on('error', failed);
          stream.on('response', (headers) => {
            status = headers[':status'];
            read(headers);
          });
          stream.on('trailers', read);
          stream.on('close', () => {
            if (grpc !== undefined) resolve({ speaks: 'grpc', status: grpc });
            else if (status !== undefined) resolve({ speaks: 'http2', status });
            else failed(socket.errored);
          });
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
  } finally {
    session.on('error', () => {}).destroy();
    socket.destroy();
  }
}
