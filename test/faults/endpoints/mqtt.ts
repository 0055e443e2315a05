/** Faults of the broker that the server brings along. */
import type { TlsOptions } from 'node:tls';
import { startMqttBroker } from '../../services/mqtt.ts';
import { refusedPort, startBanner, startBlackhole, startCloser, startHttp, startSilent } from '../../services/tcp.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { config, elsewhere } from '../arrange.ts';
import { CA, issued, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

const ENDPOINT = 'MQTT_BROKER_ENDPOINT';
/** Spacelift is there; its own name is not what these are about. */
const INSTALLED = { phase: 'post-install', skip: ['network/*'] } as const;

/** TLS in front of the broker. */
const overTls =
  (scheme: '' | 'tls://', options: Promise<TlsOptions>): Arrange =>
  async ({ estate: { broker } }) => {
    const { port, close } = await startTlsFront(broker, await options);
    return { variables: { [ENDPOINT]: `${scheme}localhost:${port}` }, undo: close };
  };

const FORMS: readonly Fault[] = (
  [
    ['MQTT port 1983', 'mqtt.corp.internal:1983', /uses port 1983, which belongs to the HTTP server/],
    ['an MQTT endpoint without a port', 'mqtt.corp.internal', /does not have a port: "mqtt\.corp\.internal"/],
    ['an MQTT endpoint over WebSockets', 'wss://mqtt.corp.internal/mqtt', /starts with wss:\/\//],
    ['an MQTT endpoint with another scheme', 'mqtt://mqtt.corp.internal:1984', /starts with mqtt:\/\//],
    ['an MQTT endpoint with a path', 'tls://mqtt.corp.internal:1984/mqtt', /has a path/],
    ['an MQTT endpoint with a password', 'worker:hunter22@mqtt.corp.internal:1984', /contains a user name or password/],
    ['an MQTT endpoint with quotes', '"mqtt.corp.internal:1984"', /contains the quotes around its value/],
    ['an MQTT endpoint with IPv6 without brackets', 'fd00::7:1984', /IPv6 address without brackets/],
    ['an MQTT port that is none', 'mqtt.corp.internal:70000', /does not have a valid port/],
    ['an MQTT host that is none', 'mqtt,corp.internal:1984', /does not have a valid host/],
  ] as const
).map(([name, value, says]) => ({
  name,
  arrange: config(() => ({ [ENDPOINT]: value })),
  fail: ['mqtt-broker/endpoint'],
  says,
}));

const OTHERS: readonly Fault[] = [
  ...(
    [
      [
        'an HTTP server on the MQTT port',
        () => startHttp(200, 'hello'),
        /^127\.0\.0\.1:\d+ is an HTTP server, not an MQTT broker/,
      ],
      ['an SSH server on the MQTT port', () => startBanner('SSH-2.0-OpenSSH_9.6\r\n'), / is an SSH server, not /],
      ['a Redis server on the MQTT port', () => startBanner('-ERR unknown command\r\n'), / is a Redis server, not /],
      ['an AMQP broker on the MQTT port', () => startBanner('AMQP\x00\x00\x09\x01'), / is an AMQP broker, not /],
      [
        'a mail server on the MQTT port',
        () => startBanner('220 mx.corp.io ESMTP\r\n'),
        / is an SMTP or FTP server, not /,
      ],
    ] as const
  ).map(([name, start, says]) => ({
    name,
    arrange: elsewhere(ENDPOINT, start),
    fail: ['mqtt-broker/builtin/protocol'],
    says,
  })),
  {
    name: 'an MQTT broker with TLS, and an endpoint without',
    arrange: overTls('', issued(['localhost'])),
    fail: ['mqtt-broker/builtin/protocol'],
    says: /^localhost:\d+ requires TLS, but MQTT_BROKER_ENDPOINT does not start with tls:\/\/$/m,
  },
  {
    name: 'an MQTT broker without TLS, and an endpoint with',
    arrange: config(({ MQTT_BROKER_ENDPOINT }) => ({ MQTT_BROKER_ENDPOINT: `tls://${MQTT_BROKER_ENDPOINT}` })),
    fail: ['mqtt-broker/builtin/protocol'],
    says: /^127\.0\.0\.1:\d+ speaks MQTT without TLS$/m,
  },
  ...WRONG_TLS.filter(({ name }) => name.startsWith('TLS')).map(({ name, says, make }) => ({
    name: `an MQTT broker with ${name}`,
    arrange: overTls('tls://', make('localhost')),
    fail: ['mqtt-broker/builtin/protocol'],
    says,
  })),
  { name: 'an MQTT broker behind TLS', arrange: overTls('tls://', issued(['localhost'])) },
  {
    name: 'an MQTT broker that asks for a client certificate',
    arrange: overTls(
      'tls://',
      issued(['localhost']).then((own) => ({ ...own, ca: CA.certPem, requestCert: true, rejectUnauthorized: true })),
    ),
  },
  {
    name: 'an MQTT broker that refuses clients without credentials',
    arrange: elsewhere(ENDPOINT, () => startMqttBroker({ authenticate: () => false })),
  },
];

const REACH: readonly Fault[] = [
  { name: 'no MQTT broker before installation', arrange: elsewhere(ENDPOINT, refusedPort) },
  { name: 'an MQTT port that closes before installation', arrange: elsewhere(ENDPOINT, startCloser) },
  {
    name: 'an MQTT host that does not resolve before installation',
    arrange: config(() => ({ [ENDPOINT]: 'mqtt.does-not-exist.invalid:1984' })),
  },
  {
    name: 'no MQTT broker where the server looks from',
    as: 'server',
    arrange: elsewhere(ENDPOINT, refusedPort),
    options: { ...INSTALLED, skip: ['network/*', 'object-storage/*'] },
  },
  {
    name: 'a private MQTT broker, looked at from outside',
    arrange: elsewhere(ENDPOINT, refusedPort),
    options: { ...INSTALLED, from: 'outside' },
  },
  {
    name: 'no MQTT broker after installation',
    arrange: elsewhere(ENDPOINT, refusedPort),
    options: INSTALLED,
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'no MQTT broker where a worker looks from',
    arrange: elsewhere(ENDPOINT, refusedPort),
    options: { ...INSTALLED, service: 'worker' },
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'an MQTT host that does not resolve after installation',
    arrange: config(() => ({ [ENDPOINT]: 'mqtt.does-not-exist.invalid:1984' })),
    options: INSTALLED,
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^mqtt\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'an MQTT port that closes after installation',
    arrange: elsewhere(ENDPOINT, startCloser),
    options: INSTALLED,
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^127\.0\.0\.1:\d+ closed the connection$/m,
  },
  {
    name: 'an MQTT port that stays silent after installation',
    arrange: elsewhere(ENDPOINT, startSilent),
    options: INSTALLED,
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^connected to 127\.0\.0\.1:\d+, but got no response within 5 s$/m,
  },
  {
    name: 'an MQTT port that stays silent before installation',
    arrange: elsewhere(ENDPOINT, startSilent),
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^connected to 127\.0\.0\.1:\d+, but got no response within 5 s$/m,
  },
  {
    name: 'an MQTT port that swallows packets after installation',
    arrange: elsewhere(ENDPOINT, startBlackhole),
    options: INSTALLED,
    fail: ['mqtt-broker/builtin/reachable'],
    says: /^127\.0\.0\.1:\d+ timed out$/m,
  },
];

export const OF_MQTT: readonly Fault[] = [...FORMS, ...OTHERS, ...REACH];
