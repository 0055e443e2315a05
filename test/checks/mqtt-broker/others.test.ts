import { connect, createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { SSL_REQUEST } from '../../../src/net/protocols.ts';
import { startBanner, startHttp, startProxy } from '../../services/tcp.ts';
import { broker, certificate, ENDPOINT, listening, PHASES, PROTOCOL, REACHABLE, run, started } from './support.ts';

describe('something else answers: one failure, in either phase', () => {
  const others: Record<string, [says: string, start: () => Promise<string>]> = {
    'an HTTP server': ['is an HTTP server, not an MQTT broker', async () => (await started(startHttp(404, 'no'))).at],
    'an HTTP server that reads lines, as Go’s does': [
      'is an HTTP server, not an MQTT broker',
      () => listening(readingLines('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
    'a web page without a header': [
      'is an HTTP server, not an MQTT broker',
      () => listening(readingLines('<!DOCTYPE HTML>\n<html>')),
    ],
    'an HTTP server, in pieces': [
      'is an HTTP server, not an MQTT broker',
      async () => {
        const target = await started(startHttp(200, 'hello'));
        return (await started(startProxy({ target, throttleBytesPerSecond: 100 }))).at;
      },
    ],
    'an SSH server': [
      'is an SSH server, not an MQTT broker',
      async () => (await started(startBanner('SSH-2.0-OpenSSH_9.6\r\n'))).at,
    ],
    'a mail server': [
      'is an SMTP or FTP server, not an MQTT broker',
      async () => (await started(startBanner('220 mail ESMTP\r\n'))).at,
    ],
    'an AMQP broker': [
      'is an AMQP broker, not an MQTT broker',
      async () => (await started(startBanner('AMQP\0\0\x09\x01'))).at,
    ],
    Redis: ['is a Redis server, not an MQTT broker', () => listening(readingLines('-ERR unknown command\r\n'))],
    'Redis, which waits for the end of a CONNECT': [
      'is a Redis server, not an MQTT broker',
      () => listening(answering('GET /', "-ERR wrong number of arguments for 'get' command\r\n")),
    ],
    'Redis with a password, over TLS': [
      'is a Redis server, not an MQTT broker',
      async () => `tls://${await inTls(answering('GET /', '-NOAUTH Authentication required.\r\n'))}`,
    ],
    'an HTTP server that waits for a request': [
      'is an HTTP server, not an MQTT broker',
      () => listening(answering('GET / HTTP', 'HTTP/1.1 404 Not Found\r\n\r\n')),
    ],
    'PostgreSQL, which closes': [
      'is a PostgreSQL server, not an MQTT broker',
      () => listening(answering(SSL_REQUEST, 'N', true)),
    ],
    'PostgreSQL with TLS': [
      'is a PostgreSQL server, not an MQTT broker',
      () => listening(answering(SSL_REQUEST, 'S', true)),
    ],
    MySQL: [
      'is a MySQL server, not an MQTT broker',
      async () => (await started(startBanner(Buffer.from('N\0\0\0\n8.0.36\0\x08\0\0\0', 'latin1')))).at,
    ],
    'a server that answers HTTP with noise': [
      'is an unknown server, not an MQTT broker',
      () => listening(answering('GET /', '\x1b[31mboo')),
    ],
    noise: [
      'is an unknown server, not an MQTT broker',
      async () => (await started(startBanner(Buffer.from('deadbeef', 'hex')))).at,
    ],
    'half a CONNACK': [
      'is an unknown server, not an MQTT broker',
      () => listening(createServer((socket) => socket.end(Buffer.from('2002', 'hex')).resume())),
    ],
    'a broker that wants TLS': ['requires TLS', async () => (await broker({ tls: await certificate() })).at],
    'a TLS server that just hangs up': [
      'requires TLS',
      async () => hangingUp(await broker({ tls: await certificate() })),
    ],
    'a plain broker where TLS is configured': ['speaks MQTT without TLS', async () => `tls://${(await broker()).at}`],
    'an HTTP server where TLS is configured': [
      'is an HTTP server, not an MQTT broker',
      async () => `tls://${(await started(startHttp())).at}`,
    ],
    'an HTTPS server': ['is an HTTP server, not an MQTT broker', () => https()],
    'an HTTPS server where TLS is configured': [
      'is an HTTP server, not an MQTT broker',
      async () => `tls://${await https()}`,
    ],
    'an SSH server where TLS is configured': [
      'is an SSH server, not an MQTT broker',
      async () => `tls://${(await started(startBanner('SSH-2.0-x\r\n'))).at}`,
    ],
    'noise where TLS is configured': [
      'is an unknown server, not an MQTT broker',
      async () => `tls://${(await started(startBanner('deadbeef'))).at}`,
    ],
    'a TLS server of long ago': [
      'does not support a TLS version',
      async () => {
        const server = createTlsServer({
          ...(await certificate()),
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'ALL:@SECLEVEL=0',
        });
        return `tls://${await listening(server.on('tlsClientError', () => {}))}`;
      },
    ],
  };

  function readingLines(answer: string): Server {
    return createServer((socket) => {
      let line = '';
      socket.on('data', (chunk) => {
        line += chunk.toString('latin1');
        if (line.includes('\n')) socket.end(answer);
      });
    });
  }

  /** Says nothing, or closes, unless the first bytes are these. */
  function answering(question: string | Buffer, answer: string, closes = false): Server {
    return createServer((socket) => {
      socket.once('data', (chunk: Buffer) => {
        const asked = chunk.subarray(0, question.length).equals(Buffer.from(question));
        if (asked) socket.write(Buffer.from(answer, 'latin1'));
        else if (closes) socket.end();
      });
    });
  }

  /** The same server behind TLS. */
  async function inTls(server: Server): Promise<string> {
    const front = createTlsServer(await certificate(), (socket) =>
      server.emit(
        'connection',
        socket.on('error', () => {}),
      ),
    );
    return listening(front.on('tlsClientError', () => {}));
  }

  async function https(): Promise<string> {
    const answer = 'HTTP/1.1 400 Bad Request\r\n\r\n';
    const server = createTlsServer(await certificate(), (socket) => socket.on('error', () => {}).end(answer));
    return listening(server.on('tlsClientError', () => {}));
  }

  /** A TLS server that sends no alert to who speaks plain: it closes, as Go's does. */
  async function hangingUp({ port }: { port: number }): Promise<string> {
    return listening(
      createServer((socket) => {
        socket.once('data', (hello) => {
          if (hello[0] !== 0x16) return socket.end();
          const upstream = connect(port, '127.0.0.1').on('error', () => {});
          upstream.write(hello);
          return socket.pipe(upstream).pipe(socket);
        });
      }),
    );
  }

  test.each(Object.keys(others).flatMap((name) => PHASES.map((phase) => [name, phase] as const)))(
    '%s (%s)',
    async (name, phase) => {
      const [says, start] = others[name] ?? ['', async () => ''];
      const endpoint = await start();
      const result = await run(endpoint, { phase });
      expect(result.ids('fail')).toEqual([PROTOCOL]);
      expect(result.ids('pass')).toEqual([ENDPOINT, REACHABLE]);
      const failure = result.finding(PROTOCOL);
      expect(failure.title).toContain(says);
      expect(failure.title).toContain(endpoint.replace('tls://', ''));
      expect(failure.expected).toBe(`an MQTT broker${endpoint.startsWith('tls:') ? ' behind TLS' : ', without TLS'}`);
      expect(failure.fix).toMatch(/MQTT_BROKER_ENDPOINT|TLS/);
    },
  );
});
