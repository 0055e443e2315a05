import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { connectAsync, type IClientOptions } from 'mqtt';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startMqttBroker } from './mqtt.ts';
import {
  type Fault,
  refusedPort,
  startBanner,
  startBlackhole,
  startCloser,
  startHttp,
  startProxy,
  startSilent,
} from './tcp.ts';
import { type CertificateAuthority, makeCa, selfSigned } from './tls.ts';

let ca: CertificateAuthority;
let other: CertificateAuthority;
beforeAll(async () => {
  [ca, other] = await Promise.all([makeCa(), makeCa({ name: 'Another authority' })]);
});

async function fault<T extends Fault>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.close());
  return server;
}

describe('certificates', () => {
  async function handshake(certificate: { certPem: string; keyPem: string }, servername: string): Promise<string> {
    const server = createTlsServer({ cert: certificate.certPem, key: certificate.keyPem }, (socket) => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connectTls({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername,
      ca: ca.certPem,
    });
    try {
      await once(socket, 'secureConnect');
      return 'ok';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    } finally {
      socket.destroy();
      server.close();
    }
  }
  const past = (days: number) => new Date(Date.now() - days * 86_400_000);

  test('are accepted or refused for what they say', async () => {
    const names = ['db.internal', '*.wild.internal'];
    const good = await ca.issue({ names });
    expect(await handshake(good, 'db.internal')).toBe('ok');
    expect(await handshake(good, 'a.wild.internal')).toBe('ok');
    expect(await handshake(good, 'other.internal')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const expired = await ca.issue({ names, notBefore: past(20), notAfter: past(10) });
    expect(await handshake(expired, 'db.internal')).toBe('CERT_HAS_EXPIRED');
    const future = await ca.issue({ names, notBefore: past(-5) });
    expect(await handshake(future, 'db.internal')).toBe('CERT_NOT_YET_VALID');
    expect(await handshake(await other.issue({ names }), 'db.internal')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await handshake(await selfSigned({ names }), 'db.internal')).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

describe('MQTT broker', () => {
  const options: IClientOptions = { protocolVersion: 4, reconnectPeriod: 0 };

  test('relays what is published, and refuses who may not connect', async () => {
    const broker = await fault(startMqttBroker({ authenticate: (user, password) => user === 'u' && password === 'p' }));
    const url = `mqtt://${broker.endpoint}`;
    const client = await connectAsync(url, { ...options, username: 'u', password: 'p' });
    expect(broker.clients()).toBe(1);
    await client.subscribeAsync('a/+', { qos: 1 });
    const received = new Promise<string[]>((resolve) => {
      client.on('message', (topic, payload) => resolve([topic, String(payload)]));
    });
    await client.publishAsync('a/b', 'hello', { qos: 1 });
    expect(await received).toEqual(['a/b', 'hello']);
    expect(broker.published).toEqual([{ topic: 'a/b', payload: Buffer.from('hello') }]);
    await expect(connectAsync(url, { ...options, username: 'u', password: 'x' })).rejects.toMatchObject({ code: 5 });
    await client.endAsync();
    await expect.poll(() => broker.clients()).toBe(0);
  });

  test('speaks TLS, and closes while clients are connected', async () => {
    const { chainPem, keyPem } = await ca.issue({ names: ['localhost'] });
    const broker = await fault(startMqttBroker({ tls: { cert: chainPem, key: keyPem, ca: ca.certPem } }));
    const url = `mqtts://localhost:${broker.port}`;
    await expect(connectAsync(url, { ...options, ca: other.certPem })).rejects.toThrow(/certificate/);
    const mine = await ca.issue({ names: ['client'], clientAuth: true });
    const client = await connectAsync(url, { ...options, ca: ca.certPem, cert: mine.certPem, key: mine.keyPem });
    const closed = new Promise<void>((resolve) => client.on('close', resolve));
    await broker.close();
    await closed;
  });
});

describe('TCP faults', () => {
  /**
   * What a client has received, and how it ended: an error's code, `end`, or what holds when something is over.
   * @param until ms, for what does not come; or the text that comes, for as long as it takes
   */
  async function visit(
    { host, port }: { host: string; port: number },
    say = '',
    until: number | string = 300,
  ): Promise<string> {
    const socket = connect({ host, port, noDelay: true });
    let seen = '';
    const coming = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        seen += chunk;
        if (typeof until === 'string' && seen.startsWith(until)) resolve();
      });
    });
    if (say) socket.write(say);
    const ending = new Promise<string>((resolve) => {
      socket.on('end', () => resolve('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });
    const outcome = await Promise.race([ending, typeof until === 'number' ? sleep(until) : coming]);
    const state = outcome ?? (socket.connecting ? 'unanswered' : 'open');
    socket.destroy();
    return `${seen}|${state}`;
  }

  test('a refused port refuses', async () => {
    expect(await visit(await fault(refusedPort()), '', 'an end')).toBe('|ECONNREFUSED');
  });

  test('a silent server accepts and says nothing', async () => {
    const server = await fault(startSilent());
    expect(await visit(server, 'hello')).toBe('|open');
    expect(server.connections()).toBe(1);
  });

  test('a closer closes without a byte', async () => {
    expect(await visit(await fault(startCloser()), 'hello', 'an end')).toBe('|end');
  });

  test('a banner is said at once', async () => {
    expect(await visit(await fault(startBanner('SSH-2.0-x\r\n')), '', 'SSH-2.0-x\r\n')).toBe('SSH-2.0-x\r\n|open');
  });

  test('a black hole swallows the attempt, and goes', async () => {
    const server = await fault(startBlackhole());
    expect(await visit(server, 'hello', 700)).toBe('|unanswered');
    await server.close();
    expect(await visit(server, '', 'an end')).toBe('|ECONNREFUSED');
  });

  test('an HTTP server answers the same to all, and notes them', async () => {
    const server = await fault(startHttp(503, 'busy', { 'x-from': 'test' }));
    const [response] = await once(get({ host: server.host, port: server.port, path: '/a?b' }), 'response');
    expect([response.statusCode, response.headers['x-from']]).toEqual([503, 'test']);
    expect(String(await once(response, 'data'))).toBe('busy');
    expect(server.log).toMatchObject([{ method: 'GET', url: '/a?b', body: '' }]);
  });

  describe('proxy', () => {
    async function echoProxy(faults = {}) {
      const echo = createServer({ noDelay: true }, (socket: Socket) => socket.on('error', () => {}).pipe(socket));
      echo.listen(0, '127.0.0.1');
      await once(echo, 'listening');
      onTestFinished(() => void echo.close());
      const target = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port };
      return fault(startProxy({ target, ...faults }));
    }

    test('forwards and counts', async () => {
      const proxy = await echoProxy();
      expect(await visit(proxy, 'hello', 'hello')).toBe('hello|open');
      expect([proxy.connections(), proxy.bytes]).toEqual([1, { up: 5, down: 5 }]);
    });

    test('delays each way, from the moment it is told', async () => {
      const proxy = await echoProxy();
      proxy.faults.delayMs = 200;
      expect(await visit(proxy, 'hello', 300)).toBe('|open');
      expect(await visit(proxy, 'hello', 'hello')).toBe('hello|open');
    });

    test('resets after so many bytes', async () => {
      expect(await visit(await echoProxy({ resetAfterBytes: 8 }), 'hello', 'an end')).toMatch(/^(hel)?\|ECONNRESET$/);
    });

    test('swallows, and forwards again', async () => {
      const proxy = await echoProxy({ swallow: true });
      expect(await visit(proxy, 'hello')).toBe('|open');
      proxy.faults.swallow = false;
      expect(await visit(proxy, 'hello', 'hello')).toBe('hello|open');
    });

    test('throttles', async () => {
      const proxy = await echoProxy({ throttleBytesPerSecond: 1000 });
      const [seen = ''] = (await visit(proxy, 'x'.repeat(20_000), 'x')).split('|');
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.length).toBeLessThan(20_000 / 2);
      // A piece at a time: the next one takes its time.
      const [all = ''] = (await visit(proxy, 'x'.repeat(150), 'x'.repeat(150))).split('|');
      expect(all).toBe('x'.repeat(150));
    });

    test('corrupts', async () => {
      const corrupt = (chunk: Buffer, way: string) =>
        way === 'down' ? Buffer.from(String(chunk).toUpperCase()) : chunk;
      expect(await visit(await echoProxy({ corrupt }), 'hello', 'HELLO')).toBe('HELLO|open');
    });

    test('passes the end on, and a target that is not there as a reset', async () => {
      const closer = await fault(startCloser());
      expect(await visit(await fault(startProxy({ target: closer })), '', 'an end')).toBe('|end');
      expect(await visit(await fault(startProxy({ target: await refusedPort() })), '', 'an end')).toMatch(
        /\|(ECONNRESET|end)$/,
      );
    });
  });
});
