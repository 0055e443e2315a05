/** The link that counts round trips, on a server whose round trips are known. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Link, startLink } from '../../bench/link.ts';
import { isUnderWayAfter } from '../support/under-way.ts';

const ROUND_TRIP_MS = 60;

let server: Server;
let link: Link;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  link = await startLink({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  link.roundTripMs = ROUND_TRIP_MS;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  link.reset();
});
afterAll(async () => {
  await link.close();
  server.close();
});

function open(): Socket {
  const socket = connect(link.port, link.host);
  sockets.push(socket);
  return socket;
}

async function ask(socket: Socket, question = 'ping'): Promise<string> {
  socket.write(question);
  const [answer] = await once(socket, 'data');
  return String(answer);
}

test('a connection is a round trip, and each question that waited for an answer another', async () => {
  const socket = open();
  const both = async () => {
    expect(await ask(socket, 'one')).toBe('one');
    expect(link.chain).toBe(2);
    expect(await ask(socket, 'two')).toBe('two');
    expect(link.chain).toBe(3);
  };
  expect(await isUnderWayAfter(2.5 * ROUND_TRIP_MS, both())).toBe(true);
});

test('what is sent at once is one round trip, on one connection and on several', { retry: 3 }, async () => {
  const [first, second] = [open(), open()];
  first.write('one');
  await Promise.all([ask(first, 'two'), ask(second)]);
  expect(link.chain).toBe(2);
});

test('a chain goes on from one connection to the next', async () => {
  await ask(open());
  await ask(open());
  expect(link.chain).toBe(4);
});

test('what nobody answers does not count', async () => {
  const socket = open();
  await ask(socket);
  socket.end('bye');
  expect(link.chain).toBe(2);
});
