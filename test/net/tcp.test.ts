import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { exchange, openTcp } from '../../src/net/tcp.ts';
import {
  type Fault,
  refusedPort,
  startBanner,
  startBlackhole,
  startCloser,
  startProxy,
  startSilent,
} from '../services/tcp.ts';
import { problemOf, runOf } from './run.ts';

async function fault<T extends Fault>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.close());
  return server;
}

const run = runOf();

describe('a connection', () => {
  test('opens by address and by name, with brackets or without', async () => {
    const { port, host } = await fault(startSilent());
    for (const name of [host, `[${host}]`, 'localhost']) {
      const socket = await openTcp(run, { host: name, port }, 1000);
      expect(socket.remotePort).toBe(port);
      socket.destroy();
    }
  });

  test('that is refused says so, for each address of a name', async () => {
    const { port } = await fault(refusedPort());
    expect(await problemOf(openTcp(run, { host: '127.0.0.1', port }, 1000))).toMatchObject({ kind: 'refused' });
    expect(await problemOf(openTcp(run, { host: 'localhost', port }, 1000))).toMatchObject({ kind: 'refused' });
  });

  test('to a name that does not exist', async () => {
    const missing = openTcp(run, { host: 'nowhere.invalid', port: 1 }, 5000);
    expect(await problemOf(missing)).toMatchObject({ kind: 'dns' });
  });

  test('to a name that no DNS server responded for is no matter of packets that vanish', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as never);
    onTestFinished(() => void vi.restoreAllMocks());
    const hanging = openTcp(run, { host: 'spacelift.internal', port: 1984 }, 50);
    expect(await problemOf(hanging)).toEqual({ kind: 'dns', code: 'EAI_AGAIN', tls: undefined });
  });

  test('into a black hole ends at the deadline', async () => {
    const { host, port } = await fault(startBlackhole());
    const end = new AbortController();
    const later = openTcp(runOf([], end.signal), { host, port }, 60_000);
    const first = await Promise.race([problemOf(openTcp(run, { host, port }, 50)), later.catch(() => 'the later one')]);
    expect(first).toMatchObject({ kind: 'timeout' });
    end.abort();
    await expect(later).rejects.toThrow();
  });

  test('ends with the run', async () => {
    const { host, port } = await fault(startBlackhole());
    const end = new AbortController();
    const opening = openTcp(runOf([], end.signal), { host, port }, 5000);
    end.abort(new Error('the end'));
    await expect(opening).rejects.toThrow('the end');
  });
});

describe('an exchange', () => {
  const enough = (bytes: Buffer) => bytes.includes('\n');
  async function talk(starting: Promise<Fault>, ms = 2000) {
    const server = await fault(starting);
    const socket = await openTcp(run, server, 1000);
    onTestFinished(() => void socket.destroy());
    const { bytes, problem } = await exchange(run, socket, Buffer.from('hello\n'), enough, ms);
    return { said: bytes.toString(), problem: problem?.kind };
  }

  test('gives what was said, as soon as it is enough', async () => {
    expect(await talk(startBanner('SSH-2.0-x\r\n'))).toEqual({ said: 'SSH-2.0-x\r\n', problem: undefined });
  });

  test('puts together what arrives in pieces', async () => {
    const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    onTestFinished(() => void echo.close());
    const { port } = echo.address() as { port: number };
    const slow = startProxy({ target: { host: '127.0.0.1', port }, throttleBytesPerSecond: 60 });
    expect(await talk(slow)).toEqual({ said: 'hello\n', problem: undefined });
  });

  test('gives what there was when it ends early', async () => {
    expect(await talk(startCloser())).toEqual({ said: '', problem: 'closed' });
    expect(await talk(startSilent(), 100)).toEqual({ said: '', problem: 'timeout' });
    expect(await talk(startBanner('partial'), 100)).toEqual({ said: 'partial', problem: 'timeout' });
    const reset = startProxy({ target: await fault(startSilent()), resetAfterBytes: 3 });
    expect(await talk(reset)).toEqual({ said: '', problem: 'closed' });
  });

  test('of a socket that has ended already', async () => {
    const socket = await openTcp(run, await fault(startSilent()), 1000);
    socket.destroy();
    await once(socket, 'close');
    const { problem } = await exchange(run, socket, Buffer.from('x'), enough, 1000);
    expect(problem?.kind).toBe('closed');
  });

  test('rejects when the run ends', async () => {
    const socket = await openTcp(run, await fault(startSilent()), 1000);
    onTestFinished(() => void socket.destroy());
    const end = new AbortController();
    const talking = exchange(runOf([], end.signal), socket, Buffer.from('x'), enough, 5000);
    end.abort(new Error('the end'));
    await expect(talking).rejects.toThrow('the end');
  });
});
