/** A Datadog agent's trace receiver and an AWS X-Ray daemon, as far as a preflight sees them. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';

export interface DatadogAgent {
  host: string;
  port: number;
  /** "GET /info", oldest first. */
  log: string[];
  close(): Promise<void>;
}

/** As agent 7 answers, shortened. */
const INFO = { version: '7.71.1', endpoints: ['/v0.4/traces', '/v0.5/traces'], config: { statsd_port: 8125 } };

/** @param socketPath listens there instead of on a port */
export async function startDatadogAgent({ socketPath }: { socketPath?: string } = {}): Promise<DatadogAgent> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    if (request.url === '/info') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(INFO));
    } else response.writeHead(404).end('404 page not found\n');
  });
  if (socketPath === undefined) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return {
    host: '127.0.0.1',
    port: typeof address === 'string' ? 0 : address.port,
    log,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface XrayDaemon {
  host: string;
  port: number;
  /** Datagrams so far. */
  datagrams: string[];
  close(): Promise<void>;
}

/** @param tcp whether it also listens for requests of sampling rules, on the same port */
export async function startXrayDaemon({ tcp = true, host = '127.0.0.1' } = {}): Promise<XrayDaemon> {
  const sampling = createTcpServer((socket) => socket.on('error', () => {}).resume());
  sampling.listen(0, host);
  await once(sampling, 'listening');
  const { port } = sampling.address() as AddressInfo;
  if (!tcp) {
    sampling.close();
    await once(sampling, 'close');
  }
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const datagrams: string[] = [];
  socket.on('message', (message) => datagrams.push(message.toString()));
  socket.bind(port, host);
  await once(socket, 'listening');
  return {
    host,
    port,
    datagrams,
    close: async () => {
      socket.close();
      if (tcp) sampling.close();
    },
  };
}
