/** A lookup that hangs or gives up: whether one name is to blame, or there is no DNS server at all. */

import { createSocket, type Socket } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resolve } from '../../src/net/dns.ts';
import { runOf } from './run.ts';

const sockets: Socket[] = [];
const before = dns.getServers();
beforeEach(() => {
  // The resolver of this machine must not answer for the test.
  vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as unknown as typeof dns.lookup);
});
afterEach(() => {
  vi.restoreAllMocks();
  dns.setServers(before);
  for (const socket of sockets.splice(0)) socket.close();
});

/** A DNS server that answers only these names, and all of them with SERVFAIL. */
async function server(...names: readonly string[]): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (question, from) => {
    const labels = names.map((name) => name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`));
    if (!labels.some((label) => question.includes(label.join('')))) return;
    const answer = Buffer.from(question);
    answer[2] = 0x81;
    answer[3] = 0x82;
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

const problem = (host: string) => resolve(runOf(), host).catch((error: unknown) => error);

test('no server responds: the error names them all, long before the resolver gives up', async () => {
  const servers = [await server(), await server()];
  dns.setServers(servers);
  expect(await problem('db.corp.test')).toMatchObject({ kind: 'dns', code: 'EAI_AGAIN', dnsServers: servers });
});

test('one of two servers responds: the resolver is waited for', async () => {
  dns.setServers([await server(), await server('localhost')]);
  expect(await problem('db.corp.test')).toMatchObject({ kind: 'dns', code: 'EAI_AGAIN', dnsServers: undefined });
});

test('the servers of one name are down: the DNS server responds to other questions', async () => {
  const servers = [await server('localhost', '1.0.0.127.in-addr.arpa')];
  dns.setServers(servers);
  vi.mocked(dns.lookup).mockImplementation(((_host: string, _options: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error(), { code: 'EAI_AGAIN' }))) as unknown as typeof dns.lookup);
  expect(await problem('db.corp.test')).toMatchObject({ kind: 'dns', code: 'EAI_AGAIN', dnsServers: undefined });
});

test('a resolver that gives up at once, without a server', async () => {
  const servers = [await server()];
  dns.setServers(servers);
  vi.mocked(dns.lookup).mockImplementation(((_host: string, _options: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error(), { code: 'EAI_AGAIN' }))) as unknown as typeof dns.lookup);
  expect(await problem('db.corp.test')).toMatchObject({ dnsServers: servers });
});
