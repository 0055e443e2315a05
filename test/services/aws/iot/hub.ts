/** The message broker behind both doors, HTTPS and WebSocket: what comes in by one goes out by the other, and to the rules.
 * MQTT is spoken by aedes on a loopback TCP port, to which WebSockets are bridged. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { denial } from '../authorize.ts';
import type { AwsUser } from '../types.ts';

export interface Session {
  user: AwsUser;
  region: string;
}

export interface HubOptions {
  partition: string;
  account: string;
  /** Told of every accepted message. */
  onPublish: (message: { topic: string; payload: Buffer; clientId: string }, region: string) => void;
}

export interface Hub {
  /** Every accepted message, oldest first. */
  readonly published: { topic: string; payload: Buffer; clientId: string }[];
  /** How many MQTT clients are connected. */
  clients(): number;
  /** @throws {Error} when the broker refuses the topic. */
  publish(topic: string, payload: Buffer, region: string): Promise<void>;
  /** A connection to the broker in someone's name. */
  open(session: Session): Promise<Socket>;
  close(): Promise<void>;
}

export async function startHub({ partition, account, onPublish }: HubOptions): Promise<Hub> {
  const published: Hub['published'] = [];
  const sessions = new Map<number, Session>();
  const sockets = new Set<Socket>();

  const sessionOf = (client: Client | null) => sessions.get((client?.conn as Socket | undefined)?.remotePort ?? -1);
  const allowed = (client: Client | null, action: string, resource: string) => {
    const session = sessionOf(client);
    if (session === undefined) return false;
    const arn = `arn:${partition}:iot:${session.region}:${account}:${resource}`;
    return denial({ user: session.user, action: `iot:${action}`, resource: arn, account }) === undefined;
  };
  const accept = (topic: string, payload: Buffer, clientId: string, region: string) => {
    const message = { topic, payload, clientId };
    published.push(message);
    onPublish(message, region);
  };

  // IoT Core answers nothing to what a policy forbids: it closes the connection.
  const broker = await Aedes.createBroker({
    preConnect: (client, packet, done) => {
      const may = allowed(client, 'Connect', `client/${packet.clientId}`);
      done(null, may);
      if (!may) client.conn.destroy();
    },
    authorizeSubscribe: (client, subscription, done) => {
      if (allowed(client, 'Subscribe', `topicfilter/${subscription.topic}`)) done(null, subscription);
      else {
        done(null, null);
        client.close();
      }
    },
    authorizePublish: (client, { topic, payload }, done) => {
      if (client !== null && !allowed(client, 'Publish', `topic/${topic}`)) return done(new Error('not authorised'));
      if (client !== null) accept(topic, Buffer.from(payload), client.id, sessionOf(client)?.region ?? '');
      done();
    },
    authorizeForward: (client, packet) => (allowed(client, 'Receive', `topic/${packet.topic}`) ? packet : null),
  });

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    published,
    clients: () => broker.connectedClients,
    publish: (topic, payload, region) =>
      new Promise((resolve, reject) => {
        accept(topic, payload, '', region);
        const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as const;
        broker.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    async open(session) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      // Known before the broker reads the first packet: the local port exists once the socket is connected.
      await once(socket, 'connect');
      const own = socket.localPort ?? 0;
      sessions.set(own, session);
      socket.on('close', () => sessions.delete(own));
      return socket;
    },
    async close() {
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
