import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startLink } from '../../../bench/link.ts';
import { startWire } from '../../services/postgres-wire.ts';
import {
  refusedPort,
  startBanner,
  startBlackhole,
  startCloser,
  startHttp,
  startProxy,
  startSilent,
} from '../../services/tcp.ts';
import type { Options } from '../../support/preflight.ts';
import { check, expectOne, postgres, spacelift, started, urlOf } from './support.ts';

describe('the network', () => {
  test('refused', async () => {
    expect(expectOne(await check(urlOf(await refusedPort()))).title).toMatch(/refused the connection$/);
  });

  test('a name that does not resolve', async () => {
    const { title } = expectOne(await check(urlOf({ host: 'no-such-host.invalid', port: 5432 })));
    expect(title).toContain('no-such-host.invalid');
  });

  test.for(['', 'sslmode=disable', 'sslmode=require'])('a port that swallows packets: %s', async (sslmode) => {
    const hole = await started(startBlackhole());
    // The attempts with TLS and without share the time: together they end before one that has half as much again.
    const given = async (seconds: number, mode: string) =>
      expectOne(await check(urlOf(hole, `?connect_timeout=${seconds}&${mode}`))).title;
    const longer = given(3, 'sslmode=disable').then(() => 'the longer one');
    expect(await Promise.race([given(2, sslmode), longer])).toMatch(/timed out$/);
    await longer;
  });

  test('a server that accepts and never answers is not blamed on a firewall', async () => {
    const silent = await started(startSilent());
    const { title, text } = expectOne(await check(urlOf(silent, '?connect_timeout=1')));
    expect(title).toMatch(/^connected to .* but got no response within 1 s$/);
    expect(text).not.toMatch(/drops packets|nc -vz/);
  });

  test.for(['disable', 'prefer'])(
    'a server that begins the login and then falls silent: sslmode=%s',
    async (sslmode) => {
      const server = await started(startWire({ silent: () => true, authentication: 3 }));
      const { title, text } = expectOne(await check(urlOf(server, `?connect_timeout=1&sslmode=${sslmode}`)));
      expect(title).toMatch(/ began the login, then was silent for 1 s, like a pooler without a server$/);
      expect(text).toMatch(/query_wait_timeout.*server_login_retry/);
    },
  );

  test('a silent pooler that tells the next session why', async () => {
    const refuse = {
      code: '08P01',
      routine: '',
      message: 'server login has been failing, try again later (server_login_retry)',
    };
    const server = await started(startWire({ silent: (login) => login === 1, authentication: 3, refuse }));
    const { title } = expectOne(await check(urlOf(server)));
    expect(title).toMatch(/^the pooler at .* can’t log in to its server to look up user "spacelift"$/);
    expect(server.logins).toHaveLength(2);
  });

  test('a session that falls silent, and the next one that does not: it is waited for', async () => {
    const server = await started(startWire({ silent: (login) => login === 1, authentication: 3, password: true }));
    const { title } = expectOne(await check(urlOf(server, '?connect_timeout=5')));
    expect(title).toContain('was silent for 5 s');
  });

  test('a query without an answer is told with its deadline', async () => {
    const server = await started(startWire({ answer: () => 'silence' }));
    const result = await check(urlOf(server), {}, { timeoutMs: 60_000 });
    expect(result.finding('database/connect')).toMatchObject({
      status: 'fail',
      title: 'the database did not answer a query within 20 s',
      fix: expect.stringContaining('SHOW POOLS'),
    });
  });

  test.for(['disable', 'prefer', 'require'])('accepted and closed without a byte, sslmode=%s', async (sslmode) => {
    const closer = await started(startCloser());
    expect(expectOne(await check(urlOf(closer, `?sslmode=${sslmode}`))).title).toMatch(/closed the connection$/);
  });

  test.for(['disable', 'prefer', 'require'])('another protocol, sslmode=%s', async (sslmode) => {
    const http = await started(startHttp(200, 'hello'));
    expect(expectOne(await check(urlOf(http, `?sslmode=${sslmode}`))).title).toMatch(
      /does not look like PostgreSQL: it speaks HTTP$/,
    );
    const ssh = await started(startBanner('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(expectOne(await check(urlOf(ssh, `?sslmode=${sslmode}`))).title).toMatch(
      /does not look like PostgreSQL: it speaks SSH$/,
    );
    const mysql = await started(startBanner(Buffer.from('N\0\0\0\n8.0.36\0\x08\0\0\0', 'latin1')));
    expect(expectOne(await check(urlOf(mysql, `?sslmode=${sslmode}`))).title).toMatch(/it speaks MySQL$/);
    const noise = await started(startBanner(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])));
    expect(expectOne(await check(urlOf(noise, `?sslmode=${sslmode}`))).title).toMatch(/does not look like PostgreSQL$/);
  });

  test('what passes for PostgreSQL at first does not end the process', async () => {
    const broken = await started(startBanner(Buffer.from('E\0\0\0\x20SFATAL\0', 'latin1')));
    expectOne(await check(urlOf(broken, '?sslmode=disable&connect_timeout=1')));
    const garbage = Buffer.concat([Buffer.from('R\0\0\0\x08\0\0\0\0R\0\0\0\x08\0\0\0\x63', 'latin1')]);
    const odd = await started(startBanner(garbage));
    expectOne(await check(urlOf(odd, '?sslmode=disable&connect_timeout=1')));
  });

  test('several hosts: the first that answers is taken, and failures name them all', async () => {
    const server = await postgres();
    const url = await spacelift(server);
    const [closed, closer] = await Promise.all([refusedPort(), started(startCloser())]);
    const hosts = `127.0.0.1:${closed.port},127.0.0.1:${server.port}`;
    const found = await check(url.replace(/127\.0\.0\.1:\d+/, hosts));
    expect(found.troubles).toEqual([]);
    expect(found.finding('database/connect').evidence).toMatchObject({ port: server.port });

    const dead = await check(url.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${closed.port},127.0.0.1:${closer.port}`));
    const { title } = expectOne(dead);
    expect(title).toContain(`127.0.0.1:${closer.port}`);
    expect(dead.finding('database/connect').evidence.attempts).toEqual([
      `127.0.0.1:${closed.port} with TLS: refused`,
      `127.0.0.1:${closed.port} without TLS: refused`,
      `127.0.0.1:${closer.port} with TLS: closed`,
      `127.0.0.1:${closer.port} without TLS: closed`,
    ]);
  });

  test('from outside, a private address that can’t be reached is a skip', async () => {
    const closed = await refusedPort();
    const result = await check(urlOf(closed), {}, { from: 'outside' });
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding('database/connect')).toMatchObject({
      status: 'skip',
      fix: expect.stringContaining('inside'),
    });
    expect(result.finding('message-queues/postgres').status).toBe('skip');
  });
});

describe('Unix sockets', () => {
  /** The URL is in the job's own environment: its paths are this machine's. */
  const OWN = { trust: 'process' } as const;
  const at = (host: string, port: number) =>
    `postgres://spacelift@/spacelift?host=${encodeURIComponent(host)}&port=${port}`;

  test('a server behind one', async () => {
    const server = await postgres({ hba: ['local all all trust'] });
    await spacelift(server);
    const result = await check(at(server.socketDirectory, server.port), {}, OWN);
    expect(result.troubles).toEqual([]);
    expect(result.finding('database/connect')).toMatchObject({
      status: 'pass',
      title: `PostgreSQL ${result.finding('database/version').evidence.version} at the socket ${server.socketDirectory}/.s.PGSQL.${server.port}`,
    });
  });

  test('a directory that only Spacelift’s container has, and one without a socket', async () => {
    const away = await check(at('/cloudsql/project:region:instance', 5432), {}, OWN);
    expect(away.ids('fail')).toEqual([]);
    expect(away.finding('database/connect').status).toBe('skip');

    const directory = await mkdtemp(`${tmpdir()}/preflight-socket-`);
    onTestFinished(() => rm(directory, { recursive: true }));
    const empty = await check(at(directory, 5432), {}, OWN);
    expect(empty.troubles).toEqual(['fail database/connect']);
    expect(empty.finding('database/connect').title).toContain(`${directory}/.s.PGSQL.5432`);
  });
});

describe('a connection that breaks later', () => {
  const through = async (options: Options = {}) => {
    const server = await postgres();
    const url = await spacelift(server);
    const proxy = await started(startProxy({ target: server }));
    return { server, proxy, run: () => check(url.replace(`:${server.port}/`, `:${proxy.port}/`), {}, options) };
  };

  test('a reset at any byte of it is one failure or none, and never a crash', async () => {
    const { proxy, run } = await through();
    await run();
    const total = proxy.bytes.up + proxy.bytes.down;
    for (let limit = 1; limit < total; limit += Math.ceil(total / 40)) {
      proxy.faults.resetAfterBytes = limit;
      const result = await run();
      expect(result.ids('fail')).toHaveLength(1);
      expect(result.ids('fail')[0]).toMatch(/^(database|message-queues)\//);
      expect(result.text).not.toContain('unexpected error');
    }
  });

  test('takes no more round trips than it must', { retry: 2 }, async () => {
    const server = await postgres();
    const url = await spacelift(server);
    const link = await started(startLink(server));
    link.roundTripMs = 100;
    expect((await check(url.replace(`:${server.port}/`, `:${link.port}/`))).troubles).toEqual([]);
    // The connection; TLS asked for in vain; the login takes three; the questions one, and both trials one together.
    expect(link.chain).toBe(7);
  });

  test('a server that does without TLS is logged in to on the same connection', async () => {
    const { proxy, run } = await through();
    expect((await run()).troubles).toEqual([]);
    expect(proxy.connections()).toBe(1);
  });

  test('unless it hangs up after having said so: then on another one, as pgx does', async () => {
    const server = await postgres();
    const url = await spacelift(server);
    let connections = 0;
    const front = createServer((socket) => {
      connections++;
      if (connections === 1) socket.once('data', () => socket.end('N'));
      else socket.pipe(connect(server.port, server.host).on('error', () => {})).pipe(socket);
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    onTestFinished(() => void front.close());
    const { port } = front.address() as AddressInfo;
    expect((await check(url.replace(`:${server.port}/`, `:${port}/`))).troubles).toEqual([]);
    expect(connections).toBe(2);
  });

  test('the run’s own end', async () => {
    const { proxy, run } = await through({ timeoutMs: 300 });
    proxy.faults.swallow = true;
    const result = await run();
    expect(result.ids('fail')).toEqual(['database/connect']);
    expect(result.finding('database/connect').title).toMatch(/did not finish within 0\.3 s/);
  });

  test('the server ends the session between two questions', async () => {
    const answers = (code: string) => (sql: string) =>
      sql.includes('AS version') && !sql.includes('json')
        ? { row: { version: 'PostgreSQL 16.4 on x86_64' } }
        : { error: code };
    const server = await started(startWire({ answer: answers('57P01') }));
    const result = await check(urlOf(server));
    expect(result.ids('fail')).toEqual(['database/version']);
    expect(result.finding('database/version').title).toMatch(/ended the session \(SQLSTATE 57P01\)/);
  });

  test.each([
    ['', `ALTER ROLE spacelift IN DATABASE spacelift SET statement_timeout = '120s';`],
    ['?statement_timeout=1', 'remove statement_timeout from DATABASE_URL'],
  ])('a statement timeout that is so short that no question is answered, with the query "%s"', async (query, fix) => {
    const server = await started(startWire({ answer: () => ({ error: '57014' }) }));
    const result = await check(urlOf(server, query));
    expect(result.ids('fail')).toEqual(['database/product']);
    expect(result.finding('database/product')).toMatchObject({
      title: 'the database canceled a catalog query (SQLSTATE 57014)',
      fix,
    });
  });
});
