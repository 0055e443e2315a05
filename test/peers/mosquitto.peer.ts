import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCa } from '../services/tls.ts';
import { type BrokerSettings, startMosquitto } from './mosquitto.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const PROTOCOL = 'mqtt-broker/builtin/protocol';
const ANYONE = 'allow_anonymous true';

async function check(options: BrokerSettings, scheme = '') {
  const broker = await startMosquitto(options);
  onTestFinished(broker.stop);
  const result = await world.check({ MQTT_BROKER_ENDPOINT: `${scheme}${broker.endpoint}` });
  return { result, broker };
}

describe('mosquitto passes', () => {
  test.each<[name: string, settings: string[], title: RegExp]>([
    ['that lets anyone in', [ANYONE], /speaks MQTT 3\.1\.1/],
    ['that asks for a user', ['allow_anonymous false'], /speaks MQTT 3\.1\.1/],
  ])('%s', async (_, settings, title) => {
    const { result, broker } = await check({ settings });
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding(PROTOCOL).title).toMatch(title);
    expect(broker.log()).not.toMatch(/Socket error|protocol error/i);
  });

  test.each<[name: string, settings: string[], title: RegExp]>([
    ['over TLS', [ANYONE], /speaks MQTT/],
    ['over TLS 1.2 at least', [ANYONE, 'tls_version tlsv1.2'], /speaks MQTT/],
    ['over TLS 1.3 alone', [ANYONE, 'tls_version tlsv1.3'], /speaks MQTT/],
    ['that wants a client certificate', ['require_certificate true'], /requires a client certificate/],
    [
      'that wants a client certificate by TLS 1.3',
      ['require_certificate true', 'tls_version tlsv1.3'],
      /requires a client certificate/,
    ],
  ])('%s', async (_, settings, title) => {
    const { result } = await check({ authority: await makeCa(), settings }, 'tls://');
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding(PROTOCOL).title).toMatch(title);
  });
});

describe('mosquitto fails', () => {
  test('TLS where none is configured', async () => {
    const { result } = await check({ authority: await makeCa(), settings: [ANYONE] });
    expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
    expect(result.finding(PROTOCOL).title).toContain('requires TLS');
  });

  test('no TLS where it is configured', async () => {
    const { result } = await check({ settings: [ANYONE] }, 'tls://');
    expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
    expect(result.finding(PROTOCOL).title).toContain('without TLS');
  });
});
