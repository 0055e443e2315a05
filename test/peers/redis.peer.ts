/** A real Redis where another server belongs. It waits for the end of a line that an MQTT client never sends. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { HOST, start } from './process.ts';
import { judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

async function redis(settings: readonly string[] = []): Promise<string> {
  const server = await start('redis', {
    args: ({ ports: [port], directory }) => [
      ...['--port', String(port), '--bind', HOST, '--dir', directory, '--save', ''],
      ...settings,
    ],
  });
  onTestFinished(server.stop);
  return `${HOST}:${server.ports[0]}`;
}

const PROTOCOL = 'mqtt-broker/builtin/protocol';

describe.each(['pre-install', 'post-install'] as const)('as the broker, %s', (phase) => {
  const only = { phase, only: ['mqtt-broker/*'] };

  test.each([
    ['open', []],
    ['with a password', ['--requirepass', 'a-long-password-8Zk2']],
  ] as const)('%s', async (_, settings) => {
    const at = await redis(settings);
    const result = await world.check({ MQTT_BROKER_ENDPOINT: at }, only);
    expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
    expect(result.finding(PROTOCOL).title).toBe(`${at} is a Redis server, not an MQTT broker`);
  });

  test('where TLS is configured', async () => {
    const at = await redis();
    const result = await world.check({ MQTT_BROKER_ENDPOINT: `tls://${at}` }, only);
    expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
    expect(result.finding(PROTOCOL).title).toContain('is a Redis server');
  });
});

test('PostgreSQL as the broker, before installation', async () => {
  const { host } = new URL(world.variables.DATABASE_URL ?? '');
  const result = await world.check({ MQTT_BROKER_ENDPOINT: host });
  expect(judged(result)).toEqual({ fail: [PROTOCOL], warn: [] });
  expect(result.finding(PROTOCOL).title).toBe(`${host} is a PostgreSQL server, not an MQTT broker`);
});

test('as the database: it waits for more', async () => {
  const url = new URL(world.variables.DATABASE_URL ?? '');
  url.host = await redis();
  url.search = '?connect_timeout=2';
  const result = await world.check({ DATABASE_URL: url.href });
  expect(judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
  expect(result.finding('database/connect').title).toMatch(/^connected to .*, but got no response within 2 s$/);
});
