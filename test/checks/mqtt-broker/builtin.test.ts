import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { mqttBroker } from '../../../checks/mqtt-broker/index.ts';
import { refusedPort, startBlackhole, startCloser, startProxy, startSilent } from '../../services/tcp.ts';
import { preflight, source } from '../../support/preflight.ts';
import {
  authorityOfTests,
  BUILTIN,
  broker,
  certificate,
  ENDPOINT,
  listening,
  PHASES,
  PROTOCOL,
  REACHABLE,
  RULES,
  run,
  started,
} from './support.ts';

describe('a broker that is there passes in either phase', () => {
  test.each(PHASES)('%s, in plain', async (phase) => {
    const { at, published, clients } = await broker();
    const result = await run(at, { phase, readOnly: true });
    expect(result.ids('pass')).toEqual(RULES);
    expect(result.findings).toHaveLength(3);
    expect(result.finding(ENDPOINT).title).toBe(`built-in broker at ${at}`);
    expect(result.finding(PROTOCOL)).toMatchObject({
      title: `${at} speaks MQTT 3.1.1`,
      evidence: { version: '3.1.1', returnCode: 0 },
    });
    expect(published).toEqual([]);
    await expect.poll(clients).toBe(0);
  });

  test('that refuses strangers', async () => {
    const { at } = await broker({ authenticate: () => false });
    const result = await run(at);
    expect(result.ids('pass')).toEqual(RULES);
    expect(result.finding(PROTOCOL).evidence).toMatchObject({ returnCode: 5 });
  });

  test('behind TLS, whoever vouches for it', async () => {
    const { at } = await broker({ tls: await certificate() });
    const result = await run(`tls://${at}`);
    expect(result.ids('pass')).toEqual(RULES);
    expect(result.finding(ENDPOINT)).toMatchObject({
      title: `built-in broker at ${at} over TLS`,
      evidence: { tls: true },
    });
  });

  test('that asks for a client certificate', async () => {
    const { at } = await broker({ tls: { ...(await certificate()), ca: (await authorityOfTests()).certPem } });
    const result = await run(`tls://${at}`);
    expect(result.ids('pass')).toEqual(RULES);
    expect(result.finding(PROTOCOL).evidence).toEqual({ clientCertificate: true });
    const older = createTlsServer({
      ...(await certificate()),
      ca: (await authorityOfTests()).certPem,
      requestCert: true,
      maxVersion: 'TLSv1.2',
    });
    const again = await run(`tls://${await listening(older.on('tlsClientError', () => {}))}`);
    expect(again.finding(PROTOCOL)).toMatchObject({ status: 'pass', evidence: { clientCertificate: true } });
  });

  test('that speaks MQTT 5 alone: it refuses 3.1.1 with a code, or hangs up', async () => {
    const five = (refusal: string) =>
      createServer((socket) => {
        socket.once('data', (hello) => socket.end(Buffer.from(hello[8] === 5 ? '2003000000' : refusal, 'hex')));
      });
    const polite = await run(await listening(five('2003008400')));
    expect(polite.finding(PROTOCOL)).toMatchObject({ status: 'pass', evidence: { version: '5', returnCode: 0x84 } });
    const rude = await run(await listening(five('')));
    expect(rude.finding(PROTOCOL)).toMatchObject({ status: 'pass', evidence: { version: '5', returnCode: 0 } });
  });

  test('whose answer arrives byte by byte', async () => {
    const target = await broker();
    const { at } = await started(startProxy({ target, throttleBytesPerSecond: 100 }));
    expect((await run(at)).ids('pass')).toEqual(RULES);
  });

  test('by name', async () => {
    const { port } = await broker();
    expect((await run(`localhost:${port}`)).ids('pass')).toEqual(RULES);
  });
});

describe.concurrent('a broker that is not there', () => {
  const absences: Record<
    string,
    [observed: string, start: () => Promise<{ host: string; port: number; close(): Promise<void> }>]
  > = {
    'refuses connections': ['refused', refusedPort],
    'closes without a byte': ['closed', startCloser],
    'swallows packets': ['timeout', startBlackhole],
  };
  const cases = Object.keys(absences).flatMap((name) => ['', 'tls://'].map((scheme) => [name, scheme] as const));

  test.each(cases)('%s (%s): a skip before installation, a failure after', async (name, scheme) => {
    const [observed, start] = absences[name] ?? ['', refusedPort];
    const server = await start();
    const at = `${server.host}:${server.port}`;
    const [before, after] = await Promise.all(PHASES.map((phase) => run(`${scheme}${at}`, { phase })));
    await server.close();
    expect(before?.ids('fail')).toEqual([]);
    expect(before?.ids('skip')).toEqual([REACHABLE, PROTOCOL]);
    expect(before?.finding(REACHABLE)).toMatchObject({
      title: `no broker responds at ${at} yet: it starts with Spacelift`,
      evidence: { observed },
    });
    expect(after?.ids('fail')).toEqual([REACHABLE]);
    expect(after?.finding(REACHABLE)).toMatchObject({
      title: expect.stringContaining(at),
      fix: expect.any(String),
      evidence: { observed },
    });
    expect(after?.finding(PROTOCOL)).toMatchObject({ status: 'skip', dependsOn: REACHABLE });
  });

  test.each(['', 'tls://'])(
    'a port that accepts and stays silent is no broker, in either phase: %s',
    async (scheme) => {
      const { at } = await started(startSilent());
      const results = await Promise.all(PHASES.map((phase) => run(`${scheme}${at}`, { phase })));
      for (const result of results) {
        expect(result.ids('fail')).toEqual([REACHABLE]);
        expect(result.finding(REACHABLE)).toMatchObject({
          title: expect.stringMatching(/^connected to .*, but got no response within \d s$/),
          expected: expect.stringMatching(/^a CONNACK within \d s/),
          evidence: { observed: 'timeout', connected: true },
        });
      }
    },
  );

  test('does not resolve', async () => {
    const [before, after] = await Promise.all(PHASES.map((phase) => run('broker.invalid:1984', { phase })));
    expect(before?.ids('skip')).toEqual([REACHABLE, PROTOCOL]);
    expect(after?.ids('fail')).toEqual([REACHABLE]);
    expect(after?.finding(REACHABLE).title).toBe('broker.invalid does not resolve');
  });

  test('at an IPv6 address, which is none of a name’s', async () => {
    const { port } = await refusedPort();
    const result = await run(`[::1]:${port}`);
    expect(result.finding(REACHABLE)).toMatchObject({ status: 'skip', evidence: { host: '[::1]', port } });
    expect(result.finding(REACHABLE).evidence.observed).toMatch(/^(refused|unreachable)$/);
  });

  test('is the same when its protocol alone is judged', async () => {
    const { port } = await refusedPort();
    const [before, after] = await Promise.all(
      PHASES.map((phase) => run(`127.0.0.1:${port}`, { phase, only: [PROTOCOL] })),
    );
    expect(before?.ids('fail')).toEqual([]);
    expect(after?.ids('fail')).toEqual([PROTOCOL]);
  });

  test('and could not be seen from outside', async () => {
    const { port } = await refusedPort();
    const result = await run(`127.0.0.1:${port}`, { phase: 'post-install', from: 'outside' });
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding(REACHABLE).title).toBe('127.0.0.1 can’t be reached from here');
  });

  test.each(['server', 'drain'] as const)(
    'and the %s, which never connects to it, does not miss it',
    async (service) => {
      const { port } = await refusedPort();
      const result = await run(`127.0.0.1:${port}`, { phase: 'post-install', service });
      expect(result.ids('fail')).toEqual([]);
      expect(result.finding(REACHABLE)).toMatchObject({
        status: 'skip',
        fix: expect.stringContaining('--service worker'),
      });
    },
  );
});

describe('what applies', () => {
  test('a malformed endpoint is one failure', async () => {
    const result = await run('mqtt.internal');
    expect(result.ids('fail')).toEqual([ENDPOINT]);
    expect(result.ids('skip')).toEqual([REACHABLE, PROTOCOL]);
    const alone = await run('mqtt.internal', { only: [REACHABLE] });
    expect(alone.ids('fail')).toEqual([REACHABLE]);
  });

  test('IoT Core without SQS, or another kind, is judged elsewhere', async () => {
    const unpaired = await run('a1b2c3-ats.iot.eu-west-1.amazonaws.com', {}, { MESSAGE_QUEUE_TYPE: 'postgres' });
    expect(unpaired.findings.map(({ id }) => id)).toEqual([ENDPOINT]);
    expect(unpaired.finding(ENDPOINT).title).toContain('IoT Core needs SQS');
    const wrong = await run('mqtt.internal:1984', {}, { MQTT_BROKER_TYPE: 'mosquitto' });
    expect(wrong.findings.map(({ id }) => id)).toEqual([ENDPOINT]);
  });

  test('the scheduler uses no broker', async () => {
    expect((await run('127.0.0.1:1984', { service: 'scheduler' })).findings).toEqual([]);
  });

  test('a worker knows the kind by the endpoint alone', async () => {
    const worker = (endpoint: string) => run(endpoint, { service: 'worker' }, {});
    const { at } = await broker();
    expect((await worker(at)).ids('pass')).toEqual(RULES);
    const iotCore = await worker('mqtt.spacelift.invalid');
    expect(iotCore.findings.map(({ id }) => id)).toEqual([ENDPOINT, 'mqtt-broker/iotcore/publish']);
  });

  test('an endpoint that is not known here is not tried', async () => {
    const known = source(BUILTIN);
    const secret = {
      name: 'MQTT_BROKER_ENDPOINT',
      kind: 'secret',
      value: 'arn:…',
      service: 'all',
      origin: 'task.json',
    } as const;
    const result = await preflight([mqttBroker], [{ ...known, entries: [...known.entries, secret] }]);
    expect(result.ids('skip')).toEqual(RULES);
  });
});
