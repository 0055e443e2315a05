/** Makes servers on the loopback interface reachable for Pods, at the node's address and the same ports. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ADDRESS } from './machine.ts';

const LOCAL = /\b(?:127\.0\.0\.1|localhost):(\d+)/g;

export interface Relay {
  /** The same variables, with addresses that Pods reach. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function relay(variables: Readonly<Record<string, string>>): Promise<Relay> {
  const ports = new Set(
    Object.values(variables).flatMap((value) => [...value.matchAll(LOCAL)].map(([, port]) => port)),
  );
  const sockets = new Set<Socket>();
  const servers = await Promise.all([...ports].map((port) => listenAt(Number(port), sockets)));
  return {
    variables: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, value.replaceAll(LOCAL, `${ADDRESS}:$1`)]),
    ),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function listenAt(port: number, sockets: Set<Socket>): Promise<Server> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one));
      one.pipe(other);
    }
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, ADDRESS, () => resolve(server)));
}
