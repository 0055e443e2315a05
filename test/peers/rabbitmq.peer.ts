/** RabbitMQ as the broker: started once, since it takes seconds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCa } from '../services/tls.ts';
import { type RabbitMq, startRabbitMq } from './rabbitmq.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

const PROTOCOL = 'mqtt-broker/builtin/protocol';

let world: World;
let broker: RabbitMq;
beforeAll(async () => {
  [world, broker] = await Promise.all([startWorld(), makeCa().then((authority) => startRabbitMq(authority))]);
});
afterAll(() => Promise.all([world?.stop(), broker?.stop()]));

const check = (endpoint: string, phase?: 'post-install') =>
  world.check({ MQTT_BROKER_ENDPOINT: endpoint }, { ...(phase && { phase, only: ['mqtt-broker/*'] }) });

test.each([
  ['plain', () => broker.mqtt],
  ['over TLS', () => `tls://${broker.mqttOverTls}`],
])('%s: healthy', async (_, endpoint) => {
  const result = await check(endpoint());
  expect(judged(result)).toEqual(HEALTHY);
  expect(result.finding(PROTOCOL).title).toMatch(/speaks MQTT 3\.1\.1/);
});

test.each<[name: string, endpoint: () => string, says: string]>([
  ['TLS where none is configured', () => broker.mqttOverTls, 'requires TLS'],
  ['no TLS where it is configured', () => `tls://${broker.mqtt}`, 'without TLS'],
  ['the port of AMQP', () => broker.amqp, 'is an AMQP broker, not an MQTT broker'],
  ['the port of AMQP, where TLS is configured', () => `tls://${broker.amqp}`, 'is an AMQP broker, not an MQTT broker'],
])('%s', async (_, endpoint, says) => {
  const result = await check(endpoint());
  expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
  expect(result.finding(PROTOCOL).title).toContain(says);
});

describe('stopped', () => {
  beforeAll(() => broker.stop());

  test('before installation it is not missed', async () => {
    const result = await check(broker.mqtt);
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding(PROTOCOL).status).toBe('skip');
  });

  test('after installation', async () => {
    const result = await check(broker.mqtt, 'post-install');
    expect(judged(result)).toEqual({ fail: ['mqtt-broker/builtin/reachable'], warn: [] });
    expect(result.finding('mqtt-broker/builtin/reachable').title).toContain('refused the connection');
  });
});
