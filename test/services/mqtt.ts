/** An MQTT 3.1.1 broker over TCP or TLS. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AuthenticateError } from 'aedes';

export interface BrokerOptions {
  /** PEM. With `ca`, clients must show a certificate of that authority. */
  tls?: { key: string; cert: string; ca?: string };
  /** Whether these credentials may connect; everyone may unless told. A refusal is CONNACK 5, not authorised. */
  authenticate?: (username: string | undefined, password: string | undefined) => boolean;
}

export interface MqttBroker {
  host: string;
  port: number;
  /** `host:port`. */
  endpoint: string;
  /** What clients have published, oldest first. */
  published: { topic: string; payload: Buffer }[];
  /** How many clients are connected now. */
  clients(): number;
  close(): Promise<void>;
}

/** Starts a broker on a free port of 127.0.0.1. Clients need `protocolVersion: 4`: it does not speak MQTT 5. */
export async function startMqttBroker({ tls, authenticate }: BrokerOptions = {}): Promise<MqttBroker> {
  const published: MqttBroker['published'] = [];
  const broker = await Aedes.createBroker({
    authenticate: (_client, username, password, done) => {
      if (!authenticate || authenticate(username, password?.toString())) return done(null, true);
      const refusal: AuthenticateError = Object.assign(new Error('not authorised'), { returnCode: 5 });
      done(refusal, false);
    },
    // Noted before the acknowledgement: the broker's own event may come after what the publisher does next.
    authorizePublish: (_client, { topic, payload }, done) => {
      published.push({ topic, payload: Buffer.from(payload) });
      done();
    },
  });

  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    socket.on('error', () => {});
    broker.handle(socket);
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, accept)
    : createServer(accept);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    host: '127.0.0.1',
    port,
    endpoint: `127.0.0.1:${port}`,
    published,
    clients: () => broker.connectedClients,
    close: async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      if (server.listening) {
        server.close();
        await once(server, 'close');
      }
    },
  };
}
