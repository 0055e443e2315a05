/** An OpenTelemetry collector's doors: OTLP over gRPC as `@grpc/grpc-js` serves it, and OTLP over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Certificate } from './tls.ts';

export interface OtlpOptions {
  /** Where it listens; 127.0.0.1 on a free port unless told. */
  at?: string;
  /** Speaks TLS with this certificate. */
  certificate?: Certificate & { chainPem: string };
  /** The value of `authorization` that it asks for. */
  authorization?: string;
  /** What it answers; `OK` unless told. */
  answer?: status;
  /** The service that it has; that of traces unless told. */
  service?: string;
}

export interface OtlpServer {
  host: string;
  port: number;
  /** Lengths of the export requests so far; one without spans has none. */
  requests: number[];
  close(): Promise<void>;
}

const TRACES = 'opentelemetry.proto.collector.trace.v1.TraceService';

/** A collector that takes OTLP over gRPC. */
export async function startOtlp({
  at = '127.0.0.1:0',
  certificate,
  authorization,
  answer = status.OK,
  service = TRACES,
}: OtlpOptions = {}): Promise<OtlpServer> {
  const server = new Server();
  const requests: number[] = [];
  const bytes = (value: Buffer) => value;
  server.addService(
    {
      Export: {
        path: `/${service}/Export`,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
        const [given] = call.metadata.get('authorization');
        const refused = authorization !== undefined && given !== authorization;
        const code = refused ? status.UNAUTHENTICATED : answer;
        requests.push(call.request.length);
        if (code === status.OK) reply(null, Buffer.alloc(0));
        else reply({ code, details: 'refused', metadata: new Metadata() });
      },
    },
  );
  const credentials =
    certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(certificate.keyPem), cert_chain: Buffer.from(certificate.chainPem) },
        ]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(at, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return { host: '127.0.0.1', port, requests, close: async () => server.forceShutdown() };
}

/** A collector that takes OTLP over HTTP only. */
export async function startOtlpHttp(): Promise<OtlpServer> {
  const requests: number[] = [];
  const server = createServer(async (request, response) => {
    let length = 0;
    for await (const chunk of request) length += (chunk as Buffer).length;
    const known = request.method === 'POST' && request.url === '/v1/traces';
    if (known) requests.push(length);
    response.writeHead(known ? 200 : 404, { 'content-type': known ? 'application/x-protobuf' : 'text/plain' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
