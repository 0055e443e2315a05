/** A load balancer that has no server to pass anything to. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startHaproxy } from './haproxy.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

async function balancer(mode: 'tcp' | 'http', servers: readonly string[] = []): Promise<string> {
  const { endpoint, stop } = await startHaproxy(mode, servers);
  onTestFinished(stop);
  return endpoint;
}

const STORE = 'object-storage/deliveries/access';
const storeAt = (endpoint: string) => ({
  OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
  OBJECT_STORAGE_MINIO_USE_SSL: 'false',
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${endpoint}`,
});
const databaseAt = (endpoint: string, query = '') => {
  const url = new URL(world.variables.DATABASE_URL ?? '');
  url.host = endpoint;
  url.search = query;
  return { DATABASE_URL: url.href };
};

describe.each([
  ['without servers', []],
  ['whose only server is down', ['server one 127.0.0.1:1']],
] as const)('HAProxy %s', (_, servers) => {
  test.each(['disable', 'prefer', 'require'])('in front of the database: sslmode=%s', async (mode) => {
    const result = await world.check(databaseAt(await balancer('tcp', servers), `?sslmode=${mode}`));
    expect(judged(result)).toEqual({ fail: ['database/connect'], warn: [] });
    const { title, detail = '', fix = '' } = result.finding('database/connect');
    expect(title).toMatch(/ closed the connection$/);
    expect(`${detail} ${fix}`).toMatch(/load balancer without a healthy backend/);
    expect(`${detail} ${fix}`).not.toMatch(/drops packets|nc -vz/);
  });

  test('in front of the store, by TCP', async () => {
    const result = await world.check(storeAt(await balancer('tcp', servers)));
    expect(judged(result).fail).toEqual([STORE]);
    expect(result.finding(STORE).title).toMatch(/ closed the connection$/);
  });

  test('in front of the store, by HTTP: 503', async () => {
    const result = await world.check(storeAt(await balancer('http', servers)));
    expect(judged(result).fail).toEqual([STORE]);
    expect(result.finding(STORE).title).toContain('HTTP 503');
    expect(result.finding(STORE).fix).toMatch(/load balancer|proxy/);
  });

  test('in front of the broker, by TCP: before installation, it is not there yet', async () => {
    const endpoint = await balancer('tcp', servers);
    expect(judged(await world.check({ MQTT_BROKER_ENDPOINT: endpoint }))).toEqual(HEALTHY);
  });

  test('in front of the broker, by HTTP: no broker can be behind it', async () => {
    const result = await world.check({ MQTT_BROKER_ENDPOINT: await balancer('http', servers) });
    expect(judged(result)).toEqual({ fail: ['mqtt-broker/builtin/protocol'], warn: [] });
    expect(result.finding('mqtt-broker/builtin/protocol').title).toContain('is an HTTP server');
  });
});
