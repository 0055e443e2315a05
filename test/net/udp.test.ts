import { expect, onTestFinished, test } from 'vitest';
import { sendUdp } from '../../src/net/udp.ts';
import { refusedPort } from '../services/tcp.ts';
import { startXrayDaemon } from '../services/telemetry.ts';
import { problemOf, runOf } from './run.ts';

const bytes = Buffer.from('hello');

test.each(['127.0.0.1', '::1'])('a datagram to %s arrives, and nothing refuses it', async (host) => {
  const { port, datagrams, close } = await startXrayDaemon({ host });
  onTestFinished(close);
  await sendUdp(runOf(), { host: host.includes(':') ? `[${host}]` : host, port }, bytes);
  expect(datagrams).toEqual(['hello', 'hello']);
});
test('a port without a listener refuses', async () => {
  const { port } = await refusedPort();
  expect(await problemOf(sendUdp(runOf(), { host: '127.0.0.1', port }, bytes))).toMatchObject({ kind: 'refused' });
  expect(await problemOf(sendUdp(runOf(), { host: '::1', port }, Buffer.alloc(0)))).toMatchObject({ kind: 'refused' });
});
test('a name that does not resolve', async () => {
  const sent = sendUdp(runOf(), { host: 'does-not-exist.invalid', port: 2000 }, bytes);
  expect(await problemOf(sent)).toMatchObject({ kind: 'dns' });
});
