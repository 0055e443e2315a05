/** Spacelift's VCS gateway as the agents see it: a gRPC server as `@grpc/grpc-js` serves it, and what may be in its place. */
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Certificate } from './tls.ts';

export interface Gateway {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

type Issued = Certificate & { chainPem: string };

/** `HealthCheckResponse` with `SERVING` (grpc.health.v1). */
const SERVING = Buffer.from([8, 1]);

export interface GatewayOptions {
  /** Speaks TLS with this certificate. */
  readonly certificate?: Issued;
  /** What it answers; `OK` unless told. Without the health service, any gRPC server answers `UNIMPLEMENTED`. */
  readonly answer?: status;
}

export async function startVcsGateway({ certificate, answer = status.OK }: GatewayOptions = {}): Promise<Gateway> {
  const server = new Server();
  const bytes = (value: Buffer) => value;
  if (answer !== status.UNIMPLEMENTED) {
    server.addService(
      {
        Check: {
          path: '/grpc.health.v1.Health/Check',
          requestStream: false,
          responseStream: false,
          requestSerialize: bytes,
          requestDeserialize: bytes,
          responseSerialize: bytes,
          responseDeserialize: bytes,
        },
      },
      {
        Check: (_: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) =>
          answer === status.OK ? reply(null, SERVING) : reply({ code: answer, details: 'refused' }),
      },
    );
  }
  const credentials =
    certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(certificate.keyPem), cert_chain: Buffer.from(certificate.chainPem) },
        ]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return { host: '127.0.0.1', port, close: async () => server.forceShutdown() };
}

/** A load balancer, proxy or web server that speaks HTTP/2, and answers each request as it is told. */
export async function startHttp2(
  certificate: Issued | undefined,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<Gateway> {
  const server: Http2Server =
    certificate === undefined
      ? createServer()
      : createSecureServer({ cert: certificate.chainPem, key: certificate.keyPem });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('sessionError', () => {}).on('tlsClientError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A whole response without a gRPC status. */
export const page =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = '<html></html>') =>
  (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': code, 'content-type': 'text/html', ...headers });
    stream.end(body);
  };
